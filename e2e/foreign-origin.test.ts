import { test as base, connectIn, expect, seen } from "./testing/browser.ts";
import { recordRequests } from "./testing/requests.ts";
import { startSite } from "./testing/site.ts";

const test = base.extend<{ site: string }>({
  site: async ({ pagesDirectory }, use) => {
    const site = await startSite(pagesDirectory);
    await use(site.url);
    await site.close();
  },
});

const portOf = (url: string) => Number(new URL(url).port);

test("a page of a foreign origin is refused; it says so and asks again ever more slowly", async ({
  server,
  site,
  openPage,
}) => {
  const page = await openPage(`${site}/blank.html`);
  await page.clock.install();
  // The longest waits that the jitter allows.
  await page.evaluate(() => {
    Math.random = () => 0.999;
  });
  const { requests, stop } = recordRequests(portOf(server.url));
  const client = await connectIn(page, `${server.url}/encke`);
  const attempts = () =>
    client.evaluate(
      ({ client }) =>
        (client.report() as { attempts: { code?: number; duration?: number; heardAfter?: number }[] }).attempts,
    );
  // A minute, second by second; what the network does in each is waited for.
  for (let second = 0; second < 60; second++) {
    await expect.poll(async () => (await attempts()).every(({ duration }) => duration !== undefined)).toBe(true);
    await page.clock.runFor(1_000);
  }
  stop();

  expect(await client.evaluate(({ client }) => client.state)).toBe("connecting");
  const made = await attempts();
  expect(made.length).toBeGreaterThan(3);
  expect(made.length).toBeLessThan(25);
  expect(made.filter(({ heardAfter }) => heardAfter !== undefined)).toEqual([]);
  expect(requests.length).toBeLessThan(25);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^encke_sessions 0$/m);
});

test("the server's own page is not disturbed by a foreign one that tries", async ({
  server,
  site,
  openPage,
  openClient,
}) => {
  const { client } = await openClient(server.url);
  await client.evaluate((it) => it.listen("/topic/a"));
  const { requests, stop } = recordRequests(portOf(server.url));
  await connectIn(await openPage(`${site}/blank.html`), `${server.url}/encke`);
  await expect.poll(() => requests.length).toBeGreaterThan(1);
  stop();
  await client.evaluate((it) => it.client.publish("/topic/a", "undisturbed"));
  expect(await client.evaluate((it) => it.inbox("/topic/a").count(1))).toEqual(["undisturbed"]);
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
});

test("a listed origin works across origins, on every transport, and never asks for a preflight", async ({
  startServer,
  site,
  openPage,
}) => {
  const server = await startServer({ origins: [site] });
  const { requests, stop } = recordRequests(portOf(server.url));
  for (const transports of [["webSocket"], ["xhrPoll"], undefined] as const) {
    const page = await openPage(`${site}/blank.html`);
    const client = await connectIn(page, `${server.url}/encke`, transports ? { transports } : {});
    const texts = await client.evaluate(async (it) => {
      await it.listen("/topic/a");
      it.client.publish("/topic/a", "text");
      it.client.publish("/topic/a", new TextEncoder().encode("octets"));
      await it.inbox("/topic/a").count(2);
      await it.client.close();
      return it.inbox("/topic/a").texts;
    });
    expect(texts).toEqual(["text", "octets"]);
    expect(await seen(client)).toMatchObject({ states: ["connecting", "connected", "closed"], errors: [] });
  }
  stop();
  expect(requests.filter((request) => !request.startsWith("POST "))).toEqual([]);
  expect(requests.filter((request) => request.includes("/poll?")).length).toBeGreaterThan(0);
});
