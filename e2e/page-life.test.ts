import { expect, type Server, seen, test } from "./testing/browser.ts";
import { listenedTo } from "./testing/listened-to.ts";

const expectSessions = (server: Server, count: number) =>
  expect
    .poll(async () => /^encke_sessions (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1])
    .toBe(String(count));

for (const transport of ["webSocket", "xhrPoll"] as const) {
  test(`the server forgets the session of a page that goes elsewhere, long before its window is over (${transport})`, async ({
    server,
    openClient,
  }) => {
    const { page, client } = await openClient(server.url, { transports: [transport] });
    await client.evaluate((it) => it.listen("/topic/a"));
    await expectSessions(server, 1);
    await page.goto("about:blank");
    await expectSessions(server, 0);
  });
}

test("what a page publishes as it leaves arrives", async ({ server, openPage, openClient }) => {
  const listener = await openClient(server.url);
  await listener.client.evaluate((it) => it.listen("/topic/a"));
  for (const transport of ["webSocket", "xhrPoll"] as const) {
    const page = await openPage(`${server.url}/blank.html`);
    await page.evaluate(async (transport) => {
      addEventListener("pagehide", () => client.publish("/topic/a", `goodbye from ${transport}`));
      const client = Encke.connect("/encke", { transports: [Encke[transport]] });
      await client.connected;
      addEventListener("pagehide", () => client.publish("/topic/a", `and again from ${transport}`));
    }, transport);
    await page.goto("about:blank");
  }
  expect(await listener.client.evaluate((it) => it.inbox("/topic/a").count(4))).toEqual([
    "goodbye from webSocket",
    "and again from webSocket",
    "goodbye from xhrPoll",
    "and again from xhrPoll",
  ]);
});

test("nothing listens for `unload` or `beforeunload`, and a closed client listens for nothing", async ({
  server,
  openClient,
}) => {
  const { page, client } = await openClient(server.url);
  await client.evaluate((it) => it.listen("/topic/a"));
  const types = await listenedTo(page);
  expect(types).toContain("pagehide");
  expect(types.filter((type) => type.includes("unload"))).toEqual([]);
  await client.evaluate(({ client }) => client.close());
  expect(await listenedTo(page)).toEqual([]);
});

test("a page that wakes behind a connection which died in silence finds out, and goes on", async ({
  server,
  startMiddlebox,
  openClient,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const { client } = await openClient(box.url);
  await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    await it.carriedBy("websocket");
    await it.settle();
  });
  // Nothing passes and nobody is told, as after a sleep.
  box.stall = true;
  await client.evaluate(async (it) => {
    dispatchEvent(new Event("online"));
    it.client.publish("/topic/a", "awake");
    await it.carriedBy(null);
  });
  box.stall = false;
  await client.evaluate(async (it) => {
    await it.inbox("/topic/a").count(1);
    await it.settle();
  });
  expect(await client.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(["awake"]);
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
});
