import { connectIn, expect, numbers, type Page, type Server, seen, test } from "./testing/browser.ts";
import { listenedTo } from "./testing/listened-to.ts";

const expectSessions = (server: Server, count: number) =>
  expect
    .poll(async () => /^encke_sessions (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1])
    .toBe(String(count));

const transports = ["webSocket", "fetchStream", "eventSource", "iframeStream", "xhrPoll"] as const;

for (const transport of transports) {
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
  for (const transport of transports) {
    const page = await openPage(`${server.url}/blank.html`);
    await page.evaluate(async (transport) => {
      addEventListener("pagehide", () => client.publish("/topic/a", `goodbye from ${transport}`));
      const client = Encke.connect("/encke", { transports: [Encke[transport]] });
      await client.connected;
      addEventListener("pagehide", () => client.publish("/topic/a", `and again from ${transport}`));
    }, transport);
    await page.goto("about:blank");
  }
  const texts = await listener.client.evaluate((it, count) => it.inbox("/topic/a").count(count), 2 * transports.length);
  // Each page's in order; a page does not wait for the one before.
  for (const transport of transports) {
    expect(texts.filter((text) => text.endsWith(` ${transport}`))).toEqual([
      `goodbye from ${transport}`,
      `and again from ${transport}`,
    ]);
  }
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

/** Counts how often the page asks whether its connection is alive: by a ping, or by a poll that is answered at once. */
function countProbes(page: Page): { count: number } {
  const probes = { count: 0 };
  const isPing = (records: string | null) => /(^|[^a-z])p\d+:/.test(records ?? "");
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      if (typeof payload === "string" && /^(a\d+:)?p\d+:/.test(payload)) probes.count++;
    });
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.searchParams.get("h") === "0") probes.count++;
    if (url.pathname.endsWith("/send") && url.searchParams.has("k") && isPing(request.postData())) probes.count++;
  });
  return probes;
}

/** What a page wakes from. */
const wakings: Record<string, (page: Page) => Promise<unknown>> = {
  "a hidden tab": (page) =>
    page.evaluate(() => {
      for (const hidden of [true, false]) {
        Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }
    }),
  // Headless Chromium freezes no page that is seen.
  "a freeze": (page) =>
    page.evaluate(() => {
      for (const type of ["freeze", "resume"]) document.dispatchEvent(new Event(type));
    }),
  "an hour's sleep": (page) =>
    page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 3_600_000;
      document.dispatchEvent(new Event("resume"));
    }),
  "a guess that it is offline": (page) => page.evaluate(() => dispatchEvent(new Event("offline"))),
  "a network that comes back, thrice in one turn": (page) =>
    page.evaluate(() => {
      for (let i = 0; i < 3; i++) dispatchEvent(new Event("online"));
    }),
};

for (const transport of transports) {
  test(`a page that wakes looks once whether its connection is alive, and goes on (${transport})`, async ({
    server,
    openPage,
  }) => {
    const page = await openPage(`${server.url}/blank.html`);
    const probes = countProbes(page);
    const client = await connectIn(page, "/encke", { transports: [transport] });
    await client.evaluate((it) => it.listen("/topic/a"));
    probes.count = 0;
    for (const [from, wake] of Object.entries(wakings)) {
      await test.step(from, async () => {
        await wake(page);
        const texts = await client.evaluate(async (it, from) => {
          const { length } = it.inbox("/topic/a").texts;
          it.client.publish("/topic/a", from);
          const texts = await it.inbox("/topic/a").count(length + 1);
          await it.settle();
          return texts.slice(length);
        }, from);
        expect(texts).toEqual([from]);
        expect(probes.count).toBe(1);
        probes.count = 0;
      });
    }
    expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
  });

  test(`a network that comes and goes makes nothing known as lost (${transport})`, async ({
    context,
    server,
    openPage,
  }) => {
    const page = await openPage(`${server.url}/blank.html`);
    const client = await connectIn(page, "/encke", { transports: [transport] });
    await client.evaluate((it) => it.listen("/topic/a"));
    const probes = countProbes(page);
    for (let number = 1; number <= 5; number++) {
      await context.setOffline(true);
      await client.evaluate((it, number) => void it.client.publish("/topic/a", String(number)), number);
      await context.setOffline(false);
    }
    await client.evaluate(async (it) => {
      await it.inbox("/topic/a").count(5);
      await it.settle();
    });
    expect(await client.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(numbers(1, 5));
    expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
    // One for each event at the most, and a repetition where being away took the machine longer than that waits.
    expect(probes.count).toBeLessThanOrEqual(15);
  });
}
