import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Receiver } from "./receiver.ts";

describe("a receiver", () => {
  it("accepts each number once, in order", () => {
    const receiver = new Receiver();
    expect([receiver.accept(1, 5), receiver.accept(2, 5)]).toEqual([1, 2]);
    expect(receiver).toMatchObject({ received: 2, duplicates: 0 });
  });

  it("does not accept a duplicate, and counts it", () => {
    const receiver = new Receiver();
    receiver.accept(1, 5);
    receiver.accept(2, 5);
    expect([receiver.accept(1, 5), receiver.accept(2, 5)]).toEqual([0, 0]);
    expect(receiver).toMatchObject({ received: 2, duplicates: 2, octets: 10 });
  });

  it("does not accept what leaves a gap, and waits for what is missing", () => {
    const receiver = new Receiver();
    expect(receiver.accept(2, 5)).toBeLessThan(0);
    expect(receiver).toMatchObject({ received: 0, duplicates: 0, octets: 0 });
    expect(receiver.accept(1, 5)).toBeGreaterThan(0);
    expect(receiver.accept(2, 5)).toBeGreaterThan(0);
  });

  it("owes an acknowledgement of what it has accepted until it has told", () => {
    const receiver = new Receiver();
    expect(receiver.owes).toBe(false);
    receiver.accept(1, 5);
    expect(receiver.owes).toBe(true);
    expect(receiver.tell()).toBe(1);
    expect(receiver).toMatchObject({ owes: false, octets: 0 });
  });

  it("owes it again to who sends a duplicate, as what told of it went astray", () => {
    const receiver = new Receiver();
    for (const number of [1, 2, 3]) receiver.accept(number, 5);
    receiver.tell();
    receiver.accept(2, 5);
    expect(receiver.owes).toBe(true);
    expect(receiver.tell()).toBe(3);
  });

  it("accepts every message exactly once, in order, from a sender that goes back to what was acknowledged, whatever arrives", () => {
    // Each number is how far ahead of what was received a message is: mostly the next one.
    const leaps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: -5, max: 5 })));
    fc.assert(
      fc.property(leaps, (all) => {
        const receiver = new Receiver();
        const accepted: number[] = [];
        for (const leap of all) {
          const number = Math.max(1, receiver.received + leap);
          if (receiver.accept(number, 1) > 0) accepted.push(number);
          expect(receiver.told).toBeLessThanOrEqual(receiver.received);
        }
        expect(accepted).toEqual(Array.from({ length: receiver.received }, (_, index) => index + 1));
      }),
    );
  });
});
