import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Payload } from "../transports/transport.ts";
import { ReplayBuffer } from "./replay-buffer.ts";

describe("a replay buffer", () => {
  it("is empty at first", () => {
    expect(new ReplayBuffer()).toMatchObject({ acknowledged: 0, last: 0, octets: 0 });
  });

  it("numbers what it takes from 1", () => {
    const buffer = new ReplayBuffer();
    buffer.push("a");
    buffer.push(Uint8Array.of(1));
    expect(buffer.last).toBe(2);
    expect([buffer.get(1), buffer.get(2)]).toEqual(["a", Uint8Array.of(1)]);
  });

  it("drops what is acknowledged, and keeps the rest", () => {
    const buffer = new ReplayBuffer();
    for (const message of ["a", "bb", "ccc"]) buffer.push(message);
    expect(buffer.acknowledge(2)).toBe(true);
    expect(buffer).toMatchObject({ acknowledged: 2, last: 3, octets: 3 });
    expect(buffer.get(3)).toBe("ccc");
  });

  it("does not mind an acknowledgement that is older than another", () => {
    const buffer = new ReplayBuffer();
    for (const message of ["a", "bb", "ccc"]) buffer.push(message);
    buffer.acknowledge(2);
    expect([buffer.acknowledge(1), buffer.acknowledge(0), buffer.acknowledge(2)]).toEqual([true, true, true]);
    expect(buffer).toMatchObject({ acknowledged: 2, octets: 3 });
  });

  it("takes no acknowledgement of what was never sent, and changes nothing then", () => {
    const buffer = new ReplayBuffer();
    expect(buffer.acknowledge(1)).toBe(false);
    buffer.push("a");
    expect(buffer.acknowledge(2)).toBe(false);
    expect(buffer).toMatchObject({ acknowledged: 0, octets: 1 });
  });

  it("holds exactly what is not acknowledged, and its size, whatever happens", () => {
    const message: fc.Arbitrary<Payload> = fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array());
    const happenings = fc.array(fc.oneof(message, fc.nat(20)), { maxLength: 30 });
    fc.assert(
      fc.property(happenings, (all) => {
        const buffer = new ReplayBuffer();
        const sent: Payload[] = [];
        let acknowledged = 0;
        const wrong: string[] = [];
        for (const happening of all) {
          if (typeof happening === "number") {
            if (buffer.acknowledge(happening) !== happening <= sent.length) wrong.push(`acknowledge(${happening})`);
            if (happening <= sent.length) acknowledged = Math.max(acknowledged, happening);
          } else {
            sent.push(happening);
            buffer.push(happening);
          }
          const kept = sent.slice(acknowledged);
          const octets = kept.reduce((sum, one) => sum + Buffer.from(one as string).length, 0);
          if (buffer.acknowledged !== acknowledged || buffer.last !== sent.length) wrong.push("numbers");
          if (buffer.octets !== octets) wrong.push("octets");
          if (!kept.every((one, index) => buffer.get(acknowledged + 1 + index) === one)) wrong.push("messages");
        }
        expect(wrong).toEqual([]);
      }),
    );
  });
});
