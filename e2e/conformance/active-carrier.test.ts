import { describe, expect, it } from "vitest";
import { isPending, within } from "./deadline.ts";
import type { Peer } from "./peer.ts";
import { CONNECT, newTopic, sendTo, subscribeTo } from "./stomp.ts";
import { useServer } from "./target.ts";
import type { Carrier } from "./web-socket.ts";

const server = useServer();

async function newPublisher(): Promise<Peer> {
  const publisher = server.peer();
  await publisher.connect();
  return publisher;
}

/** A peer that is subscribed by poll, with a proven candidate WebSocket beside it. */
async function withCandidate(topic: string): Promise<{ peer: Peer; received: number; candidate: Carrier }> {
  const peer = server.peer();
  const received = await peer.subscribe(topic);
  const candidate = await peer.socket({ r: received });
  await candidate.greeted();
  await candidate.settled();
  return { peer, received, candidate };
}

describe("taking over", () => {
  it("6 a poll with a higher number takes over, and the held one is answered with e4005", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const { answer: first } = await peer.hold({ r: received });
    const second = peer.poll({ r: received });
    const ended = await within(first, "the first poll is answered");
    expect(ended.shape).toBe("gae");
    expect(ended.carrierEnd).toBe(4005);
    await peer.publish(topic, "to the second");
    expect((await within(second, "the second poll is answered")).bodies).toEqual(["to the second"]);
  });

  it("6 a poll with a lower number than the active one is refused with e4005, and the active one stays", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const low = peer.count + 1;
    const { answer: active } = await peer.hold({ r: received, c: low + 5 });
    const refused = await within(peer.poll({ r: received, c: low }), "the low poll is answered");
    expect(refused.shape).toBe("gae");
    expect(refused.carrierEnd).toBe(4005);
    expect(await isPending(active)).toBe(true);
    await peer.publish(topic, "to the active one");
    expect((await within(active, "the active poll is answered")).bodies).toEqual(["to the active one"]);
  });

  it("6 a poll that is refused because of its number has its body taken in all the same", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const low = peer.count + 1;
    const { answer: active } = await peer.hold({ r: received, c: low + 5 });
    const refused = await peer.poll({ r: received, c: low }, peer.say(sendTo(topic, "in the body")));
    expect(refused.carrierEnd).toBe(4005);
    expect(refused.acknowledged).toBe(peer.sent);
    expect((await within(active, "the active poll is answered")).bodies).toEqual(["in the body"]);
  });

  it("6 a number that was the highest counts though its poll was answered long ago", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const highest = peer.count;
    const late = await peer.socket({ r: received, t: 1, c: highest - 1 });
    expect(await late.closed()).toBe(4005);
    expect((await peer.poll({ r: received, h: 0, c: highest - 1 })).carrierEnd).toBe(4005);
  });

  it("6 of two polls with the same number the later one is active", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const c = peer.count + 1;
    const { answer: first } = await peer.hold({ r: received, c });
    const second = peer.poll({ r: received, c });
    expect((await within(first, "the first poll is answered")).carrierEnd).toBe(4005);
    await peer.publish(topic, "to the later one");
    expect((await within(second, "the second poll is answered")).bodies).toEqual(["to the later one"]);
  });

  it("6 a poll may be repeated with its number after its answer was lost", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const body = peer.say(sendTo(topic, "once"));
    const c = peer.count + 1;
    expect((await peer.poll({ r: received, c }, body)).bodies).toEqual(["once"]);
    const repeated = await peer.poll({ r: received, c }, body);
    expect(repeated.carrierEnd).toBeUndefined();
    expect(repeated.bodies).toEqual(["once"]);
    expect(repeated.acknowledged).toBe(3);
  });

  it("6 a WebSocket with t takes over at once: the held poll is answered with e4005, and s comes at once", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const { answer: held } = await peer.hold({ r: received });
    const socket = await peer.socket({ r: received, t: 1 });
    await socket.until("g, a and s come", () => socket.shape === "gas");
    expect(socket.start).toBe(received + 1);
    expect((await within(held, "the held poll is answered")).carrierEnd).toBe(4005);
  });

  it("6 a WebSocket with t and a higher number closes the one before with 4005", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const first = await peer.socket({ r: received, t: 1 });
    await first.until("s comes", () => first.start !== undefined);
    const second = await peer.socket({ r: received, t: 1 });
    expect(await first.closed()).toBe(4005);
    await peer.publish(topic, "to the second");
    await second.until("the message comes", () => second.bodies.length > 0);
    expect(second.start).toBe(received + 1);
  });

  it("6 of two WebSockets with the same number the later one is active", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const c = peer.count + 1;
    const first = await peer.socket({ r: received, t: 1, c });
    await first.until("s comes", () => first.start !== undefined);
    const second = await peer.socket({ r: received, t: 1, c });
    expect(await first.closed()).toBe(4005);
    await second.until("s comes", () => second.start !== undefined);
  });

  it("6 a WebSocket with a lower number than the active poll is closed with 4005", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const low = peer.count + 1;
    const { answer: held } = await peer.hold({ r: received, c: low + 5 });
    const socket = await peer.socket({ r: received, t: 1, c: low });
    expect(await socket.closed()).toBe(4005);
    expect(await isPending(held)).toBe(true);
    await peer.publish(topic, "to the poll");
    expect((await within(held, "the poll is answered")).bodies).toEqual(["to the poll"]);
  });
});

describe("a candidate", () => {
  it("6 is greeted, answers pings, and gets no messages", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    await peer.publish(topic, "not for a candidate");
    expect((await peer.poll({ r: received })).bodies).toEqual(["not for a candidate"]);
    await candidate.settled();
    expect(candidate.shape).toMatch(/^gaq+$/);
  });

  it("6 leaves a held poll as it is", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const held = peer.poll({ r: received });
    const candidate = await peer.socket({ r: received });
    await candidate.greeted();
    await candidate.settled();
    expect(await isPending(held)).toBe(true);
    await peer.publish(topic, "to the poll");
    expect((await within(held, "the poll is answered")).bodies).toEqual(["to the poll"]);
  });

  it("6 gets nothing even when no carrier is active", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    await peer.publish(topic, "kept for the active carrier");
    await candidate.settled();
    expect(candidate.shape).toMatch(/^gaq+$/);
    expect((await peer.poll({ r: received })).bodies).toEqual(["kept for the active carrier"]);
  });

  it("6 with a higher number does not make a poll with a lower one come late", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const low = peer.count + 1;
    const candidate = await peer.socket({ r: received, c: low + 5 });
    await candidate.greeted();
    expect((await peer.poll({ r: received, h: 0, c: low })).carrierEnd).toBeUndefined();
    await candidate.settled();
  });
});

describe("naming", () => {
  it("6 a candidate that is named behind a gets s at once, and the held poll is answered with e4005", async () => {
    const { peer, received, candidate } = await withCandidate(newTopic());
    const { answer: held } = await peer.hold({ r: received });
    candidate.send(`a${received}:n${++peer.count}:`);
    await candidate.until("s comes", () => candidate.start !== undefined);
    expect(candidate.start).toBe(received + 1);
    const ended = await within(held, "the held poll is answered");
    expect(ended.shape).toBe("gae");
    expect(ended.carrierEnd).toBe(4005);
  });

  it("6 a named carrier gets what comes from then on", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    candidate.send(`a${received}:n${++peer.count}:`);
    await candidate.until("s comes", () => candidate.start !== undefined);
    const publisher = await newPublisher();
    await publisher.publish(topic, "one", "two");
    await candidate.until("both messages come", () => candidate.bodies.length >= 2);
    expect(candidate.messages.map(({ number }) => number)).toEqual([received + 1, received + 2]);
    expect(candidate.bodies).toEqual(["one", "two"]);
  });

  it("6 what a poll brought and was not acknowledged is sent again on the named carrier", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    await peer.publish(topic, "twice");
    expect((await peer.poll({ r: received })).bodies).toEqual(["twice"]);
    candidate.send(`a${received}:n${++peer.count}:`);
    await candidate.until("the message comes again", () => candidate.bodies.length > 0);
    expect(candidate.start).toBe(received + 1);
    expect(candidate.bodies).toEqual(["twice"]);
  });

  it("6 what is acknowledged in front of n is not sent again", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    await peer.publish(topic, "once");
    expect((await peer.poll({ r: received })).bodies).toEqual(["once"]);
    candidate.send(`a${received + 1}:n${++peer.count}:`);
    await candidate.until("s comes", () => candidate.start !== undefined);
    expect(candidate.start).toBe(received + 2);
    await candidate.settled();
    expect(candidate.bodies).toEqual([]);
  });

  it("6 the client goes on sending on the named carrier from the server's latest acknowledgement", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    candidate.send(`a${received}:n${++peer.count}:`);
    await candidate.until("s comes", () => candidate.start !== undefined);
    candidate.send(peer.say(sendTo(topic, "up and down")));
    await candidate.until("the message comes", () => candidate.bodies.length > 0);
    expect(candidate.bodies).toEqual(["up and down"]);
  });

  it("6 a candidate named with a number that is no longer the highest is closed with 4005", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    const name = ++peer.count;
    const { answer: held } = await peer.hold({ r: received });
    candidate.send(`a${received}:n${name}:`);
    expect(await candidate.closed()).toBe(4005);
    expect(candidate.start).toBeUndefined();
    await peer.publish(topic, "to the poll");
    expect((await within(held, "the poll is answered")).bodies).toEqual(["to the poll"]);
  });

  it("6 one of several candidates can be named, and the others stay candidates", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    const other = await peer.socket({ r: received });
    await other.greeted();
    other.send(`a${received}:n${++peer.count}:`);
    await other.until("s comes", () => other.start !== undefined);
    await peer.publish(topic, "to the named one");
    await other.until("the message comes", () => other.bodies.length > 0);
    await candidate.settled();
    expect(candidate.shape).toMatch(/^gaq+$/);
  });
});

describe("naming by send", () => {
  it("6 n for a carrier that is no more changes nothing", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const { answer: held } = await peer.hold({ r: received });
    const k = ++peer.count;
    const answer = await peer.send(`n${peer.count + 50}:`, { k });
    expect(answer.shape).toBe("a");
    await peer.publish(topic, "to the poll");
    expect((await within(held, "the poll is answered")).bodies).toEqual(["to the poll"]);
    expect((await peer.poll({ r: received + 1, h: 0 })).carrierEnd).toBeUndefined();
  });
});

describe("moving back", () => {
  it("6 a poll with a higher number closes the WebSocket with 4005 and goes on where it was", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT, subscribeTo(topic)));
    await socket.until("both answers come", () => socket.messages.length >= 2);
    const received = socket.messages.length;
    const held = peer.poll({ r: received });
    expect(await socket.closed()).toBe(4005);
    const publisher = await newPublisher();
    await publisher.publish(topic, "by poll again");
    const answer = await within(held, "the poll is answered");
    expect(answer.start).toBe(received + 1);
    expect(answer.bodies).toEqual(["by poll again"]);
    expect(answer.acknowledged).toBe(2);
  });

  it("6 up, down and up again loses and doubles nothing", async () => {
    const topic = newTopic();
    const { peer, received, candidate } = await withCandidate(topic);
    const publisher = await newPublisher();
    const bodies: string[] = [];
    candidate.send(`a${received}:n${++peer.count}:`);
    await publisher.publish(topic, "one");
    await candidate.until("the message comes", () => candidate.bodies.length > 0);
    bodies.push(...candidate.bodies);
    await publisher.publish(topic, "two");
    const down = await peer.poll({ r: received + 1 });
    bodies.push(...down.bodies);
    await publisher.publish(topic, "three");
    const up = await peer.socket({ r: received + 2, t: 1 });
    await up.until("the message comes", () => up.bodies.length > 0);
    bodies.push(...up.bodies);
    expect(bodies).toEqual(["one", "two", "three"]);
    expect(await candidate.closed()).toBe(4005);
  });
});
