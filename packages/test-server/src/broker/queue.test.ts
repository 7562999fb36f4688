import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HIGH_WATER } from "../channel.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { StompPeer } from "../testing/stomp-peer.ts";
import { Broker } from "./broker.ts";
import type { BrokerLimits } from "./limits.ts";

const create = (limits: Partial<BrokerLimits> = {}) => new Broker({ limits, clock: new ManualClock() });

function consumer(broker: Broker, ack = "auto", version: "1.0" | "1.1" | "1.2" = "1.2", id = "a"): StompPeer {
  const peer = StompPeer.connected(broker, version);
  peer.say("SUBSCRIBE", { id, destination: "/queue/x", ack });
  return peer;
}

function publish(broker: Broker, ...bodies: string[]): void {
  for (const body of bodies) broker.publish("/queue/x", body);
}

describe("delivery", () => {
  test("messages wait in order while there is no consumer", () => {
    const broker = create();
    publish(broker, "1", "2", "3");
    expect(broker.stats).toMatchObject({ queues: 1, queuedMessages: 3 });
    expect(consumer(broker).bodies()).toEqual(["1", "2", "3"]);
    expect(broker.stats).toMatchObject({ queuedMessages: 0, queuedOctets: 0 });
  });

  test("consumers take turns, and each message goes to one of them", () => {
    const broker = create();
    const peers = [consumer(broker), consumer(broker), consumer(broker)];
    publish(broker, "1", "2", "3", "4", "5");
    expect(peers.map((peer) => peer.bodies())).toEqual([["1", "4"], ["2", "5"], ["3"]]);
  });

  test("an idle queue without consumers is forgotten", () => {
    const broker = create();
    const peer = consumer(broker, "client");
    expect(broker.stats.queues).toBe(1);
    publish(broker, "1");
    peer.say("ACK", { id: peer.heard()[0]!.headers.ack! });
    peer.say("UNSUBSCRIBE", { id: "a" });
    expect(broker.stats).toMatchObject({ queues: 0, queuedMessages: 0, queuedOctets: 0 });
  });

  test("what a message says is not changed by waiting", () => {
    const broker = create();
    const headers = { a: "x".repeat(20), b: "\ud800" };
    broker.publish("/queue/x", Uint8Array.of(1, 255), headers);
    broker.publish("/queue/x", "☄ text that is long enough to be a slice", headers);
    const frames = consumer(broker).heard();
    expect(frames[0]?.headers.a).toBe("x".repeat(20));
    expect([...(frames[0]!.body as Uint8Array)]).toEqual([1, 255]);
    expect(frames[1]?.body).toBe("☄ text that is long enough to be a slice");
  });
});

test("a message that waits does not hold on to the batch in which it came", () => {
  const broker = create();
  const batch = Buffer.concat([Buffer.from("SEND\ndestination:/queue/x\ncontent-length:2\n\n"), Buffer.of(255, 1, 0)]);
  StompPeer.connected(broker).sayRaw(batch);
  batch.fill(7);
  expect([...(consumer(broker).heard()[0]!.body as Uint8Array)]).toEqual([255, 1]);
});

describe("the bound on what a consumer has not acknowledged", () => {
  test("in messages", () => {
    const broker = create({ unackedMessages: 2 });
    const peer = consumer(broker, "client-individual");
    publish(broker, "1", "2", "3", "4");
    const [first, second] = peer.heard();
    expect([first?.body, second?.body, peer.heard().length]).toEqual(["1", "2", 0]);
    peer.say("ACK", { id: second!.headers.ack! });
    expect(peer.bodies()).toEqual(["3"]);
    peer.say("ACK", { id: first!.headers.ack! });
    expect(peer.bodies()).toEqual(["4"]);
  });

  test("in octets; the message that crosses it still passes", () => {
    const broker = create({ unackedOctets: 1000 });
    const peer = consumer(broker, "client");
    publish(broker, "x".repeat(5000), "2");
    const [first] = peer.heard();
    expect([first?.body.length, peer.heard().length]).toEqual([5000, 0]);
    peer.say("ACK", { id: first!.headers.ack! });
    expect(peer.bodies()).toEqual(["2"]);
  });

  test("one that has its fill does not hold up the others", () => {
    const broker = create({ unackedMessages: 1 });
    const full = consumer(broker, "client");
    const other = consumer(broker);
    publish(broker, "1", "2", "3", "4");
    expect([full.bodies(), other.bodies()]).toEqual([["1"], ["2", "3", "4"]]);
  });

  test("a consumer whose channel is full gets no more until it drains", () => {
    const broker = create();
    const peer = consumer(broker);
    publish(broker, "1");
    peer.bufferedAmount = HIGH_WATER + 1;
    publish(broker, "2", "3");
    expect(peer.bodies()).toEqual(["1"]);
    peer.drain();
    expect(peer.bodies()).toEqual(["2", "3"]);
    expect(peer.closed).toBeUndefined();
  });
});

describe("ACK", () => {
  test("in mode client is about all before it too", () => {
    const broker = create();
    const peer = consumer(broker, "client");
    publish(broker, "1", "2", "3");
    peer.say("ACK", { id: peer.heard()[1]!.headers.ack! });
    expect(broker.stats.queuedMessages).toBe(1);
  });

  test("in mode client-individual is about one", () => {
    const broker = create();
    const peer = consumer(broker, "client-individual");
    publish(broker, "1", "2", "3");
    peer.say("ACK", { id: peer.heard()[1]!.headers.ack! });
    expect(broker.stats.queuedMessages).toBe(2);
  });

  test("in mode auto there is nothing to acknowledge", () => {
    const broker = create();
    const peer = consumer(broker);
    publish(broker, "1");
    const { headers } = peer.heard()[0]!;
    expect(headers.ack).toBeUndefined();
    peer.say("ACK", { id: headers["message-id"]! });
    expect(peer.refusal()).toBe("ACK_UNKNOWN");
  });

  test("twice is refused", () => {
    const broker = create();
    const peer = consumer(broker, "client");
    publish(broker, "1");
    const { ack } = peer.heard()[0]!.headers;
    peer.say("ACK", { id: ack! });
    peer.say("ACK", { id: ack! });
    expect(peer.refusal()).toBe("ACK_UNKNOWN");
  });

  test("in 1.1 names message-id and subscription", () => {
    const broker = create();
    const peer = consumer(broker, "client", "1.1", "sub");
    publish(broker, "1");
    const { headers } = peer.heard()[0]!;
    expect(headers.ack).toBeUndefined();
    peer.say("ACK", { "message-id": headers["message-id"]!, subscription: "sub" });
    expect(broker.stats.queuedMessages).toBe(0);
  });

  test("in 1.1 of another subscription's message is refused", () => {
    const broker = create();
    const peer = consumer(broker, "client", "1.1", "sub");
    peer.say("SUBSCRIBE", { id: "other", destination: "/queue/y", ack: "client" });
    publish(broker, "1");
    peer.say("ACK", { "message-id": peer.heard()[0]!.headers["message-id"]!, subscription: "other" });
    expect(peer.refusal()).toBe("ACK_UNKNOWN");
  });

  test("in 1.0 names message-id alone", () => {
    const broker = create();
    const peer = StompPeer.connected(broker, "1.0");
    peer.say("SUBSCRIBE", { destination: "/queue/x", ack: "client" });
    publish(broker, "1");
    peer.say("ACK", { "message-id": peer.heard()[0]!.headers["message-id"]! });
    expect(broker.stats.queuedMessages).toBe(0);
  });
});

describe("redelivery", () => {
  test("what a consumer that goes has not acknowledged goes to another, first and in order, and says so", () => {
    const broker = create();
    const gone = consumer(broker, "client-individual");
    publish(broker, "1", "2", "3", "4");
    gone.say("ACK", { id: gone.heard()[1]!.headers.ack! });
    gone.leave();
    publish(broker, "5");
    const frames = consumer(broker).heard();
    expect(frames.map(({ body, headers }) => [body, headers.redelivered, headers["delivery-count"]])).toEqual([
      ["1", "true", "2"],
      ["3", "true", "2"],
      ["4", "true", "2"],
      ["5", undefined, undefined],
    ]);
  });

  test.each(["UNSUBSCRIBE", "DISCONNECT"])("%s gives back at once", (command) => {
    const broker = create();
    const gone = consumer(broker, "client");
    const other = consumer(broker, "auto");
    publish(broker, "1", "2");
    other.heard();
    gone.say(command, { id: "a" });
    expect(other.bodies()).toEqual(["1"]);
  });

  test("another subscription of the connection that goes gets nothing of it", () => {
    const broker = create();
    const gone = consumer(broker, "client");
    gone.say("SUBSCRIBE", { id: "b", destination: "/queue/x", ack: "client" });
    publish(broker, "1", "2", "3");
    gone.leave();
    expect(gone.bodies()).toEqual(["1", "2", "3"]);
    expect(
      consumer(broker)
        .heard()
        .map(({ headers }) => headers["delivery-count"]),
    ).toEqual(["2", "2", "2"]);
  });

  test("messages without ACK are delivered as soon as they are sent", () => {
    const broker = create();
    const gone = consumer(broker, "auto");
    publish(broker, "1");
    gone.leave();
    expect(consumer(broker).heard()).toEqual([]);
  });

  test("NACK gives back: in mode client all before it too", () => {
    const broker = create();
    const peer = consumer(broker, "client");
    publish(broker, "1", "2", "3");
    peer.say("NACK", { id: peer.heard()[1]!.headers.ack! });
    expect(peer.heard().map(({ body, headers }) => [body, headers.redelivered])).toEqual([
      ["1", "true"],
      ["2", "true"],
    ]);
  });

  test("NACK in 1.1 names message-id and subscription", () => {
    const broker = create();
    const peer = consumer(broker, "client-individual", "1.1");
    publish(broker, "1");
    peer.say("NACK", { "message-id": peer.heard()[0]!.headers["message-id"]!, subscription: "a" });
    expect(peer.heard()).toMatchObject([{ body: "1", headers: { redelivered: "true" } }]);
  });

  test("after five NACKs a message goes to the dead-letter queue, and says where it came from", () => {
    const broker = create();
    const peer = consumer(broker, "client-individual");
    broker.publish("/queue/x", "poison", { "content-type": "text/plain" });
    let deliveries = 0;
    for (let frame = peer.heard()[0]; frame; frame = peer.heard()[0]) {
      deliveries++;
      peer.say("NACK", { id: frame.headers.ack! });
    }
    expect(deliveries).toBe(5);
    peer.say("SUBSCRIBE", { id: "dead", destination: "/queue/dead-letter", ack: "client" });
    const [letter] = peer.heard();
    expect(letter).toMatchObject({
      headers: { destination: "/queue/dead-letter", "original-destination": "/queue/x", "content-type": "text/plain" },
      body: "poison",
    });
    for (let frame = letter; frame; frame = peer.heard()[0]) peer.say("NACK", { id: frame.headers.ack! });
    expect(broker.stats).toMatchObject({ queuedMessages: 0, queuedOctets: 0, discarded: 1 });
  });

  test("a consumer that goes is not held against the message", () => {
    const broker = create();
    publish(broker, "1");
    for (let i = 0; i < 20; i++) consumer(broker, "client").leave();
    expect(consumer(broker).heard()).toMatchObject([{ headers: { "delivery-count": "21" } }]);
  });

  test("a topic's subscription that acknowledges gets again what it refused, and nobody else does", () => {
    const broker = create();
    const [peer, other] = [StompPeer.connected(broker), StompPeer.connected(broker)];
    for (const each of [peer, other]) each.say("SUBSCRIBE", { id: "a", destination: "/topic/x", ack: "client" });
    broker.publish("/topic/x", "1");
    other.heard();
    let deliveries = 0;
    for (let frame = peer.heard()[0]; frame; frame = peer.heard()[0]) {
      deliveries++;
      peer.say("NACK", { id: frame.headers.ack! });
    }
    expect([deliveries, other.heard()]).toEqual([5, []]);
    expect(broker.stats).toMatchObject({ queues: 0, discarded: 1 });
  });

  test("whatever consumers do, each message is settled once and each consumer hears messages of a queue in order", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("publish" as const) }),
      fc.record({ do: fc.constantFrom("ack" as const, "leave" as const), peer: fc.nat(2), of: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const broker = create({ unackedMessages: 3 });
        const peers = [0, 1, 2].map(() => ({
          peer: consumer(broker, "client-individual"),
          open: [] as [string, number][],
        }));
        const settled: number[] = [];
        let published = 0;
        const listen = () => {
          for (const { peer, open } of peers) {
            for (const { headers, body } of peer.heard()) open.push([headers.ack!, Number(body)]);
          }
        };
        for (const current of steps) {
          listen();
          if (current.do === "publish") {
            publish(broker, String(published++));
            continue;
          }
          const target = peers[current.peer]!;
          if (current.do === "leave") {
            target.peer.leave();
            target.open = [];
            target.peer = consumer(broker, "client-individual");
          } else if (target.open.length > 0) {
            const [[ack, number]] = target.open.splice(current.of % target.open.length, 1) as [[string, number]];
            target.peer.say("ACK", { id: ack });
            settled.push(number);
          }
        }
        listen();
        for (const { peer } of peers) peer.leave();
        const rest = consumer(broker).bodies().map(Number);
        expect(rest).toEqual([...rest].sort((one, other) => one - other));
        expect([...settled, ...rest].sort((one, other) => one - other)).toEqual([...Array(published).keys()]);
        expect(broker.stats).toMatchObject({ queuedMessages: 0, queuedOctets: 0 });
      }),
    );
  });
});

describe("a full queue", () => {
  test.each([
    ["QUEUE_FULL", { queueMessages: 2 }],
    ["QUEUE_FULL", { queueOctets: 1000 }],
    ["BROKER_FULL", { brokerOctets: 1000 }],
  ])("its sender gets %s, and what it holds stays", (code, limits) => {
    const broker = create(limits);
    const sender = StompPeer.connected(broker);
    for (const body of ["1", "2"]) sender.say("SEND", { destination: "/queue/x" }, body);
    expect(sender.closed).toBeUndefined();
    sender.say("SEND", { destination: "/queue/x", receipt: "r" }, "3");
    expect(sender.heard()).toMatchObject([{ command: "ERROR", headers: { message: code, "receipt-id": "r" } }]);
    expect(consumer(broker).bodies()).toEqual(["1", "2"]);
  });

  test("what was delivered and not acknowledged counts", () => {
    const broker = create({ queueMessages: 1 });
    consumer(broker, "client");
    publish(broker, "1");
    expect(() => publish(broker, "2")).toThrow(expect.objectContaining({ code: "QUEUE_FULL" }));
  });

  test("other queues are not touched by one that is full", () => {
    const broker = create({ queueMessages: 1 });
    publish(broker, "1");
    expect(() => broker.publish("/queue/y", "")).not.toThrow();
  });
});
