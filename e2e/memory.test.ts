import { connectIn, expect, type Page, test } from "./testing/browser.ts";

/** The transports that were tried, in order. */
const tried = (page: Page) =>
  page.evaluate(() => {
    const { it } = globalThis as unknown as { it: { client: { report(): object } } };
    return (it.client.report() as { attempts: { transport: string }[] }).attempts.map(({ transport }) => transport);
  });

async function enter(page: Page, url: string) {
  await page.goto(`${url}/blank.html`);
  const client = await connectIn(page, "/encke");
  await client.evaluate((it) => Object.assign(globalThis, { it }));
  return client;
}

test("what a page has learned about the network, the next page knows, and tries in time whether it still holds", async ({
  server,
  startMiddlebox,
  context,
}) => {
  const box = await startMiddlebox({ target: server.url, webSocket: "black-hole" });
  const page = await context.newPage();
  await page.clock.install();
  const client = await enter(page, box.url);
  await client.evaluate((it) => it.carriedBy("xhr-poll"));
  // So long a WebSocket is given that nobody answers.
  await page.clock.runFor(10_000);
  await client.evaluate((it) => it.carriedBy("fetch-stream"));
  expect((await tried(page)).slice(0, 3)).toEqual(["xhr-poll", "websocket", "fetch-stream"]);

  // Nobody waits for it again.
  const next = await enter(page, box.url);
  await next.evaluate((it) => it.carriedBy("fetch-stream"));
  expect(await tried(page)).toEqual(["xhr-poll", "fetch-stream"]);

  // A day later it is not believed any longer.
  box.webSocket = "pass";
  await page.goto("about:blank");
  await page.clock.fastForward(24 * 3_600_000);
  const last = await enter(page, box.url);
  await last.evaluate((it) => it.carriedBy("websocket"));
  expect((await tried(page)).slice(0, 2)).toEqual(["xhr-poll", "websocket"]);
});

test("what was stored there by somebody else, or cannot be stored, disturbs nothing", async ({ server, context }) => {
  const page = await context.newPage();
  await page.addInitScript(() => {
    localStorage.setItem(`encke ${location.origin}/encke`, "{nonsense");
  });
  await (await enter(page, server.url)).evaluate((it) => it.carriedBy("websocket"));
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get() {
        throw new DOMException("Not in a sandbox", "SecurityError");
      },
    });
  });
  await (await enter(page, server.url)).evaluate((it) => it.carriedBy("websocket"));
});
