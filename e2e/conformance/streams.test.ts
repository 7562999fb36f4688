import { describe, expect, it } from "vitest";
import { isPending, within } from "./deadline.ts";
import type { Peer } from "./peer.ts";
import { binary, endOfSession, text } from "./records.ts";
import { CONNECT, commandOf, newTopic, octetsOf, sendOctetsTo, sendTo, subscribeTo } from "./stomp.ts";
import { type Stream, streamKinds } from "./stream.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

async function newPublisher(): Promise<Peer> {
  const publisher = server.peer();
  await publisher.connect();
  return publisher;
}

describe.each(streamKinds)("%s", (kind) => {
  /** A peer that is subscribed by poll, with a proven candidate beside it. */
  async function withCandidate(topic: string): Promise<{ peer: Peer; received: number; candidate: Stream }> {
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const candidate = await peer.stream(kind, { r: received });
    await candidate.greeted();
    await candidate.settled();
    return { peer, received, candidate };
  }

  /** A peer whose active carrier it is, subscribed. */
  async function subscribed(topic: string): Promise<{ peer: Peer; received: number; stream: Stream }> {
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream(kind, { r: received, t: 1 });
    await stream.until("s comes", () => stream.start !== undefined);
    return { peer, received, stream };
  }

  describe("as the first carrier", () => {
    it("7 opens the session, and g, a and s come at once", async () => {
      const stream = await server.peer().stream(kind, { o: 1, t: 1 });
      await stream.until("g, a and s come", () => stream.shape === "gas");
      expect(stream.acknowledged).toBe(0);
      expect(stream.start).toBe(1);
    });

    it("4 has the same greeting as a poll", async () => {
      const peer = server.peer();
      const { greeting } = await peer.poll({ o: 1, h: 0 });
      const stream = await peer.stream(kind);
      await stream.greeted();
      expect(stream.greeting.toString()).toBe(greeting.toString());
    });

    it("5 brings what the messages of a send cause", async () => {
      const topic = newTopic();
      const peer = server.peer();
      const stream = await peer.stream(kind, { o: 1, t: 1 });
      await stream.greeted();
      expect((await peer.send(peer.say(CONNECT, subscribeTo(topic)))).acknowledged).toBe(2);
      await stream.until("both answers come", () => stream.messages.length >= 2);
      expect(stream.messages.map(({ message }) => commandOf(message))).toEqual(["CONNECTED", "RECEIPT"]);
      await peer.publish(topic, "up and down");
      await stream.until("the message comes", () => stream.bodies.length > 0);
      expect(stream.bodies).toEqual(["up and down"]);
      expect(stream.messages.map(({ number }) => number)).toEqual([1, 2, 3]);
    });

    it("7 is told x with 4002, and is not greeted, where it may not open the session", async () => {
      const stream = await server.peer().stream(kind, { t: 1 });
      expect(await stream.sessionEnd()).toBe(4002);
      expect(stream.shape).toBe("x");
    });

    it("7 is told x with 4002 when the session has ended, with o too", async () => {
      const peer = server.peer();
      await peer.connect();
      await peer.send(endOfSession({ code: "1000" }));
      expect(await (await peer.stream(kind, { t: 1, o: 1 })).sessionEnd()).toBe(4002);
    });

    it("3.1 is told x with 4000 when r is above what was sent", async () => {
      const stream = await server.peer().stream(kind, { o: 1, t: 1, r: 1_000 });
      expect(await stream.sessionEnd()).toBe(4000);
    });
  });

  describe("that takes over", () => {
    it("6 gets s at once, and the held poll is answered with e4005", async () => {
      const peer = server.peer();
      const received = await peer.connect();
      const { answer: held } = await peer.hold({ r: received });
      const stream = await peer.stream(kind, { r: received, t: 1 });
      await stream.until("g, a and s come", () => stream.shape === "gas");
      expect(stream.start).toBe(received + 1);
      expect((await within(held, "the held poll is answered")).carrierEnd).toBe(4005);
    });

    it("6 ends with e4005 when a poll takes over, which goes on where it was", async () => {
      const topic = newTopic();
      const { peer, received, stream } = await subscribed(topic);
      await peer.publish(topic, "on the stream");
      await stream.until("the message comes", () => stream.bodies.length > 0);
      const held = peer.poll({ r: received + 1 });
      expect(await stream.carrierEnd()).toBe(4005);
      await peer.publish(topic, "by poll again");
      const answer = await within(held, "the poll is answered");
      expect(answer.start).toBe(received + 2);
      expect(answer.bodies).toEqual(["by poll again"]);
    });

    it("6 ends with e4005 when a WebSocket takes over", async () => {
      const { peer, received, stream } = await subscribed(newTopic());
      const socket = await peer.socket({ r: received, t: 1 });
      expect(await stream.carrierEnd()).toBe(4005);
      await socket.until("s comes", () => socket.start === received + 1);
    });

    it("6 with a lower number than the active one is answered g, a and e4005, and the active one stays", async () => {
      const topic = newTopic();
      const peer = server.peer();
      const received = await peer.subscribe(topic);
      const low = peer.count + 1;
      const { answer: active } = await peer.hold({ r: received, c: low + 5 });
      const late = await peer.stream(kind, { r: received, t: 1, c: low });
      expect(await late.carrierEnd()).toBe(4005);
      expect(late.shape).toBe("gae");
      expect(await isPending(active)).toBe(true);
      await peer.publish(topic, "to the active one");
      expect((await within(active, "the active poll is answered")).bodies).toEqual(["to the active one"]);
    });

    it("6 of two with the same number the later one is active", async () => {
      const topic = newTopic();
      const peer = server.peer();
      const received = await peer.subscribe(topic);
      const c = peer.count + 1;
      const first = await peer.stream(kind, { r: received, t: 1, c });
      await first.until("s comes", () => first.start !== undefined);
      const second = await peer.stream(kind, { r: received, t: 1, c });
      expect(await first.carrierEnd()).toBe(4005);
      await peer.publish(topic, "to the later one");
      await second.until("the message comes", () => second.bodies.length > 0);
      await second.settled();
    });

    it("10 is one of the carriers of which there may be eight", async () => {
      const { peer, received, stream } = await subscribed(newTopic());
      const candidates: Stream[] = [];
      for (let times = 0; times < 8; times++) {
        const candidate = await peer.stream(kind, { r: received });
        await candidate.greeted();
        candidates.push(candidate);
      }
      if (!isForeign) expect(await candidates[0]!.carrierEnd()).toBe(4005);
      await stream.settled();
      await candidates[7]!.settled();
    });
  });

  describe("as a candidate", () => {
    it("6 is greeted, answers pings, and gets no messages", async () => {
      const topic = newTopic();
      const { peer, received, candidate } = await withCandidate(topic);
      await peer.publish(topic, "not for a candidate");
      expect((await peer.poll({ r: received })).bodies).toEqual(["not for a candidate"]);
      await candidate.settled();
      expect(candidate.shape).toMatch(/^gaq+$/);
    });

    it("6 leaves a held poll as it is, and gets nothing even when no carrier is active", async () => {
      const topic = newTopic();
      const { peer, received, candidate } = await withCandidate(topic);
      const { answer: held } = await peer.hold({ r: received });
      await candidate.settled();
      expect(await isPending(held)).toBe(true);
      await peer.publish(topic, "to the poll");
      await within(held, "the poll is answered");
      await peer.publish(topic, "kept for the active carrier");
      await candidate.settled();
      expect(candidate.shape).toMatch(/^gaq+$/);
    });

    it("6 that is named by send with k gets s at once and what comes then, and the held poll is answered with e4005", async () => {
      const topic = newTopic();
      const { peer, received, candidate } = await withCandidate(topic);
      const { answer: held } = await peer.hold({ r: received });
      const answer = await candidate.speak(`a${received}:n${++peer.count}:`);
      expect(answer.shape).toBe("a");
      await candidate.until("s comes", () => candidate.start === received + 1);
      const ended = await within(held, "the held poll is answered");
      expect(ended.shape).toBe("gae");
      expect(ended.carrierEnd).toBe(4005);
      const publisher = await newPublisher();
      await publisher.publish(topic, "one", "two");
      await candidate.until("both messages come", () => candidate.bodies.length >= 2);
      expect(candidate.messages.map(({ number }) => number)).toEqual([received + 1, received + 2]);
      expect(candidate.bodies).toEqual(["one", "two"]);
    });

    it("6 that is named gets again what a poll brought and was not acknowledged, and nothing else", async () => {
      const topic = newTopic();
      const { peer, received, candidate } = await withCandidate(topic);
      await peer.publish(topic, "once", "twice");
      expect((await peer.poll({ r: received })).bodies).toEqual(["once", "twice"]);
      await candidate.speak(`a${received + 1}:n${++peer.count}:`);
      await candidate.until("the message comes again", () => candidate.bodies.length > 0);
      await candidate.settled();
      expect(candidate.start).toBe(received + 2);
      expect(candidate.bodies).toEqual(["twice"]);
    });

    it("6 that is named with a number that is no longer the highest ends with e4005", async () => {
      const topic = newTopic();
      const { peer, received, candidate } = await withCandidate(topic);
      const name = ++peer.count;
      const { answer: held } = await peer.hold({ r: received });
      await candidate.speak(`a${received}:n${name}:`);
      expect(await candidate.carrierEnd()).toBe(4005);
      expect(candidate.start).toBeUndefined();
      await peer.publish(topic, "to the poll");
      expect((await within(held, "the poll is answered")).bodies).toEqual(["to the poll"]);
    });

    it("6 may be named where it is the first carrier that its session has", async () => {
      const peer = server.peer();
      const candidate = await peer.stream(kind, { o: 1 });
      await candidate.greeted();
      await candidate.settled();
      await candidate.speak(`n${++peer.count}:`);
      await candidate.until("s comes", () => candidate.start === 1);
      await peer.send(peer.say(CONNECT));
      await candidate.until("CONNECTED comes", () => candidate.messages.length > 0);
    });
  });

  describe("that was named", () => {
    it("2 goes on being spoken for by the number that it was opened with, and not by its name", async () => {
      const { peer, received, candidate } = await withCandidate(newTopic());
      const name = ++peer.count;
      await candidate.speak(`a${received}:n${name}:`);
      await candidate.until("s comes", () => candidate.start !== undefined);
      expect((await peer.send("p7:", { k: name })).shape).toBe("a");
      await candidate.settled();
      expect(candidate.pongs).not.toContain(7);
    });

    it("6 begins again with s when it is named again", async () => {
      const topic = newTopic();
      const { peer, received, stream } = await subscribed(topic);
      await peer.publish(topic, "twice");
      await stream.until("the message comes", () => stream.bodies.length > 0);
      await stream.speak(`n${++peer.count}:`);
      await stream.until("the message comes again", () => stream.bodies.length > 1);
      expect(stream.messages.map(({ number }) => number)).toEqual([received + 1, received + 1]);
      expect(stream.bodies).toEqual(["twice", "twice"]);
    });
  });

  describe("when it breaks in the middle", () => {
    it("7 the next one goes on from r, with the same numbers", async () => {
      const topic = newTopic();
      const { peer, received, stream } = await subscribed(topic);
      const publisher = await newPublisher();
      await publisher.publish(topic, "one", "two", "three");
      await stream.until("three messages come", () => stream.bodies.length >= 3);
      stream.destroy();
      await publisher.publish(topic, "four");
      const next = await peer.stream(kind, { r: received + 1, t: 1 });
      await next.until("three messages come", () => next.bodies.length >= 3);
      expect(next.start).toBe(received + 2);
      expect(next.bodies).toEqual(["two", "three", "four"]);
    });

    it("3.1 r below what an a has said meanwhile does not bring back what was acknowledged", async () => {
      const topic = newTopic();
      const { peer, received, stream } = await subscribed(topic);
      await peer.publish(topic, "one", "two");
      await stream.until("both messages come", () => stream.bodies.length >= 2);
      await stream.speak(`a${received + 1}:`);
      stream.destroy();
      const next = await peer.stream(kind, { r: received, t: 1 });
      await next.until("a message comes", () => next.bodies.length > 0);
      expect(next.start).toBe(received + 2);
      expect(next.bodies).toEqual(["two"]);
    });

    it("7 a poll goes on, and messages of the client that were sent beside it count", async () => {
      const topic = newTopic();
      const { peer, received, stream } = await subscribed(topic);
      await peer.publish(topic, "before");
      stream.destroy();
      await peer.publish(topic, "after");
      expect(await peer.listen(received, 2)).toEqual(["before", "after"]);
    });

    it("7.1 n, p and q for it are ignored", async () => {
      const { peer, received, stream } = await subscribed(newTopic());
      const held = peer.poll({ r: received });
      expect(await stream.carrierEnd()).toBe(4005);
      expect((await stream.speak(`p1:q1:n${peer.count + 50}:`)).shape).toBe("a");
      expect(await isPending(held)).toBe(true);
      expect((await peer.poll({ r: received, h: 0 })).carrierEnd).toBeUndefined();
    });
  });

  describe("what it carries", () => {
    it("3 is text of all kinds of characters", async () => {
      const sent = `é ß 漢 😀 \u{10FFFF} \uD800 \uDC00 \r\n \r \n \0 \t \\ \\r \\\\ : " < > & ' \u2028 \u2029 \uFEFF \u0001
 begins with a space
: data: id: event:
</script><!-- <script> --> ]]> \\u2028 t3:abc x0: 😀\r`;
      const arrives = sent.replace("\uD800", "\uFFFD").replace("\uDC00", "\uFFFD");
      const topic = newTopic();
      const { peer, stream } = await subscribed(topic);
      const bodies = [sent, "</script>", "<!--", "\u2028", "\r", "\n", "\\", "\\n", "\uFEFF", " ", "\r\n\r\n", ""];
      await peer.publish(topic, ...bodies);
      await stream.until("all come", () => stream.bodies.length >= bodies.length);
      expect(stream.bodies).toEqual([arrives, ...bodies.slice(1)]);
    });

    it("3 is octets that are no text, in b", async () => {
      const everyOctet = Uint8Array.from({ length: 256 }, (_, octet) => octet);
      const large = Uint8Array.from({ length: 100_000 }, (_, at) => at * 7);
      const topic = newTopic();
      const { peer, stream } = await subscribed(topic);
      const frames = [everyOctet, large].map((octets) => sendOctetsTo(topic, octets));
      await peer.send(`s${peer.sent + 1}:${frames.map(binary).join("")}`);
      await stream.until("both messages come", () => stream.messages.length >= 2);
      expect(stream.shape.replaceAll(/[apq]/g, "")).toBe("gsbb");
      expect(stream.messages.map(({ message }) => octetsOf(message))).toEqual([everyOctet, large].map(Buffer.from));
    });

    it("5 is megabytes, in order, also for a client that acknowledges late", async () => {
      const topic = newTopic();
      const { peer, stream } = await subscribed(topic);
      const names = Array.from({ length: 50 }, (_, index) => String(index).padStart(60_000, "."));
      for (let at = 0; at < names.length; at += 4) await peer.publish(topic, ...names.slice(at, at + 4));
      await stream.until("all come", () => stream.bodies.length >= names.length);
      expect(stream.bodies).toEqual(names);
    });

    it("3 is large messages beside small ones", async () => {
      const topic = newTopic();
      const { peer, stream } = await subscribed(topic);
      const bodies = ["small", "x".repeat(1_500_000), "small again"];
      await peer.publish(topic, ...bodies);
      await stream.until("all come", () => stream.bodies.length >= 3);
      expect(stream.bodies).toEqual(bodies);
    });
  });

  describe("at the end of its session", () => {
    it("7 gets x with 1000 when the client ends it by send", async () => {
      const { peer, received, stream } = await subscribed(newTopic());
      const candidate = await peer.stream(kind, { r: received });
      await candidate.greeted();
      await peer.send(endOfSession({ code: "1000" }));
      expect(await stream.sessionEnd()).toBe(1000);
      expect(await candidate.sessionEnd()).toBe(1000);
    });

    it("7 gets x behind the last message when the server ends it", async () => {
      const peer = server.peer();
      const stream = await peer.stream(kind, { o: 1, t: 1 });
      await stream.greeted();
      await peer.send(peer.say(CONNECT, "NO SUCH COMMAND\n\n\0"));
      expect(await stream.sessionEnd()).toBe(4100);
      expect(stream.messages.map(({ message }) => commandOf(message))).toEqual(["CONNECTED", "ERROR"]);
    });

    it.each(["n5:", "p5:", "q5:"])("7.1 gets x with 4000 when %s comes without k", async (record) => {
      const { peer, stream } = await subscribed(newTopic());
      expect((await peer.send(record)).sessionEnd).toBe(4000);
      expect(await stream.sessionEnd()).toBe(4000);
    });
  });
});

describe("k", () => {
  it("7.1 of a WebSocket or of a poll speaks for none", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const poll = peer.count + 1;
    const { answer: held } = await peer.hold({ r: received });
    const socket = await peer.socket({ r: received });
    await socket.greeted();
    for (const k of [poll, peer.count, peer.count + 100])
      expect((await peer.send("p77:q1:n1:", { k })).shape).toBe("a");
    await socket.settled();
    expect(socket.shape).toBe("gaq");
    expect(await isPending(held)).toBe(true);
  });

  it("5.2 does not keep messages from being taken in", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("stream", { r: received, t: 1 });
    const answer = await stream.speak(`p5:${peer.say(sendTo(topic, "beside a ping"))}p6:`);
    expect(answer.acknowledged).toBe(peer.sent);
    await stream.until("the message comes", () => stream.bodies.length > 0);
    expect(stream.pongs).toEqual([5, 6]);
  });
});

describe("the body of stream", () => {
  it("5 is taken in, and what it causes comes on the stream", async () => {
    const peer = server.peer();
    const stream = await peer.stream("stream", { o: 1, t: 1 }, { body: peer.say(CONNECT) });
    await stream.until("CONNECTED comes", () => stream.messages.length > 0);
    expect(stream.acknowledged).toBe(1);
    expect(stream.shape).toMatch(/^gast$/);
  });

  it("6 is taken in from one that comes too late", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const low = peer.count + 1;
    const { answer: active } = await peer.hold({ r: received, c: low + 5 });
    const body = peer.say(sendTo(topic, "in the body"));
    const late = await peer.stream("stream", { r: received, t: 1, c: low }, { body });
    expect(await late.carrierEnd()).toBe(4005);
    expect(late.acknowledged).toBe(peer.sent);
    expect((await within(active, "the active poll is answered")).bodies).toEqual(["in the body"]);
  });

  it("3.1 with a gap is dropped from there on, and the greeting says where to go on", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const body = `s${peer.sent + 2}:${text(sendTo(topic, "too early"))}`;
    const stream = await peer.stream("stream", { r: received, t: 1 }, { body });
    await stream.until("s comes", () => stream.start !== undefined);
    expect(stream.acknowledged).toBe(peer.sent);
    await stream.settled();
    expect(stream.isOpen).toBe(true);
  });

  it("3.1 may repeat what was taken in before", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const body = peer.say(sendTo(topic, "once"));
    await peer.send(body);
    const stream = await peer.stream("stream", { r: received, t: 1 }, { body });
    await stream.until("the message comes", () => stream.bodies.length > 0);
    await stream.settled();
    expect(stream.bodies).toEqual(["once"]);
  });

  it.each(["z0:", "n5:", "p5:", "q5:"])("3 ends the session with 4000 when it is %s", async (body) => {
    const peer = server.peer();
    await peer.connect();
    const stream = await peer.stream("stream", { r: 1, t: 1 }, { body });
    expect(await stream.sessionEnd()).toBe(4000);
    expect(stream.shape).toBe("gax");
  });
});

describe("rotation", () => {
  /** Enough for a rotation, in messages of 60 kB. */
  const names = Array.from({ length: 100 }, (_, index) => String(index).padStart(60_000, "."));

  it.each(streamKinds)("5.5 %s is ended with e4008 or goes on, and nothing is lost", async (kind) => {
    const topic = newTopic();
    const peer = server.peer();
    let received = await peer.subscribe(topic);
    const publisher = await newPublisher();
    const publishing = (async () => {
      for (let at = 0; at < names.length; at += 4) await publisher.publish(topic, ...names.slice(at, at + 4));
    })();
    const bodies: string[] = [];
    let rotations = 0;
    while (bodies.length < names.length) {
      const stream = await peer.stream(kind, { r: received, t: 1 });
      await stream.until("all come, or the answer is over", () => {
        const isAll = bodies.length + stream.bodies.length === names.length;
        return isAll || !stream.isOpen;
      });
      bodies.push(...stream.bodies);
      received += stream.messages.length;
      if (stream.isOpen) stream.destroy();
      else {
        expect(await stream.carrierEnd()).toBe(4008);
        rotations++;
      }
      if (kind !== "events") expect(stream.text.length).toBeLessThan(4.2 * 1_024 * 1_024);
    }
    await publishing;
    expect(bodies).toEqual(names);
    if (kind !== "events") expect(rotations).toBeGreaterThanOrEqual(1);
  });
});
