import { describe, expect, it } from "vitest";
import { within } from "./deadline.ts";
import type { Answer, Peer } from "./peer.ts";
import { binary, endOfSession, parametersOf, text } from "./records.ts";
import { CONNECT, newTopic, sendTo, subscribeTo } from "./stomp.ts";
import { streamKinds } from "./stream.ts";
import { isForeign, useServer } from "./target.ts";

const anyServer = useServer();

describe("the header block", () => {
  it("10 of more than 16 KiB is answered 431", async () => {
    const peer = anyServer.peer();
    const headers = { "x-filler": "x".repeat(20_000) };
    expect((await peer.post("poll", { r: 0, t: 1, o: 1, h: 0 }, { headers })).status).toBe(431);
  });
});

describe.skipIf(isForeign)("on a server whose messages have at most 1,024 octets", () => {
  const server = useServer({ limits: { maxMessage: 1_024 } });

  /** A SEND frame of exactly so many octets, nearly all of them in characters of three octets each. */
  function frameOf(octets: number): string {
    const topic = newTopic();
    let body = "漢".repeat(Math.floor((octets - Buffer.byteLength(sendTo(topic, "")) - 10) / 3));
    while (Buffer.byteLength(sendTo(topic, body)) < octets) body += "x";
    return sendTo(topic, body);
  }

  it("10 a message of exactly the bound is accepted", async () => {
    const peer = server.peer();
    await peer.connect();
    const frame = frameOf(1_024);
    expect(Buffer.byteLength(frame)).toBe(1_024);
    const answer = await peer.send(peer.say(frame));
    expect(answer.shape).toBe("a");
    expect(answer.acknowledged).toBe(2);
  });

  it("10 a binary message of exactly the bound is accepted, though its base64 is longer", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(`s2:${binary(Buffer.from(frameOf(1_024)))}`)).shape).toBe("a");
  });

  it("10 a message of more octets than the bound ends the session with 4004, though its length is below", async () => {
    const peer = server.peer();
    await peer.connect();
    const frame = frameOf(1_025);
    expect(frame.length).toBeLessThan(1_024);
    expect((await peer.send(peer.say(frame))).sessionEnd).toBe(4004);
    expect((await peer.poll({ r: 1, h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 a binary message beyond the bound ends the session with 4004", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(`s2:${binary(Buffer.from(frameOf(1_025)))}`)).sessionEnd).toBe(4004);
  });

  it("10 a message beyond the bound in a poll is answered with x and 4004", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.poll({ r: received }, peer.say(frameOf(1_025)))).sessionEnd).toBe(4004);
  });

  it.each([
    ["text", (frame: string) => text(frame)],
    ["binary", (frame: string) => Buffer.from(frame)],
  ])("10 a %s message beyond the bound on a WebSocket ends the session with 4004", async (_, write) => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
    socket.send(write(frameOf(1_025)));
    expect(await socket.sessionEnd()).toBe(4004);
    expect((await peer.poll({ r: 1, h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 a WebSocket message far beyond the bound ends the session, though the server may not have read it", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
    socket.send(text(frameOf(1_000_000)));
    // 1009 is what RFC 6455 has for it, and what a WebSocket library says by itself.
    expect([4004, 1009]).toContain(await socket.closed());
    expect((await peer.poll({ r: 1, h: 0 })).sessionEnd).toBe(4002);
  });

  it.each([200, 2_000])("10 a POST body of %i KB ends the session with 4004", async (count) => {
    const peer = server.peer();
    await peer.connect();
    const body = peer.say(...Array.from({ length: count }, () => frameOf(1_000)));
    // The server may close the connection before it has read all of that, and fetch may then miss the answer.
    const answer = await peer.send(body).catch((): Answer | undefined => undefined);
    if (answer !== undefined) expect(answer.sessionEnd).toBe(4004);
    expect((await peer.poll({ r: 1, h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 a body of a stream beyond its bound is greeted, and ends the session with 4004", async () => {
    const peer = server.peer();
    const body = peer.say(CONNECT, ...Array.from({ length: 200 }, () => frameOf(1_000)));
    const stream = await peer.stream("stream", { o: 1, t: 1 }, { body });
    expect(await stream.sessionEnd()).toBe(4004);
    expect(stream.shape).toBe("gax");
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 a message beyond the bound in the body of a stream ends the session with 4004", async () => {
    const peer = server.peer();
    const body = peer.say(CONNECT, frameOf(1_025));
    const stream = await peer.stream("stream", { o: 1, t: 1 }, { body });
    expect(await stream.sessionEnd()).toBe(4004);
    expect(stream.shape).toBe("gax");
  });

  it("10 a body that large for a session that is not known is no harm to others", async () => {
    const bystander = server.peer();
    const received = await bystander.connect();
    await server
      .peer()
      .send("x".repeat(1_000_000))
      .catch(() => {});
    expect((await bystander.poll({ r: received, h: 0 })).shape).toBe("ga");
  });
});

describe.skipIf(isForeign)("on a server that keeps 64 KiB for each side", () => {
  const server = useServer({ limits: { maxBuffered: 65_536 } });

  async function publishUntil(publisher: Peer, topic: string, done: () => Promise<boolean> | boolean): Promise<void> {
    for (let times = 0; times < 40 && !(await done()); times++) {
      await publisher.publish(topic, "x".repeat(4_096));
    }
  }

  it("7 a subscriber on a WebSocket that never acknowledges is ended with 4003, and its publisher goes on", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const socket = await subscriber.socket({ o: 1, t: 1 });
    socket.send(subscriber.say(CONNECT, subscribeTo(topic)));
    await socket.until("both answers come", () => socket.messages.length >= 2);
    const publisher = server.peer();
    const received = await publisher.connect();
    await publishUntil(publisher, topic, () => !socket.isOpen);
    expect(await socket.sessionEnd()).toBe(4003);
    expect((await subscriber.poll({ h: 0 })).sessionEnd).toBe(4002);
    expect((await publisher.poll({ r: received, h: 0 })).shape).toBe("ga");
  });

  it("7 a subscriber that acknowledges may get many times the bound", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const socket = await subscriber.socket({ o: 1, t: 1 });
    socket.send(subscriber.say(CONNECT, subscribeTo(topic)));
    await socket.until("both answers come", () => socket.messages.length >= 2);
    const publisher = server.peer();
    await publisher.connect();
    for (let times = 1; times <= 60; times++) {
      await publisher.publish(topic, "x".repeat(4_096));
      await socket.until("the message comes", () => socket.bodies.length >= times);
      socket.send(`a${socket.messages.length}:`);
    }
    expect(socket.isOpen).toBe(true);
  });

  it.each(streamKinds)("7 a subscriber on %s that never acknowledges is ended with 4003", async (kind) => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const stream = await subscriber.stream(kind, { r: received, t: 1 });
    await stream.greeted();
    const publisher = server.peer();
    await publisher.connect();
    await publishUntil(publisher, topic, () => !stream.isOpen);
    expect(await stream.sessionEnd()).toBe(4003);
  });

  it("7 a subscriber that polls and never acknowledges is ended", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const publisher = server.peer();
    await publisher.connect();
    let end: number | undefined;
    await publishUntil(publisher, topic, async () => {
      end = (await subscriber.poll({ r: received, h: 0 })).sessionEnd;
      return end !== undefined;
    });
    // The poll may meet the end itself, or a session that has ended.
    expect([4002, 4003]).toContain(end);
  });
});

describe.skipIf(isForeign)("on a server that keeps two sessions", () => {
  const server = useServer({ limits: { maxSessions: 2 } });

  it("10 a third is told 4007 and when to come back; the two go on, and the end of one makes room", async () => {
    const [first, second, third] = [server.peer(), server.peer(), server.peer()];
    const received = await first.connect();
    await second.connect();
    const busy = await third.poll({ o: 1, h: 0 });
    expect(busy.sessionEnd).toBe(4007);
    expect(parametersOf(busy.records.at(-1)!).get("retry")).toMatch(/^[1-9][0-9]*$/);
    const socket = await third.socket({ o: 1, t: 1 });
    expect(await socket.sessionEnd()).toBe(4007);
    expect((await first.poll({ r: received, h: 0 })).shape).toBe("ga");
    await second.send(endOfSession({ code: "1000" }));
    expect((await server.peer().poll({ o: 1, h: 0 })).shape).toBe("ga");
  });
});

describe.skipIf(isForeign)("on a server that takes three carriers of a session", () => {
  const server = useServer({ limits: { maxCarriers: 3 } });

  it("10 a fourth ends the oldest that is not active with 4005", async () => {
    const peer = server.peer();
    const active = await peer.socket({ o: 1, t: 1 });
    await active.greeted();
    const oldest = await peer.socket();
    await oldest.greeted();
    const younger = await peer.socket();
    await younger.greeted();
    const youngest = await peer.socket();
    await youngest.greeted();
    expect(await oldest.closed()).toBe(4005);
    for (const carrier of [active, younger, youngest]) {
      await carrier.settled();
      expect(carrier.isOpen).toBe(true);
    }
  });

  it("10 the bound counts each session for itself", async () => {
    const sockets = await Promise.all([1, 2, 3, 4, 5].map(() => server.peer().socket({ o: 1, t: 1 })));
    for (const socket of sockets) await within(socket.settled(), "the WebSocket answers");
  });
});
