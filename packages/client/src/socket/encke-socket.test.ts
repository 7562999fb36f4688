import { describe, expect, it, vi } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { xhrPoll } from "../transports/xhr-poll.ts";
import { EnckeSocket } from "./encke-socket.ts";
import { endIn, ending, greeting, usePage } from "./testing/page.ts";

const page = usePage();

describe("opening", () => {
  it("takes one round trip, in which what was sent in the same turn travels", async () => {
    const { socket, log } = page.connect();
    socket.send("CONNECT");
    socket.send("SUBSCRIBE");
    expect(socket.readyState).toBe(EnckeSocket.CONNECTING);
    await page.settled();
    expect(page.network.exchanges).toHaveLength(1);
    expect(page.exchange.url.href).toMatch(/^http:\/\/encke\.test\/encke\/[A-Za-z0-9_-]{22,64}\/poll\?/);
    expect(page.exchange.query).toMatchObject({ v: "1", c: "1", r: "0", o: "1", t: "1" });
    expect(page.exchange.body).toBe("s1:t7:CONNECTt9:SUBSCRIBE");
    await page.answer(`${greeting()}a2:s1:t9:CONNECTED`);
    expect(log).toEqual(["open", "transport xhr-poll", "CONNECTED"]);
    expect(socket).toMatchObject({ readyState: EnckeSocket.OPEN, transport: "xhr-poll", bufferedAmount: 0 });
  });

  it("starts when the turn is over", async () => {
    page.connect();
    expect([page.network.exchanges, page.env.clock.pending]).toEqual([[], 0]);
    await page.settled();
    expect([page.network.exchanges.length, page.network.links.length]).toEqual([1, 1]);
  });

  it("makes a new session for each socket", async () => {
    page.connect();
    page.connect();
    await page.settled();
    expect(new Set(page.network.exchanges.map(({ url }) => url.pathname)).size).toBe(2);
  });

  it("offers the WebSocket the same session, with a number of its own, and does not let it take over", async () => {
    page.connect();
    await page.settled();
    expect(page.link.url.pathname).toBe(page.exchange.url.pathname.replace("poll", "websocket"));
    expect(page.link.query).toMatchObject({ v: "1", r: "0", o: "1" });
    expect(page.link.query).not.toHaveProperty("t");
    expect(page.link.query.c).not.toBe(page.exchange.query.c);
  });

  it.each([
    ["/encke", "http://encke.test/encke"],
    ["encke/", "http://encke.test/encke"],
    ["https://other.test/a/b", "https://other.test/a/b"],
    ["ws://other.test:81/a", "http://other.test:81/a"],
    ["wss://other.test/a", "https://other.test/a"],
  ])("takes %s as %s", async (url, resolved) => {
    const { socket } = page.connect({ transports: [idle] }, [], url);
    expect(socket.url).toBe(resolved);
    await page.settled();
  });

  it("tells the subprotocol that the server chose of those offered", async () => {
    const { socket } = page.connect({}, ["v12.stomp", "v11.stomp"]);
    await page.settled();
    expect(page.exchange.query.p).toBe("v12.stomp,v11.stomp");
    await page.answer(`${greeting({ p: "v11.stomp" })}a0:`);
    expect(socket.protocol).toBe("v11.stomp");
  });

  it("offers none, and has none, where none is asked for", async () => {
    const { socket } = page.connect();
    await page.settled();
    expect(page.exchange.query).not.toHaveProperty("p");
    await page.answer(`${greeting()}a0:`);
    expect(socket.protocol).toBe("");
  });

  it("opens once, however many greetings come", async () => {
    const { log } = page.connect();
    await page.settled();
    await page.answer(`${greeting()}a0:`);
    await page.answer(`${greeting()}a0:`);
    page.link.say(`${greeting()}a0:`);
    await page.settled();
    expect(log.filter((entry) => entry === "open")).toHaveLength(1);
  });
});

/** Stands for any technique: opens nothing. */
const idle = {
  ...xhrPoll,
  open: () => ({ bufferedAmount: 0, send() {}, close() {} }),
} satisfies TransportKind;

describe("arguments that are not right", () => {
  const badOption = expect.objectContaining({ name: "EnckeError", code: "BAD_OPTION" });

  it.each(["/encke?a=1", "/encke#a", "ftp://encke.test/encke", "http://", "mailto:a@encke.test"])(
    "the endpoint %s",
    (url) => {
      expect(() => page.connect({}, [], url)).toThrow(badOption);
    },
  );

  it("an endpoint that is relative to nothing", () => {
    const env = Object.create(page.env, { baseUrl: { value: undefined } });
    expect(() => new EnckeSocket("/encke", [], {}, env)).toThrow(badOption);
  });

  it.each([0, -1, Number.NaN, "many"])("%s as maxBuffered", (maxBuffered) => {
    expect(() => page.connect({ maxBuffered: maxBuffered as number })).toThrow(badOption);
  });

  it.each([[[]], [[undefined]], [["websocket"]], [{}]])("%j as transports", (transports) => {
    expect(() => page.connect({ transports: transports as unknown as [] })).toThrow(badOption);
  });

  it("transports of which the browser has none are UNSUPPORTED", () => {
    const transports = [{ ...xhrPoll, isSupported: () => false }];
    expect(() => page.connect({ transports })).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  it("leave nothing behind", async () => {
    expect(() => page.connect({ transports: [] })).toThrow(badOption);
    await page.settled();
    expect([page.network.exchanges.length, page.env.clock.pending, page.env.listeners]).toEqual([0, 0, 0]);
  });
});

describe("send", () => {
  it("sends text and octets, whichever way they are held", async () => {
    const { socket } = page.connect();
    socket.send("☄");
    socket.send(Uint8Array.of(1, 2, 3).buffer);
    socket.send(Uint8Array.of(0, 1, 2, 3, 0).subarray(1, 4));
    socket.send(new DataView(Uint8Array.of(0, 1, 2, 3).buffer, 1));
    await page.settled();
    expect(page.exchange.body).toBe("s1:t1:☄b4:AQIDb4:AQIDb4:AQID");
  });

  it("copies octets, as the page may write over its own", async () => {
    const { socket } = page.connect();
    const octets = Uint8Array.of(1, 2, 3);
    for (const data of [octets, octets.buffer]) socket.send(data);
    octets.fill(0);
    await page.settled();
    expect(page.exchange.body).toBe("s1:b4:AQIDb4:AQID");
  });

  it.each([new Blob(["x"]), 1, undefined, null, { length: 1 }])("does not take %o", (data) => {
    const { socket } = page.connect();
    expect(() => socket.send(data as string)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });

  it("does not take more than the server does, in octets", async () => {
    const { socket } = page.connect();
    await page.settled();
    await page.answer(`${greeting({ max: 4 })}a0:`);
    socket.send("abcd");
    const tooBig = expect.objectContaining({ code: "MESSAGE_TOO_BIG" });
    expect(() => socket.send("abcde")).toThrow(tooBig);
    expect(() => socket.send("☄☄")).toThrow(tooBig);
    expect(() => socket.send(new Uint8Array(5))).toThrow(tooBig);
    expect(socket.bufferedAmount).toBe(4);
  });

  it("does not take more than may wait, and goes on when the server has acknowledged some", async () => {
    const { socket } = page.connect({ maxBuffered: 10 });
    socket.send("☄☄");
    socket.send("abcd");
    expect(socket.bufferedAmount).toBe(10);
    expect(() => socket.send("x")).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
    await page.settled();
    await page.answer(`${greeting()}a1:`);
    expect(socket.bufferedAmount).toBe(4);
    socket.send("123456");
    expect(() => socket.send("x")).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
  });

  it("does nothing once the socket is closing or closed", async () => {
    const { socket } = await page.connectPolling();
    socket.close();
    socket.send("late");
    expect(socket.bufferedAmount).toBe(0);
    await page.settled();
    await page.answer(ending(1000));
    expect(socket.readyState).toBe(EnckeSocket.CLOSED);
    socket.send("later");
    await page.settled();
    expect(page.network.exchanges.map(({ body }) => body).join()).not.toContain("late");
  });
});

describe("messages", () => {
  it("come as text, and octets as a Blob, as with any WebSocket", async () => {
    const { log } = page.connect();
    await page.settled();
    await page.answer(`${greeting()}a0:s1:t1:☄b4:AQID`);
    const [text, blob] = log.slice(2) as [string, Blob];
    expect(text).toBe("☄");
    expect(blob).toBeInstanceOf(Blob);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("come as an ArrayBuffer where that is asked for", async () => {
    const { socket, log } = page.connect();
    socket.binaryType = "arraybuffer";
    await page.settled();
    await page.answer(`${greeting()}a0:s1:b4:AQID`);
    expect(log[2]).toEqual(Uint8Array.of(1, 2, 3).buffer);
  });

  it("come to `receive` as they are, and to nobody else, where there is one", async () => {
    const { socket, log } = page.connect();
    const received: unknown[] = [];
    socket.receive = (message) => received.push(message);
    await page.settled();
    await page.answer(`${greeting()}a0:s1:t1:ab4:AQID`);
    expect(received).toEqual(["a", Uint8Array.of(1, 2, 3)]);
    expect(log).toEqual(["open", "transport xhr-poll"]);
  });

  it("come to listeners as well as to handlers, and to those no longer that were taken off", async () => {
    const { socket, log } = page.connect();
    const listener = vi.fn();
    socket.addEventListener("message", listener);
    await page.settled();
    await page.answer(`${greeting()}a0:s1:t1:a`);
    socket.removeEventListener("message", listener);
    socket.onmessage = null;
    await page.answer(`${greeting()}a0:s2:t1:b`);
    expect(listener).toHaveBeenCalledOnce();
    expect(listener.mock.calls[0]?.[0]).toMatchObject({ type: "message", data: "a", target: socket });
    expect(log).toEqual(["open", "transport xhr-poll", "a"]);
  });

  it("do not come once the page has closed the socket", async () => {
    const { socket, log } = await page.connectPolling();
    socket.close();
    await page.settled();
    page.network.of("poll").at(-1)!.answer(`${greeting()}a0:s1:t1:a`);
    await page.settled();
    expect(log).not.toContain("a");
  });
});

describe("close", () => {
  it("ends the session behind what was sent, and the close event comes when the server has answered", async () => {
    const { socket, log } = await page.connectPolling();
    socket.send("bye");
    socket.close(3001, "done & gone");
    expect(socket.readyState).toBe(EnckeSocket.CLOSING);
    await page.settled();
    expect(page.exchange.kind).toBe("send");
    expect(endIn(page.exchange.body)).toEqual({ before: "s1:t3:bye", code: 3001, reason: "done & gone" });
    expect(log).toEqual([]);
    await page.answer(`a1:${ending(3001)}`);
    expect(socket).toMatchObject({ readyState: EnckeSocket.CLOSED, transport: null });
    expect(log).toEqual([{ code: 3001, reason: "done & gone", wasClean: true, retryAfter: undefined }]);
  });

  it("is 1000 without a reason if nothing else is said", async () => {
    const { socket, log } = await page.connectPolling();
    socket.close();
    await page.settled();
    expect(endIn(page.exchange.body)).toEqual({ before: "", code: 1000, reason: "" });
    await page.answer(`a0:${ending(1000)}`);
    expect(log).toEqual([{ code: 1000, reason: "", wasClean: true, retryAfter: undefined }]);
  });

  it("before anything has left goes with the first request, and the socket never opens", async () => {
    const { socket, log } = page.connect();
    socket.send("hello");
    socket.close(3000);
    await page.settled();
    expect(page.network.exchanges).toHaveLength(1);
    expect(endIn(page.exchange.body)).toMatchObject({ before: "s1:t5:hello", code: 3000 });
    await page.answer(`${greeting()}a1:${ending(3000)}`);
    expect(log.filter((entry) => entry === "open")).toEqual([]);
    expect(log.at(-1)).toMatchObject({ code: 3000, wasClean: true });
  });

  it("while the first request is on its way follows it", async () => {
    const { socket, log } = page.connect();
    await page.settled();
    socket.close();
    await page.settled();
    await page.answer(`${greeting()}a0:`);
    expect(page.network.exchanges.map(({ body }) => endIn(body).code)).toContain(1000);
    for (const exchange of page.held) exchange.answer(ending(1000));
    await page.settled();
    expect(log.at(-1)).toMatchObject({ code: 1000, wasClean: true });
  });

  it("is not clean when the server does not answer in time", async () => {
    const { socket, log } = await page.connectPolling();
    socket.close(3000);
    await page.pass(60_000);
    expect(log).toEqual(["error", { code: 1006, reason: expect.any(String), wasClean: false, retryAfter: undefined }]);
    expect([page.env.clock.pending, page.env.listeners, page.held]).toEqual([0, 0, []]);
  });

  it("twice is close once", async () => {
    const { socket, log } = await page.connectPolling();
    socket.close(3001);
    socket.close(3002);
    await page.settled();
    await page.answer(`a0:${ending(3001)}`);
    socket.close(3003);
    await page.settled();
    expect(log).toEqual([expect.objectContaining({ code: 3001 })]);
  });

  it.each([0, 999, 1001, 1006, 2999, 5000, Number.NaN])("does not take the code %d", (code) => {
    const { socket } = page.connect();
    expect(() => socket.close(code)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(socket.readyState).toBe(EnckeSocket.CONNECTING);
  });

  it("takes a reason of 123 octets in UTF-8, and not one of 124", () => {
    const { socket } = page.connect();
    expect(() => socket.close(1000, `${"☄".repeat(41)}a`)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    socket.close(1000, "☄".repeat(41));
    expect(socket.readyState).toBe(EnckeSocket.CLOSING);
  });
});

describe("a session that the server ends", () => {
  it.each([
    [1000, ending(1000), undefined],
    [4001, ending(4001, "The server speaks version 2."), undefined],
    [4002, ending(4002, "The session is unknown."), undefined],
    [4006, ending(4006, "The server is going down.", 1000), 1000],
    [4007, ending(4007, "Too many.", 5000), 5000],
    [4100, ending(4100, "Refused."), undefined],
  ])("with %i says so in its close event", async (code, record, retryAfter) => {
    const { socket, log } = page.connect();
    await page.settled();
    await page.answer(record);
    expect(log).toEqual([{ code, reason: expect.any(String), wasClean: true, retryAfter }]);
    expect(socket.readyState).toBe(EnckeSocket.CLOSED);
    await page.pass(600_000);
    expect(page.network.exchanges).toHaveLength(1);
  });

  it("brings what precedes the end first", async () => {
    const { log } = page.connect();
    await page.settled();
    await page.answer(`${greeting()}a0:s1:t1:at1:b${ending(4006, "Later.", 0)}`);
    expect(log).toEqual([
      "open",
      expect.anything(),
      "a",
      "b",
      expect.objectContaining({ code: 4006, reason: "Later.", retryAfter: 0 }),
    ]);
  });

  it("over its WebSocket may use the same words", async () => {
    const { log } = await page.connectWebSocket();
    page.link.say(`t1:a${ending(4006, "Later.", 700)}`);
    page.link.close(4006, "Later.");
    await page.settled();
    expect(log).toEqual(["a", { code: 4006, reason: "Later.", wasClean: true, retryAfter: 700 }]);
  });

  it.each(["?:", "g5:v=2", "t5:hell", "s1:t1:aZ", "n1:", "s1:b4:A==="])(
    "with %j, which is malformed, has ended with 4000, not clean",
    async (malformed) => {
      const { log } = await page.connectPolling();
      await page.answer(`${greeting()}a0:${malformed}`);
      expect(log.filter((entry) => typeof entry === "object")).toEqual([
        { code: 4000, reason: expect.any(String), wasClean: false, retryAfter: undefined },
      ]);
      expect(log).toContain("error");
      expect([page.env.clock.pending, page.env.listeners, page.held]).toEqual([0, 0, []]);
    },
  );

  it("that acknowledges what was never sent has ended with 4000", async () => {
    const { log } = await page.connectPolling();
    await page.answer(`${greeting()}a1:`);
    expect(log.at(-1)).toMatchObject({ code: 4000, wasClean: false });
  });

  it("leaves no timer, no listener and no request behind", async () => {
    await page.connectWebSocket();
    page.link.say(ending(4002));
    await page.settled();
    expect([page.env.clock.pending, page.env.listeners, page.held]).toEqual([0, 0, []]);
    expect(page.link.end).toBeDefined();
  });
});

describe("the report", () => {
  it("is plain JSON that names each attempt, how it went and why it ended", async () => {
    const { socket } = page.connect();
    await page.settled();
    await page.pass(40);
    await page.answer(`${greeting()}a0:s1:t1:a`);
    page.link.lose();
    await page.settled();
    page.link.close(1006);
    const report = socket.report();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      url: "http://encke.test/encke",
      transport: "xhr-poll",
      received: 1,
      duplicates: 0,
      attempts: [
        { transport: "xhr-poll", takesOver: true, requests: 2, heardAfter: 40 },
        { transport: "websocket", takesOver: false, requests: 1, duration: 40, code: 1006 },
      ],
    });
  });

  it("keeps attempts that failed, with the answer that they got", async () => {
    const { socket } = page.connect({ transports: [xhrPoll] });
    await page.settled();
    await page.answer("Forbidden", 403);
    await page.pass(1_000);
    const { attempts } = socket.report();
    expect(attempts[0]).toMatchObject({ transport: "xhr-poll", code: 1006, cause: "HTTP 403" });
    expect(attempts).toHaveLength(2);
  });

  it("does not grow without end", async () => {
    const { socket } = page.connect();
    page.network.onExchange = (exchange) => exchange.answer("", 502);
    page.network.onLink = (link) => link.lose();
    await page.pass(1_200_000);
    expect(page.network.exchanges.length).toBeGreaterThan(60);
    expect(socket.report().attempts.length).toBeLessThanOrEqual(50);
  });
});

describe("a page that goes away", () => {
  it("says with a last word that nobody need wait for it, with what was not acknowledged", async () => {
    const { socket } = await page.connectPolling();
    socket.send("draft");
    await page.settled();
    page.env.leave();
    const [{ url, body }] = page.env.beacons as [{ url: URL; body: string }];
    expect(page.env.beacons).toHaveLength(1);
    expect(url.pathname).toBe(page.exchange.url.pathname.replace(/\w+$/, "send"));
    expect(Number(url.searchParams.get("c"))).toBeGreaterThan(Number(page.exchange.query.c));
    expect(url.searchParams.get("v")).toBe("1");
    expect(endIn(body)).toMatchObject({ before: "s1:t5:draft", code: 1000 });
  });

  it("says nothing of a session that the server does not know of", async () => {
    page.connect();
    await page.settled();
    page.env.leave();
    expect(page.env.beacons).toEqual([]);
  });

  it("sends what it can, and not the end, if what waits is too much for a last word", async () => {
    const { socket } = await page.connectPolling();
    for (let i = 0; i < 3; i++) socket.send("x".repeat(25_000));
    await page.settled();
    page.env.leave();
    expect(page.env.beacons).toHaveLength(1);
    expect(page.env.beacons[0]?.body).toMatch(/^s1:t25000:x+t25000:x+$/);
  });

  it("holds nothing open where it is kept, says what was not acknowledged, and goes on where it was when it comes back", async () => {
    const { socket, log } = await page.connectPolling();
    const { seat } = page.env;
    let isSeatLeft = false;
    seat.leave = () => {
      isSeatLeft = true;
    };
    socket.send("draft");
    await page.settled();
    page.env.leave(true);
    await page.settled();
    expect(page.network.exchanges.filter(({ isHeld }) => isHeld)).toEqual([]);
    expect(isSeatLeft).toBe(true);
    expect(page.env.beacons.map(({ body }) => body)).toEqual(["s1:t5:draft"]);

    page.env.wake();
    await page.settled();
    expect(page.network.exchanges.filter(({ isHeld }) => isHeld)).toHaveLength(1);
    expect(page.exchange.body).toBe("s1:t5:draft");
    page.exchange.answer(`${greeting()}a1:s1:t4:back`);
    await page.settled();
    expect(log).toContain("back");
    expect(socket.readyState).toBe(1);
  });

  it("says nothing where it is kept and nothing waits", async () => {
    await page.connectPolling();
    page.env.leave(true);
    expect(page.env.beacons).toEqual([]);
  });

  it("says nothing of a socket that was closed", async () => {
    const { socket } = await page.connectPolling();
    socket.close();
    await page.settled();
    await page.answer(ending(1000));
    page.env.leave();
    expect(page.env.beacons).toEqual([]);
  });
});
