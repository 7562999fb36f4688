import { describe, expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { StompPeer } from "../testing/stomp-peer.ts";
import { Broker } from "./broker.ts";
import type { BrokerLimits } from "./limits.ts";

const create = (limits: Partial<BrokerLimits> = {}) => new Broker({ limits, clock: new ManualClock() });

describe("topics", () => {
  test("a message goes to all who are subscribed, its sender included, and to nobody else", () => {
    const broker = create();
    const [one, other, elsewhere] = [1, 2, 3].map(() => StompPeer.connected(broker));
    one!.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    other!.say("SUBSCRIBE", { id: "b", destination: "/topic/x" });
    elsewhere!.say("SUBSCRIBE", { id: "c", destination: "/topic/x/y" });
    one!.say("SEND", { destination: "/topic/x" }, "hello");
    expect(one!.heard()).toMatchObject([
      { command: "MESSAGE", headers: { subscription: "a", destination: "/topic/x" } },
    ]);
    expect(other!.heard()).toMatchObject([{ command: "MESSAGE", headers: { subscription: "b" }, body: "hello" }]);
    expect(elsewhere!.heard()).toEqual([]);
  });

  test("two subscriptions of one connection get a copy each", () => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    for (const id of ["a", "b"]) peer.say("SUBSCRIBE", { id, destination: "/topic/x" });
    peer.say("SEND", { destination: "/topic/x" });
    expect(peer.heard().map(({ headers }) => headers.subscription)).toEqual(["a", "b"]);
  });

  test("UNSUBSCRIBE ends it, and a topic without subscribers is forgotten", () => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    peer.say("SUBSCRIBE", { id: "b", destination: "/topic/x", ack: "client" });
    expect(broker.stats).toMatchObject({ topics: 1, subscriptions: 2 });
    peer.say("UNSUBSCRIBE", { id: "a" });
    peer.say("UNSUBSCRIBE", { id: "b" });
    peer.say("SEND", { destination: "/topic/x" });
    expect(peer.heard()).toEqual([]);
    expect(broker.stats).toMatchObject({ topics: 0, subscriptions: 0, queuedMessages: 0 });
  });

  test("in 1.0 a subscription may go without an id, and be ended by its destination", () => {
    const broker = create();
    const peer = StompPeer.connected(broker, "1.0");
    peer.say("SUBSCRIBE", { destination: "/topic/x" });
    peer.say("SEND", { destination: "/topic/x" }, "1");
    expect(peer.heard()[0]?.headers).not.toHaveProperty("subscription");
    peer.say("UNSUBSCRIBE", { destination: "/topic/x" });
    peer.say("SEND", { destination: "/topic/x" }, "2");
    expect(peer.heard()).toEqual([]);
  });

  test("in 1.0 a subscription with an id is ended by that or by its destination", () => {
    for (const headers of [{ id: "a" }, { destination: "/topic/x" }] as Record<string, string>[]) {
      const broker = create();
      const peer = StompPeer.connected(broker, "1.0");
      peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
      peer.say("SEND", { destination: "/topic/x" });
      expect(peer.heard()).toMatchObject([{ headers: { subscription: "a" } }]);
      peer.say("UNSUBSCRIBE", headers);
      expect([peer.heard(), broker.stats.subscriptions]).toEqual([[], 0]);
      peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
      expect(peer.heard()).toEqual([]);
    }
  });

  test("headers are passed on, but for those between the sender and the broker", () => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    const own = { receipt: "r", subscription: "forged", "message-id": "forged", ack: "forged", redelivered: "true" };
    peer.say("SEND", { destination: "/topic/x", "content-type": "text/plain", "a:b": "c\nd", ...own }, "x");
    const [message] = peer.heard();
    const { "message-id": id, ...headers } = message!.headers;
    expect(headers).toEqual({
      subscription: "a",
      destination: "/topic/x",
      "content-type": "text/plain",
      "a:b": "c\nd",
      "content-length": "1",
    });
    expect(id).not.toBe("forged");
  });

  test("each version gets its own escapes, and 1.0 no header that it cannot write", () => {
    const broker = create();
    const peers = (["1.0", "1.1", "1.2"] as const).map((version) => {
      const peer = StompPeer.connected(broker, version);
      peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x:y" });
      return peer;
    });
    peers[2]!.say("SEND", { destination: "/topic/x:y", plain: "p", odd: "a\nb", carriage: "a\rb" });
    expect(peers.map((peer) => peer.heard()[0]!.headers)).toMatchObject([
      { destination: "/topic/x:y", plain: "p" },
      { destination: "/topic/x:y", plain: "p", odd: "a\nb", carriage: "a\rb" },
      { destination: "/topic/x:y", plain: "p", odd: "a\nb", carriage: "a\rb" },
    ]);
    expect(peers[0]!.messages.at(-1)).not.toContain("odd");
    expect(peers[1]!.messages.at(-1)).toContain("\ndestination:/topic/x\\cy\n");
  });

  test("message ids are never used twice", () => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    for (let i = 0; i < 100; i++) peer.say("SEND", { destination: "/topic/x" });
    expect(new Set(peer.heard().map(({ headers }) => headers["message-id"])).size).toBe(100);
  });
});

describe("bodies", () => {
  const sent = (body: string | Uint8Array) => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    peer.say("SEND", { destination: "/topic/x" }, body);
    return { message: peer.messages.at(-1), frame: peer.heard()[0]! };
  };

  test("octets that are UTF-8 arrive as text", () => {
    const { message, frame } = sent(Buffer.from("grüße \0 ☄"));
    expect(typeof message).toBe("string");
    expect(frame).toMatchObject({ headers: { "content-length": "13" }, body: "grüße \0 ☄" });
  });

  test("text arrives as text, with its length in octets", () => {
    expect(sent("☄☄").frame).toMatchObject({ headers: { "content-length": "6" }, body: "☄☄" });
  });

  test("other octets arrive as they are", () => {
    const { message, frame } = sent(Uint8Array.of(0, 255, 10, 128));
    expect(message).toBeInstanceOf(Uint8Array);
    expect(frame.headers["content-length"]).toBe("4");
    expect([...(frame.body as Uint8Array)]).toEqual([0, 255, 10, 128]);
  });

  test("a byte order mark is part of the body", () => {
    expect(sent(Buffer.from("\ufeffx")).frame.body).toBe("\ufeffx");
  });

  test("an empty body is empty", () => {
    expect(sent(new Uint8Array()).frame.body).toBe("");
  });

  test("binary bodies have the headers of each version too", () => {
    const broker = create();
    const peer = StompPeer.connected(broker, "1.1");
    peer.say("SUBSCRIBE", { id: "☄:", destination: "/topic/☄" });
    peer.say("SEND", { destination: "/topic/☄", x: "\n" }, Uint8Array.of(255));
    expect(peer.heard()[0]!.headers).toMatchObject({ subscription: "☄:", destination: "/topic/☄", x: "\n" });
  });
});

describe("publishing without a connection", () => {
  test("reaches subscribers, with headers", () => {
    const broker = create();
    const peer = StompPeer.connected(broker);
    peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    broker.publish("/topic/x", "hello", { "content-type": "text/plain", "": "nameless" });
    expect(peer.heard()).toMatchObject([{ headers: { "content-type": "text/plain" }, body: "hello" }]);
    expect(broker.stats).toMatchObject({ published: 1, delivered: 1 });
  });

  test("throws what a SEND would be refused with", () => {
    expect(() => create().publish("/x", "")).toThrow(expect.objectContaining({ code: "DESTINATION_UNKNOWN" }));
    expect(() => create({ queueMessages: 0 }).publish("/queue/x", "")).toThrow(
      expect.objectContaining({ code: "QUEUE_FULL" }),
    );
  });
});

describe("slow consumers of a topic", () => {
  test("one is closed with ERROR, and the others do not notice", () => {
    const broker = create({ slowConsumerOctets: 1000 });
    const peers = [1, 2, 3].map(() => StompPeer.connected(broker));
    for (const peer of peers) peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    const [one, slow, other] = peers as [StompPeer, StompPeer, StompPeer];
    broker.publish("/topic/x", "1");
    slow.bufferedAmount = 1001;
    broker.publish("/topic/x", "2");
    slow.leave();
    broker.publish("/topic/x", "3");
    expect([one.bodies(), other.bodies()]).toEqual([
      ["1", "2", "3"],
      ["1", "2", "3"],
    ]);
    expect(slow.heard().map(({ command, headers }) => headers.message ?? command)).toEqual([
      "MESSAGE",
      "SLOW_CONSUMER",
    ]);
    expect(slow.closed).toEqual({ code: 4100, reason: "SLOW_CONSUMER" });
    expect(broker.stats).toMatchObject({ connections: 2, subscriptions: 2 });
  });

  test("one that acknowledges is closed when too much waits behind what it has not acknowledged", () => {
    const broker = create({ slowConsumerOctets: 10_000, unackedMessages: 2 });
    const slow = StompPeer.connected(broker);
    const other = StompPeer.connected(broker);
    for (const peer of [slow, other]) peer.say("SUBSCRIBE", { id: "a", destination: "/topic/x", ack: "client" });
    let sent = 0;
    while (!slow.closed && sent < 1000) {
      broker.publish("/topic/x", "x".repeat(100));
      sent++;
      const last = other.heard().at(-1);
      if (last) other.say("ACK", { id: last.headers.ack! });
    }
    expect(sent).toBeGreaterThan(10);
    expect(slow.heard().map(({ command }) => command)).toEqual(["MESSAGE", "MESSAGE", "ERROR"]);
    expect(other.closed).toBeUndefined();
    expect(broker.stats.delivered).toBe(sent + 2);
  });

  test("its publisher is not read for a moment when half of the bound waits, if the channel can do that", () => {
    const clock = new ManualClock();
    const broker = new Broker({ clock, limits: { slowConsumerOctets: 1000 } });
    const [publisher, slow] = [StompPeer.connected(broker), StompPeer.connected(broker)];
    slow.say("SUBSCRIBE", { id: "a", destination: "/topic/x" });
    publisher.say("SEND", { destination: "/topic/x" });
    expect(publisher.isPaused).toBe(false);
    slow.bufferedAmount = 501;
    publisher.say("SEND", { destination: "/topic/x" });
    expect(publisher.isPaused).toBe(true);
    clock.advance(50);
    expect(publisher.isPaused).toBe(false);
    publisher.say("SEND", { destination: "/topic/x" });
    publisher.say("DISCONNECT");
    expect([publisher.isPaused, clock.pending]).toEqual([false, 0]);
  });

  test("receipts that a client does not take are bounded too", () => {
    const broker = create({ slowConsumerOctets: 1000 });
    const peer = StompPeer.connected(broker);
    peer.bufferedAmount = 1001;
    peer.say("SEND", { destination: "/topic/x", receipt: "r" });
    expect(peer.closed?.reason).toBe("SLOW_CONSUMER");
  });
});
