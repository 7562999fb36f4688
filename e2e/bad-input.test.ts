import type { JSHandle } from "@playwright/test";
import { expect, type Page, seen, test } from "./testing/browser.ts";

/** What a call in the page throws, as plain data. */
function thrownBy(page: Page, call: string): Promise<unknown> {
  return page.evaluate((call) => {
    const calls: Record<string, () => unknown> = {
      "transports that are not a list": () => Encke.connect("/encke", { transports: "webSocket" as never }),
      "an empty list of transports": () => Encke.connect("/encke", { transports: [] }),
      "a transport that is none": () => Encke.connect("/encke", { transports: [{} as never] }),
      "an endpoint of another scheme": () => Encke.connect("ftp://example.org/encke"),
      "an endpoint that is not a URL": () => Encke.connect("http://[/"),
      "an endpoint with a query": () => Encke.connect("/encke?a=b"),
      "an endpoint with a fragment": () => Encke.connect("/encke#a"),
      "a negative heart-beat": () => Encke.connect("/encke", { heartbeatOutgoing: -1 }),
      "a heart-beat that is not a number": () => Encke.connect("/encke", { heartbeatIncoming: "often" as never }),
      "a negative outbox": () => Encke.connect("/encke", { maxOutboxCount: -1 }),
      "a buffer of no size": () => Encke.connect("/encke", { maxBuffered: 0 }),
      "a socket with a bad endpoint": () => new Encke.EnckeSocket("mailto:a@example.org"),
    };
    try {
      calls[call]!();
      return "nothing";
    } catch (error) {
      const { name, code, message, remedy } = error as InstanceType<typeof Encke.EnckeError>;
      return { isOurs: error instanceof Encke.EnckeError, name, code, message, remedy };
    }
  }, call);
}

for (const [call, words] of [
  ["transports that are not a list", "transports"],
  ["an empty list of transports", "transports"],
  ["a transport that is none", "transports"],
  ["an endpoint of another scheme", "endpoint"],
  ["an endpoint that is not a URL", "endpoint"],
  ["an endpoint with a query", "endpoint"],
  ["an endpoint with a fragment", "endpoint"],
  ["a negative heart-beat", "heartbeatOutgoing"],
  ["a heart-beat that is not a number", "heartbeatIncoming"],
  ["a negative outbox", "maxOutboxCount"],
  ["a buffer of no size", "maxBuffered"],
  ["a socket with a bad endpoint", "endpoint"],
] as const) {
  test(`${call} is refused at once, by a code and in words, and nothing is requested`, async ({ server, openPage }) => {
    const page = await openPage(`${server.url}/blank.html`);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    expect(await thrownBy(page, call)).toMatchObject({
      isOurs: true,
      name: "EnckeError",
      code: "BAD_OPTION",
      message: expect.stringContaining(words),
      remedy: "See the documentation",
    });
    expect(requests).toEqual([]);
  });
}

test("a bad destination is refused at once, and the client goes on", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  const result = await client.evaluate(async (it) => {
    const codeOf = (call: () => unknown) => {
      try {
        call();
        return "nothing";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const { client } = it;
    const codes = [
      codeOf(() => client.publish("", "x")),
      codeOf(() => client.subscribe("", () => {})),
      codeOf(() => client.subscribe(undefined as never, () => {})),
      await client.publish("", "x", { receipt: true }).catch(({ code }) => code),
    ];
    await it.settle();
    return codes;
  });
  expect(result).toEqual(["BAD_OPTION", "BAD_OPTION", "BAD_OPTION", "BAD_OPTION"]);
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], errors: [] });
});

test("a message that is larger than the server takes is refused at once, and the session goes on", async ({
  startServer,
  openClient,
}) => {
  const server = await startServer({ limits: { maxMessage: 64 * 1024 } });
  const { client } = await openClient(server.url);
  const result = await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    const big = "x".repeat(64 * 1024);
    const codes: string[] = [];
    try {
      it.client.publish("/topic/a", big);
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
    codes.push(await it.client.publish("/topic/a", big, { receipt: true }).catch(({ code }) => code));
    it.client.publish("/topic/a", big.slice(1_000));
    const [text] = await it.inbox("/topic/a").count(1);
    return { codes, length: text!.length };
  });
  expect(result).toEqual({ codes: ["MESSAGE_TOO_BIG", "MESSAGE_TOO_BIG"], length: 64 * 1024 - 1_000 });
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
});

for (const [transport, size] of [
  ["xhrPoll", 80],
  ["xhrPoll", 400],
  ["webSocket", 80],
  ["webSocket", 400],
] as const) {
  test(`a message of ${size} KiB that was published before the server's bound of 64 was known is given up, and the client goes on (${transport})`, async ({
    startServer,
    openClient,
    openPage,
  }) => {
    const server = await startServer({ limits: { maxMessage: 64 * 1024 } });
    const other = await openClient(server.url);
    await other.client.evaluate((it) => it.listen("/topic/a"));
    const page = await openPage(`${server.url}/blank.html`);
    const result = await page.evaluate(
      async ([transport, size]) => {
        const it = probe.watch(Encke.connect("/encke", { transports: [Encke[transport]] }));
        it.ask("/topic/a", "x".repeat(size * 1024));
        await it.untilDecided(1);
        await it.listen("/topic/a");
        it.client.publish("/topic/a", "afterwards");
        return { texts: await it.inbox("/topic/a").count(1), outcomes: [...it.outcomes.values()], errors: it.errors };
      },
      [transport, size] as const,
    );
    expect(result.texts).toEqual(["afterwards"]);
    expect(["not-sent", "unknown"]).toContain(result.outcomes[0]);
    // It was the size that ended it, and not that the broker had no patience left.
    expect(result.errors.filter(({ code }) => code === "SERVER_ERROR")).toEqual([]);
    expect(await other.client.evaluate((it) => it.inbox("/topic/a").count(1))).toEqual(["afterwards"]);
    expect(await seen(other.client)).toMatchObject({ states: ["connecting", "connected"], errors: [] });
  });
}

/** Connects to sockets that the page makes up itself: each answers CONNECT, and says then what the test wants. */
function connectToNobody(page: Page, says: string[]) {
  return page.evaluateHandle((says) => {
    const opened: { closed: boolean; sent: string[] }[] = [];
    const open = () => {
      const log = { closed: false, sent: [] as string[] };
      const answer = opened.length < says.length ? says[opened.length]! : "";
      opened.push(log);
      const socket = {
        binaryType: "blob",
        readyState: 0,
        onopen: null as (() => void) | null,
        onmessage: null as ((event: { data: string }) => void) | null,
        onclose: null as ((event: object) => void) | null,
        onerror: null,
        send(data: string) {
          log.sent.push(data);
          if (!data.startsWith("CONNECT\n")) return;
          queueMicrotask(() => socket.onmessage?.({ data: `CONNECTED\nversion:1.2\n\n\0${answer}` }));
        },
        close() {
          log.closed = true;
          socket.readyState = 3;
          queueMicrotask(() => socket.onclose?.({ code: 1000, reason: "", wasClean: true }));
        },
      };
      queueMicrotask(() => {
        socket.readyState = 1;
        socket.onopen?.();
      });
      return socket;
    };
    return Object.assign(probe.watch(Encke.connect(open)), { opened });
  }, says);
}

for (const [what, frame] of [
  ["a header without a colon", "MESSAGE\nno colon here\n\n\0"],
  ["an escape that STOMP does not know", "MESSAGE\ndestination:\\t\n\n\0"],
  ["a body that is longer than it says", "MESSAGE\ncontent-length:1\n\nxx\0"],
  ["a content-length that is no number", "MESSAGE\ncontent-length:many\n\nxx\0"],
] as const) {
  test(`a server that sends ${what} is left with an error, and called again`, async ({
    server,
    openPage,
    openClient,
  }) => {
    const other = await openClient(server.url);
    await other.client.evaluate((it) => it.listen("/topic/a"));
    const page = await openPage(`${server.url}/blank.html`);
    const client = await connectToNobody(page, [frame]);
    await client.evaluate((it) => it.until(({ states }) => states.length === 4));
    expect(await client.evaluate((it) => it.seen)).toMatchObject({
      states: ["connecting", "connected", "reconnecting", "connected"],
      errors: [{ code: "MALFORMED_FRAME" }],
    });
    expect(await client.evaluate((it) => it.opened.map(({ closed }) => closed))).toEqual([true, false]);
    await other.client.evaluate((it) => it.client.publish("/topic/a", "others go on"));
    expect(await other.client.evaluate((it) => it.inbox("/topic/a").count(1))).toEqual(["others go on"]);
  });
}

test("an answer that is not the server's, such as a portal's page, is not taken for one", async ({
  server,
  openPage,
}) => {
  const page = await openPage(`${server.url}/blank.html`);
  let asked = 0;
  await page.route("**/encke/**", (route) => {
    asked++;
    return route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Please log in to the Wi-Fi</h1>" });
  });
  await page.evaluate(() => {
    Math.random = () => 0;
  });
  const client = await page.evaluateHandle(() => probe.watch(Encke.connect("/encke", { transports: [Encke.xhrPoll] })));
  await client.evaluate((it) => void it.client.subscribe("/topic/a", it.inbox("/topic/a").take));
  await client.evaluate((it) => it.client.publish("/topic/a", "when it is over"));
  await expect.poll(() => asked).toBeGreaterThan(2);
  expect(await seen(client as JSHandle)).toMatchObject({ states: ["connecting"], errors: [] });
  await page.unroute("**/encke/**");
  expect(await client.evaluate((it) => it.inbox("/topic/a").count(1))).toEqual(["when it is over"]);
});
