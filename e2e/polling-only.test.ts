import { expect, seen, test } from "./testing/browser.ts";

for (const fault of ["refuse", "black-hole"] as const) {
  test(`where WebSocket is met with "${fault}" and streams are held back, the first answer carries the first message, and long-poll stays`, async ({
    server,
    startMiddlebox,
    openPage,
  }) => {
    const box = await startMiddlebox({ target: server.url, webSocket: fault, hold: {} });
    const page = await openPage(`${box.url}/blank.html`);
    const result = await page.evaluate(async () => {
      const it = probe.watch(Encke.connect("/encke"));
      const requests = new Promise<string[]>((resolve) => {
        it.client.subscribe("/topic/a", () => {
          const all = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
          resolve(all.filter((path) => path.startsWith("/encke/")).map((path) => path.split("/").pop()!));
        });
      });
      it.client.subscribe("/topic/a", it.inbox("/topic/a").take);
      it.client.publish("/topic/a", "0");
      const toFirstMessage = await requests;
      // On through a good many polls.
      for (let number = 1; number <= 50; number++) {
        it.client.publish("/topic/a", String(number));
        await it.inbox("/topic/a").count(number + 1);
      }
      return { toFirstMessage, ...it.seen };
    });
    // A WebSocket that failed meanwhile may be listed; no second poll was needed.
    expect(result.toFirstMessage.filter((kind) => kind !== "websocket" && kind !== "stream")).toEqual(["poll"]);
    expect(result).toMatchObject({
      transports: ["xhr-poll"],
      states: ["connecting", "connected"],
      gaps: [],
      errors: [],
    });
  });
}

test("a WebSocket that dies in use is followed by long-poll, then by a stream, and the state stays", async ({
  server,
  startMiddlebox,
  openClient,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const { client } = await openClient(box.url);
  await client.evaluate(async (it) => {
    await it.carriedBy("websocket");
    await it.listen("/topic/a");
  });
  box.webSocket = "refuse";
  box.cutWebSockets();
  await client.evaluate(async (it) => {
    await it.carriedBy("xhr-poll");
    it.client.publish("/topic/a", "still here");
    await it.inbox("/topic/a").count(1);
    await it.carriedBy("fetch-stream");
  });
  expect(await seen(client)).toMatchObject({
    states: ["connecting", "connected"],
    transports: ["xhr-poll", "websocket", null, "xhr-poll", "fetch-stream"],
    gaps: [],
    errors: [],
  });
});

test("the report says of each attempt what it was and how it ended", async ({ server, startMiddlebox, openClient }) => {
  const box = await startMiddlebox({ target: server.url, webSocket: "refuse" });
  const { client } = await openClient(box.url, { transports: ["webSocket", "xhrPoll"] });
  await client.evaluate((it) => it.listen("/topic/a"));
  const refused = () =>
    client.evaluate(({ client }) => {
      const { attempts } = client.report() as { attempts: { transport: string; code?: number; heardAfter?: number }[] };
      return attempts.filter(({ transport, code }) => transport === "websocket" && code !== undefined);
    });
  await expect.poll(async () => (await refused()).length).toBeGreaterThan(0);
  const [attempt] = await refused();
  expect(attempt).toMatchObject({ requests: 1, code: 1006 });
  expect(attempt?.heardAfter).toBeUndefined();
  const text = await client.evaluate(({ client }) => JSON.stringify(client.report()));
  expect(JSON.parse(text)).toMatchObject({ state: "connected", transport: "xhr-poll" });
});
