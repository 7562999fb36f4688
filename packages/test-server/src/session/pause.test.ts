import { beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../channel.ts";
import { defaultLimits } from "../limits.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Hub } from "./hub.ts";
import { Session } from "./session.ts";

let clock: ManualClock;
let channel: Channel;
let taken: unknown[];
let session: Session;

beforeEach(() => {
  clock = new ManualClock();
  taken = [];
  const application = {
    accept(accepted: Channel) {
      channel = accepted;
      return { onMessage: (message: unknown) => taken.push(message), onClose() {} };
    },
  };
  const hub = new Hub(application, { ...defaultLimits, maxBuffered: 1_000 }, clock, queueMicrotask);
  session = hub.find("a-session-of-a-test-0123", true, undefined, []) as Session;
  expect(session).toBeInstanceOf(Session);
});

describe("a session whose application takes nothing more", () => {
  it("takes in what was on its way, and says nothing of it until the application goes on", () => {
    session.accept(1, "a");
    channel.pause!();
    session.accept(2, "b");
    expect(taken).toEqual(["a", "b"]);
    expect(session.acknowledgement()).toBe("a1:");
    expect(session.owedAcknowledgement).toBe("");
    expect(session.greeting()).toMatch(/a1:$/);
    channel.resume!();
    expect(session.owedAcknowledgement).toBe("a2:");
  });

  it("drops what the client says again, as it must", () => {
    channel.pause!();
    session.accept(1, "a");
    session.accept(1, "a");
    channel.resume!();
    expect(taken).toEqual(["a"]);
    expect(session.acknowledgement()).toBe("a1:");
  });

  it("holds answers to POSTs, for 5 s at the most: an answer at once would only bring the same again", () => {
    const answered: string[] = [];
    channel.pause!();
    session.afterPause(() => answered.push("first"));
    clock.advance(4_999);
    expect(answered).toEqual([]);
    clock.advance(1);
    expect(answered).toEqual(["first"]);
    session.afterPause(() => answered.push("second"));
    channel.resume!();
    expect(answered).toEqual(["first", "second"]);
    clock.advance(10_000);
    expect(answered).toEqual(["first", "second"]);
    session.afterPause(() => answered.push("at once"));
    expect(answered).toHaveLength(3);
  });

  it("ends a client that goes on all the same, with the code for too much", () => {
    channel.pause!();
    session.accept(1, "x".repeat(1_000));
    expect(() => session.accept(2, "x")).toThrow(expect.objectContaining({ code: 4003 }));
  });

  it("holds no answer when it ends", () => {
    const answered: string[] = [];
    channel.pause!();
    session.afterPause(() => answered.push("first"));
    session.end(4002, "gone");
    expect(answered).toEqual(["first"]);
  });
});
