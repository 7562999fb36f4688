import { describe, expect, it } from "vitest";
import type { Peer } from "./peer.ts";
import { binary, read, text } from "./records.ts";
import { bodyOf, CONNECT, commandOf, newTopic, octetsOf, sendOctetsTo, sendTo, subscribeTo } from "./stomp.ts";
import { useServer } from "./target.ts";

const server = useServer();

const octetsFrom = (message: string): Buffer => Buffer.from(message);

/** Something of each kind that a text can hold. `sent` has lone surrogates where `arrives` has U+FFFD. */
const sent = `é ß 漢 😀 \u{10FFFF} \uD800 \uDC00 \r\n \r \n \0 \t \\ : " < > & ' \u2028 \u2029 \uFEFF \u0001 t3:abc x0: 😀`;
const arrives = sent.replace("\uD800", "\uFFFD").replace("\uDC00", "\uFFFD");

const everyOctet = Uint8Array.from({ length: 256 }, (_, octet) => octet);

describe("what the suite's own reader takes", () => {
  it("3 reads records that follow each other, and payloads that look like records", () => {
    expect(read("g3:v=1a0:s1:t4:a0:\nq7:")).toEqual([
      { type: "g", number: 3, payload: "v=1" },
      { type: "a", number: 0, payload: "" },
      { type: "s", number: 1, payload: "" },
      { type: "t", number: 4, payload: "a0:\n" },
      { type: "q", number: 7, payload: "" },
    ]);
  });

  it.each(["a", "a0", "a:", "a01:", "A0:", "z0:", "n1:", " a0:", "a0:\n", "t4:abc", "a9007199254740992:"])(
    "3 refuses %j from a server",
    (batch) => {
      expect(() => read(batch)).toThrow();
    },
  );
});

describe("text", () => {
  async function expectToPass(publisher: Peer, publish: (frame: string) => Promise<void> | void): Promise<void> {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const answer = subscriber.poll({ r: received });
    await publish(sendTo(topic, sent));
    expect((await answer).messages.map(({ message }) => bodyOf(message))).toEqual([arrives]);
    const socket = await subscriber.socket({ r: received, t: 1 });
    await socket.until("the message comes", () => socket.messages.length > 0);
    expect(socket.bodies).toEqual([arrives]);
    expect(publisher.sent).toBeGreaterThan(0);
  }

  it("3 text of all kinds of characters passes a poll's body, a poll's answer and a WebSocket", async () => {
    const publisher = server.peer();
    await publisher.connect();
    await expectToPass(publisher, async (frame) => {
      await publisher.poll({ r: 1, h: 0 }, publisher.say(frame));
    });
  });

  it("3 text of all kinds of characters passes the body of a send", async () => {
    const publisher = server.peer();
    await publisher.connect();
    await expectToPass(publisher, async (frame) => {
      await publisher.send(publisher.say(frame));
    });
  });

  it("3 text of all kinds of characters passes a WebSocket to the server", async () => {
    const publisher = server.peer();
    const socket = await publisher.socket({ o: 1, t: 1 });
    socket.send(publisher.say(CONNECT));
    await expectToPass(publisher, (frame) => socket.send(publisher.sayOn(frame)));
  });

  it("3 a length is counted in UTF-16 code units", async () => {
    const peer = server.peer();
    await peer.connect();
    const frame = sendTo(newTopic(), "é漢😀");
    expect((await peer.send(`s2:t${frame.length}:${frame}a0:`)).shape).toBe("a");
    expect((await peer.send(`s3:t${Buffer.byteLength(frame)}:${frame}`)).sessionEnd).toBe(4000);
  });

  it("3 a length is not counted in code points", async () => {
    const peer = server.peer();
    await peer.connect();
    const frame = sendTo(newTopic(), "😀");
    expect((await peer.send(`s2:t${[...frame].length}:${frame}`)).sessionEnd).toBe(4000);
  });

  it("3 a message may be empty", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(`s2:${text("")}${text(sendTo(newTopic(), "x"))}`)).acknowledged).toBe(3);
  });
});

describe("binary", () => {
  it("3 a message in b is accepted in a POST body", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const frames = [CONNECT, subscribeTo(topic)].map(octetsFrom);
    const opened = await subscriber.poll({ o: 1 }, `s1:${frames.map(binary).join("")}`);
    expect(opened.acknowledged).toBe(2);
    expect(opened.messages.map(({ message }) => commandOf(message))).toContain("CONNECTED");
  });

  it("3 octets that are no text pass in b, by POST and poll", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const publisher = server.peer();
    await publisher.connect();
    const answer = subscriber.poll({ r: received });
    await publisher.send(`s2:${binary(sendOctetsTo(topic, everyOctet))}`);
    const { shape, messages } = await answer;
    expect(shape).toBe("gasb");
    expect(octetsOf(messages[0]!.message)).toEqual(Buffer.from(everyOctet));
  });

  it.each([
    ["of no base64 character", "b4:!!!!"],
    ["in the URL's alphabet", "b4:-_-_"],
  ])("3 a payload of b %s ends the session with 4000", async (_, record) => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(`s2:${record}`)).sessionEnd).toBe(4000);
  });

  it("3 a binary WebSocket message is one message, in one numbering with text and b", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(`s1:${text(CONNECT)}`);
    socket.send(octetsFrom(subscribeTo(topic)));
    socket.send(octetsFrom(sendTo(topic, "one")));
    socket.send(text(sendTo(topic, "two")) + binary(octetsFrom(sendTo(topic, "three"))));
    socket.send(octetsFrom(sendTo(topic, "four")));
    await socket.until("four messages come", () => socket.bodies.length >= 4);
    expect(socket.bodies).toEqual(["one", "two", "three", "four"]);
    await socket.until("all six are acknowledged", () => socket.acknowledged === 6);
  });

  it("3 octets that are no text pass on a WebSocket, both ways", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT, subscribeTo(topic)));
    socket.send(sendOctetsTo(topic, everyOctet));
    socket.send(sendOctetsTo(topic, everyOctet.toReversed()));
    const arrived = (): Buffer[] =>
      socket.messages.filter(({ message }) => commandOf(message) === "MESSAGE").map(({ message }) => octetsOf(message));
    await socket.until("two messages come", () => arrived().length >= 2);
    expect(arrived()).toEqual([Buffer.from(everyOctet), Buffer.from(everyOctet.toReversed())]);
  });

  it.each([1_000, 100_000])(
    "3 %i octets pass on a WebSocket, whichever form the server takes for them",
    async (size) => {
      const topic = newTopic();
      const octets = Uint8Array.from({ length: size }, (_, at) => at * 7);
      const peer = server.peer();
      const socket = await peer.socket({ o: 1, t: 1 });
      socket.send(peer.say(CONNECT, subscribeTo(topic)));
      socket.send(sendOctetsTo(topic, octets));
      socket.send(text(sendTo(topic, "text behind it")));
      await socket.until("both messages come", () => socket.bodies.length >= 2);
      const [first, second] = socket.messages.map(({ message }) => message).filter((m) => commandOf(m) === "MESSAGE");
      expect(octetsOf(first!)).toEqual(Buffer.from(octets));
      expect(octetsOf(second!).toString()).toBe("text behind it");
    },
  );

  it("3.1 a binary WebSocket message without s before it ends the session with 4000", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    socket.send(octetsFrom(CONNECT));
    expect(await socket.sessionEnd()).toBe(4000);
  });
});

describe("what is not a record", () => {
  const malformed: [what: string, batch: string][] = [
    ["an unknown type", "z0:"],
    ["an upper-case type", "A0:"],
    ["a type without a number", "a:"],
    ["a number without a colon", "a0"],
    ["a number with a leading zero", "a00:"],
    ["a negative number", "a-1:"],
    ["a number of 17 digits", "a00000000000000000:"],
    ["a number above 2^53-1", "s9007199254740992:"],
    ["a message that is cut off", "s2:t50:SEND"],
    ["a record behind a space", " a0:"],
    ["a line feed behind a record", "a0:\n"],
    ["something that is no record at all", '{"type":"message"}'],
    ["a message without s", "t1:\n"],
    ["a greeting from the client", "g3:v=1"],
    ["an end of carrier from the client", "e4005:"],
  ];

  it.each(malformed)("3 %s in a POST body ends the session with 4000", async (_, body) => {
    const peer = server.peer();
    await peer.connect();
    const answer = await peer.send(body);
    expect(answer.sessionEnd).toBe(4000);
    expect((await peer.poll({ r: 1, h: 0 })).sessionEnd).toBe(4002);
  });

  it("3 a malformed body of a poll is answered with x and 4000", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.poll({ r: received }, "z0:")).sessionEnd).toBe(4000);
  });

  it("3 a ping in the body of a poll ends the session with 4000", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.poll({ r: received }, "p1:")).sessionEnd).toBe(4000);
  });

  it("3 a malformed body of the poll that opens the session is answered with x and 4000", async () => {
    expect((await server.peer().poll({ o: 1 }, "z0:")).sessionEnd).toBe(4000);
  });

  it.each(malformed)("3 %s on a WebSocket ends the session with x and 4000", async (_, batch) => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(batch);
    expect(await socket.sessionEnd()).toBe(4000);
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it("3 a session that ends with 4000 leaves the others as they are", async () => {
    const topic = newTopic();
    const bystander = server.peer();
    const received = await bystander.subscribe(topic);
    const held = bystander.poll({ r: received });
    const broken = server.peer();
    await broken.connect();
    expect((await broken.send("z0:")).sessionEnd).toBe(4000);
    const publisher = server.peer();
    await publisher.connect();
    await publisher.publish(topic, "still here");
    expect((await held).bodies).toEqual(["still here"]);
  });
});
