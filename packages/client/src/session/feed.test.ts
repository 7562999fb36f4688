import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Payload } from "../transports/transport.ts";
import { Feed } from "./feed.ts";
import { Receiver } from "./receiver.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import { recordReader, Type } from "./wire.ts";

function bufferOf(...messages: Payload[]): ReplayBuffer {
  const buffer = new ReplayBuffer();
  for (const message of messages) buffer.push(message);
  return buffer;
}

const all = 1_000_000;

describe("a feed", () => {
  it("has nothing to say while nothing waits", () => {
    const feed = new Feed(bufferOf(), false);
    expect(feed.isPending).toBe(false);
    expect(feed.take(all)).toBe("");
  });

  it("begins with the number of its first message", () => {
    const feed = new Feed(bufferOf("a", "bc"), false);
    expect(feed.take(all)).toBe("s1:t1:at2:bc");
    expect(feed.isPending).toBe(false);
  });

  it("states the number only once", () => {
    const buffer = bufferOf("a");
    const feed = new Feed(buffer, false);
    feed.take(all);
    buffer.push("b");
    expect(feed.isPending).toBe(true);
    expect(feed.take(all)).toBe("t1:b");
  });

  it("begins at what was acknowledged", () => {
    const buffer = bufferOf("a", "b", "c");
    buffer.acknowledge(2);
    expect(new Feed(buffer, false).take(all)).toBe("s3:t1:c");
  });

  it("may state its number before there is a message", () => {
    const buffer = bufferOf();
    const feed = new Feed(buffer, false);
    expect([feed.start(), feed.start()]).toEqual(["s1:", ""]);
    buffer.push("a");
    expect(feed.take(all)).toBe("t1:a");
  });

  it("says again what was not acknowledged after it was sent back", () => {
    const buffer = bufferOf("a", "b", "c");
    const feed = new Feed(buffer, false);
    feed.take(all);
    buffer.acknowledge(1);
    feed.rewind();
    expect(feed.isPending).toBe(true);
    expect(feed.take(all)).toBe("s2:t1:bt1:c");
  });

  it("does not say what was acknowledged meanwhile over another carrier", () => {
    const buffer = bufferOf("a", "b", "c");
    const feed = new Feed(buffer, false);
    expect(feed.take(1)).toBe("s1:t1:a");
    buffer.acknowledge(2);
    expect(feed.take(all)).toBe("s3:t1:c");
    buffer.acknowledge(3);
    expect(feed.isPending).toBe(false);
  });

  it("cuts batches where they reach their size, and makes each hold one message at least", () => {
    const feed = new Feed(bufferOf("aaaa", "bbbb", "cccc", "d".repeat(100)), false);
    expect([feed.take(5), feed.take(4), feed.take(1)]).toEqual([
      "s1:t4:aaaat4:bbbb",
      "t4:cccc",
      `t100:${"d".repeat(100)}`,
    ]);
  });

  it("writes octets in base64", () => {
    expect(new Feed(bufferOf(Uint8Array.of(1, 2, 3), "a"), false).take(all)).toBe("s1:b4:AQIDt1:a");
  });

  it("hands large octets over as they are where the carrier takes them, each in its place", () => {
    const large = new Uint8Array(5000);
    const feed = new Feed(bufferOf(large, "a", Uint8Array.of(1), large, "b"), true);
    const batches = [1, 2, 3, 4, 5].map(() => feed.take(all));
    expect(batches).toEqual(["s1:", large, "t1:ab4:AQ==", large, "t1:b"]);
    expect(feed.take(all)).toBe("");
  });

  it("hands large octets over in base64 where the carrier does not", () => {
    expect(new Feed(bufferOf(new Uint8Array(5000)), false).take(all)).toMatch(/^s1:b6668:A/);
  });
});

describe("what a feed says", () => {
  const message: fc.Arbitrary<Payload> = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.uint8Array({ maxLength: 30 }),
    fc.constant(new Uint8Array(2000)),
  );
  const happening = fc.oneof(
    fc.record({ do: fc.constant("push" as const), message }),
    fc.record({ do: fc.constant("take" as const), octets: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ do: fc.constantFrom("rewind" as const, "acknowledge" as const, "move" as const) }),
  );

  it("makes a receiver have every message once, in order, over any number of carriers", () => {
    fc.assert(
      fc.property(fc.array(happening), fc.boolean(), (happenings, takesBinary) => {
        const buffer = new ReplayBuffer();
        const sent: Payload[] = [];
        const receiver = new Receiver();
        const arrived: Payload[] = [];
        let feed = new Feed(buffer, takesBinary);
        let next = 0;
        const accept = (payload: Payload) => {
          const accepted = receiver.accept(next++, 0);
          expect(accepted).toBeGreaterThanOrEqual(0);
          if (accepted) arrived.push(payload);
        };
        const read = recordReader((type, number, payload) => {
          if (type === Type.start) next = number;
          else accept(payload);
        }, all);
        const take = (octets: number) => {
          const batch = feed.take(octets);
          if (typeof batch === "string") read(batch, true);
          else accept(batch);
        };
        for (const it of happenings) {
          if (it.do === "push") {
            buffer.push(it.message);
            sent.push(it.message);
          } else if (it.do === "take") take(it.octets);
          else if (it.do === "acknowledge") buffer.acknowledge(receiver.tell());
          else if (it.do === "move") feed = new Feed(buffer, takesBinary);
          else feed[it.do]();
        }
        while (feed.isPending) take(100);
        expect(arrived).toEqual(sent);
      }),
    );
  });
});
