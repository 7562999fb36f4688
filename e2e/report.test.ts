import type { Middlebox, RequestFault } from "encke-server";
import { connectIn, expect, type Page, test, type WatchedHandle } from "./testing/browser.ts";
import { startSite } from "./testing/site.ts";

type Names = Parameters<typeof connectIn>[2];
type TransportName = NonNullable<NonNullable<Names>["transports"]>[number];

interface Situation {
  readonly transports: readonly TransportName[];
  /** What is wrong with the path from the start. */
  readonly faults?: Partial<Middlebox>;
  /** What happens once a session is carried by this. */
  readonly carriedBy?: string;
  readonly happens?: (it: { box: Middlebox; page: Page; client: WatchedHandle }) => unknown;
  /** Milliseconds on the page's clock until it shows. */
  readonly after?: number;
}

const webSocket: Situation = { transports: ["webSocket", "xhrPoll"] };
const stream: Situation = { transports: ["fetchStream", "xhrPoll"] };
const poll: Situation = { transports: ["xhrPoll"] };

/** A fault for requests of one kind of carrier only. */
const meets = (kind: string, fault: RequestFault): Partial<Middlebox> => ({
  request: ({ path }) => (path.includes(`/${kind}?`) ? fault : "pass"),
});

const situations: [cause: string, transport: string, what: string, situation: Situation][] = [
  ["upgrade refused", "websocket", "403", { ...webSocket, faults: { webSocket: "refuse" } }],
  ["upgrade swallowed", "websocket", "no answer", { ...webSocket, faults: { webSocket: "black-hole" }, after: 10_000 }],
  [
    "upgrade swallowed",
    "websocket",
    "opened, and deaf",
    { ...webSocket, faults: { webSocket: { after: "upgrade", fate: "black-hole-up" } }, after: 10_000 },
  ],
  ["buffered", "fetch-stream", "until it ends", { ...stream, faults: { hold: {} }, after: 10_000 }],
  ["buffered", "fetch-stream", "each piece for 500 ms", { ...stream, faults: { hold: { ms: 500 } }, after: 1_000 }],
  ["unanswered", "xhr-poll", "no answer", { ...poll, faults: meets("poll", "black-hole"), after: 10_000 }],
  ["cut", "websocket", "reset", { ...webSocket, carriedBy: "websocket", happens: ({ box }) => box.cutWebSockets() }],
  ["cut", "fetch-stream", "reset", { ...stream, carriedBy: "fetch-stream", happens: ({ box }) => box.cut() }],
  [
    "cut",
    "xhr-poll",
    "reset, and the browser's repetition as well",
    { ...poll, carriedBy: "xhr-poll", happens: ({ box }) => Object.assign(box, { down: true }) },
  ],
  [
    "cut when idle",
    "websocket",
    "reset after 6 s",
    {
      ...webSocket,
      carriedBy: "websocket",
      happens: async ({ box, page }) => {
        await page.clock.fastForward(6_000);
        box.cutWebSockets();
      },
    },
  ],
  [
    "silent",
    "websocket",
    "nothing passes",
    { ...webSocket, carriedBy: "websocket", happens: ({ box }) => Object.assign(box, { stall: true }), after: 31_000 },
  ],
  ["HTTP 403", "xhr-poll", "403", { ...poll, faults: meets("poll", 403) }],
  ["HTTP 401", "fetch-stream", "401", { ...stream, faults: meets("stream", 401) }],
  ["refused", "event-source", "403", { transports: ["eventSource", "xhrPoll"], faults: meets("events", 403) }],
  ["server gone", "xhr-poll", "reset", { ...poll, faults: meets("poll", "reset") }],
  ["moved", "xhr-poll", "something better came", { ...webSocket, carriedBy: "websocket" }],
  [
    "replaced",
    "xhr-poll",
    "the page woke",
    {
      ...poll,
      carriedBy: "xhr-poll",
      happens: ({ page }) => page.evaluate(() => void dispatchEvent(new Event("online"))),
    },
  ],
  [
    "closed",
    "websocket",
    "by the page",
    { ...webSocket, carriedBy: "websocket", happens: ({ client }) => client.evaluate((it) => it.client.close()) },
  ],
];

/** Resolves when an attempt by this transport has ended so. */
async function expectCause(client: WatchedHandle, transport: string, cause: string): Promise<void> {
  const causes = () =>
    client.evaluate(({ client }, transport) => {
      const { attempts } = client.report() as { attempts: { transport: string; cause?: string }[] };
      return attempts.filter((attempt) => attempt.transport === transport).map(({ cause }) => cause);
    }, transport);
  await expect.poll(causes).toContain(cause);
}

test.describe("the report says of an attempt that it ended because of:", () => {
  for (const [cause, transport, what, { transports, faults, carriedBy, happens, after }] of situations) {
    test(`${cause} (${transport}: ${what})`, async ({ server, startMiddlebox, openPage }) => {
      const box = await startMiddlebox({ target: server.url });
      const page = await openPage(`${box.url}/blank.html`);
      await page.clock.install();
      Object.assign(box, faults);
      const client = await connectIn(page, "/encke", { transports });
      if (carriedBy) await client.evaluate((it, name) => it.carriedBy(name), carriedBy);
      await happens?.({ box, page, client });
      if (after) await page.clock.runFor(after);
      await expectCause(client, transport, cause);
      box.stall = false;
    });
  }

  test("CORS", async ({ server, pagesDirectory, openPage }) => {
    const site = await startSite(pagesDirectory);
    const page = await openPage(`${site.url}/blank.html`);
    await expectCause(await connectIn(page, `${server.url}/encke`, { transports: ["xhrPoll"] }), "xhr-poll", "CORS");
    await site.close();
  });

  test("CSP", async ({ server, context }) => {
    const page = await context.newPage();
    await page.route("**/blank.html", async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "content-security-policy": "connect-src 'none'" };
      await route.fulfill({ response, headers });
    });
    await page.goto(`${server.url}/blank.html`);
    const client = await connectIn(page, "/encke");
    await expectCause(client, "xhr-poll", "CSP");
    await expectCause(client, "websocket", "CSP");
  });

  test("mixed content", async ({ server, context }) => {
    const page = await context.newPage();
    // Encrypted for the page's eyes, and from nowhere.
    await page.route("https://encke.test/**", async (route) => {
      const path = new URL(route.request().url()).pathname;
      const response = await route.fetch({ url: server.url + path });
      // Without the policy, which would forbid it first.
      await route.fulfill({ body: await response.body(), contentType: response.headers()["content-type"] });
    });
    await page.goto("https://encke.test/blank.html");
    const client = await connectIn(page, "http://plain.test/encke");
    await expectCause(client, "xhr-poll", "mixed content");
  });

  test("not encke", async ({ server, openPage }) => {
    const page = await openPage(`${server.url}/blank.html`);
    await page.route("**/poll?*", (route) => route.fulfill({ contentType: "text/html", body: "<h1>Sign in</h1>" }));
    await expectCause(await connectIn(page, "/encke", { transports: ["xhrPoll"] }), "xhr-poll", "not encke");
  });
});
