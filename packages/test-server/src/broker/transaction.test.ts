import { describe, expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { StompPeer } from "../testing/stomp-peer.ts";
import { Broker } from "./broker.ts";
import type { BrokerLimits } from "./limits.ts";

function begun(limits: Partial<BrokerLimits> = {}): { broker: Broker; peer: StompPeer } {
  const broker = new Broker({ limits, clock: new ManualClock() });
  const peer = StompPeer.connected(broker);
  peer.say("SUBSCRIBE", { id: "t", destination: "/topic/x" });
  peer.say("SUBSCRIBE", { id: "q", destination: "/queue/x", ack: "client-individual" });
  peer.say("BEGIN", { transaction: "1" });
  return { broker, peer };
}

test("what is sent in a transaction is delivered at COMMIT, in order, without the header", () => {
  const { peer } = begun();
  for (const body of ["1", "2"]) peer.say("SEND", { destination: "/topic/x", transaction: "1" }, body);
  peer.say("SEND", { destination: "/topic/x" }, "outside");
  expect(peer.bodies()).toEqual(["outside"]);
  peer.say("COMMIT", { transaction: "1" });
  const frames = peer.heard();
  expect(frames.map(({ body }) => body)).toEqual(["1", "2"]);
  expect(frames[0]!.headers).not.toHaveProperty("transaction");
});

test("ABORT forgets what was sent, and its id can be used again", () => {
  const { broker, peer } = begun();
  peer.say("SEND", { destination: "/topic/x", transaction: "1" });
  peer.say("ABORT", { transaction: "1" });
  peer.say("BEGIN", { transaction: "1" });
  peer.say("COMMIT", { transaction: "1" });
  expect([peer.heard(), broker.stats.published]).toEqual([[], 0]);
});

test.each(["DISCONNECT", "the end of the channel"])("%s aborts", (end) => {
  const { broker, peer } = begun();
  peer.say("SEND", { destination: "/queue/y", transaction: "1" });
  if (end === "DISCONNECT") peer.say(end);
  else peer.leave();
  expect(broker.stats).toMatchObject({ published: 0, queuedMessages: 0 });
});

describe("ACK and NACK in a transaction", () => {
  test("count from COMMIT on", () => {
    const { broker, peer } = begun();
    for (const body of ["1", "2"]) broker.publish("/queue/x", body);
    const [one, other] = peer.heard().map(({ headers }) => headers.ack!);
    peer.say("ACK", { id: one!, transaction: "1" });
    peer.say("NACK", { id: other!, transaction: "1" });
    expect([broker.stats.queuedMessages, peer.heard()]).toEqual([2, []]);
    peer.say("COMMIT", { transaction: "1" });
    expect([broker.stats.queuedMessages, peer.bodies()]).toEqual([1, ["2"]]);
  });

  test("are undone by ABORT: the message awaits another", () => {
    const { broker, peer } = begun();
    broker.publish("/queue/x", "1");
    const { ack } = peer.heard()[0]!.headers;
    peer.say("ACK", { id: ack!, transaction: "1" });
    peer.say("ABORT", { transaction: "1" });
    expect(broker.stats.queuedMessages).toBe(1);
    peer.say("ACK", { id: ack! });
    expect(broker.stats.queuedMessages).toBe(0);
  });

  test("of what nobody awaits are refused at once", () => {
    const { peer } = begun();
    peer.say("ACK", { id: "1.99", transaction: "1" });
    expect(peer.refusal()).toBe("ACK_UNKNOWN");
  });
});

describe("COMMIT does all or nothing", () => {
  test("when a message acknowledged in it went back meanwhile", () => {
    const { broker, peer } = begun();
    broker.publish("/queue/x", "1");
    peer.say("ACK", { id: peer.heard()[0]!.headers.ack!, transaction: "1" });
    peer.say("SEND", { destination: "/queue/y", transaction: "1" });
    peer.say("UNSUBSCRIBE", { id: "q" });
    peer.say("COMMIT", { transaction: "1" });
    expect(peer.refusal()).toBe("ACK_UNKNOWN");
    expect(broker.stats).toMatchObject({ published: 1, queuedMessages: 1 });
  });

  test("when a queue has no room for all of it", () => {
    const { broker, peer } = begun({ queueMessages: 2 });
    broker.publish("/queue/x", "1");
    peer.say("ACK", { id: peer.heard()[0]!.headers.ack!, transaction: "1" });
    peer.say("SEND", { destination: "/topic/x", transaction: "1" });
    for (let i = 0; i < 3; i++) peer.say("SEND", { destination: "/queue/y", transaction: "1" });
    peer.say("COMMIT", { transaction: "1", receipt: "r" });
    expect(peer.refusal()).toBe("QUEUE_FULL");
    expect(broker.stats).toMatchObject({ published: 1, queuedMessages: 1 });
  });
});

describe("bounds", () => {
  test("an id that is open", () => {
    const { peer } = begun();
    peer.say("BEGIN", { transaction: "1" });
    expect(peer.refusal()).toBe("TRANSACTION_EXISTS");
  });

  test("open at one time", () => {
    const { peer } = begun({ transactions: 2 });
    peer.say("BEGIN", { transaction: "2" });
    peer.say("BEGIN", { transaction: "3" });
    expect(peer.refusal()).toBe("TOO_MANY_TRANSACTIONS");
  });

  test("frames in one", () => {
    const { peer } = begun({ transactionFrames: 2 });
    for (let i = 0; i < 2; i++) peer.say("SEND", { destination: "/topic/x", transaction: "1" });
    expect(peer.closed).toBeUndefined();
    peer.say("SEND", { destination: "/topic/x", transaction: "1" });
    expect(peer.refusal()).toBe("TRANSACTION_TOO_BIG");
  });

  test("octets in all", () => {
    const { peer } = begun({ transactionOctets: 2000 });
    peer.say("BEGIN", { transaction: "2" });
    peer.say("SEND", { destination: "/topic/x", transaction: "1" }, "x".repeat(1000));
    peer.say("SEND", { destination: "/topic/x", transaction: "2" }, "x".repeat(1000));
    expect(peer.refusal()).toBe("TRANSACTION_TOO_BIG");
  });
});
