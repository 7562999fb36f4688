import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { attachDelay, baseOf, type Failures, judge, nextCandidate } from "./policy.ts";

const kind = (name: string, oneShot = false) => ({ name, oneShot }) as TransportKind;
const websocket = kind("websocket");
const stream = kind("fetch-stream");
const poll = kind("xhr-poll", true);
const kinds = [websocket, stream, poll];

describe("a session starts", () => {
  it.each([
    [[websocket, poll], poll],
    [[poll, websocket], poll],
    [[websocket, stream], websocket],
    [[stream], stream],
  ])("on what polls if that is listed, otherwise on the first", (listed, base) => {
    expect(baseOf(listed)).toBe(base);
  });
});

describe("a verdict", () => {
  it("counts one more failure of what was never heard, without end", () => {
    let failures: Failures = {};
    for (let count = 1; count <= 20; count++) {
      failures = judge(failures, websocket, -1);
      expect(failures).toEqual({ websocket: count });
    }
  });

  it("counts what dies young as a failure, too", () => {
    expect(judge({ websocket: 2 }, websocket, 100)).toEqual({ websocket: 3 });
  });

  it.each([
    ["what passes everywhere has lived long after 1 s", poll, 1_000],
    ["what is tried beside it, after 10 s", websocket, 10_000],
  ])("%s", (_, tried, age) => {
    const before = { [tried.name]: 3, other: 2 };
    expect(judge(before, tried, age)).toEqual({ [tried.name]: 0, other: 2 });
    expect(judge(before, tried, age - 1)).toEqual({ [tried.name]: 4, other: 2 });
  });

  it("leaves the verdict before it as it was", () => {
    const before = Object.freeze({ websocket: 1 });
    judge(before, websocket, -1);
    expect(before).toEqual({ websocket: 1 });
  });
});

describe("the wait before the next attach", () => {
  it("is none after a success", () => {
    expect([attachDelay(0, 0.99), attachDelay(undefined, 0.99)]).toEqual([0, 0]);
  });

  it("is any time below a bound that doubles with each failure, up to 4 s", () => {
    expect([1, 2, 3, 4].map((failures) => attachDelay(failures, 0.5))).toEqual([50, 100, 200, 400]);
    expect(attachDelay(3, 0)).toBe(0);
    expect([7, 10, 19].map((failures) => attachDelay(failures, 0.5))).toEqual([2_000, 2_000, 2_000]);
  });

  it("is up to 30 s where a network is away for long", () => {
    expect([20, 1000].map((failures) => attachDelay(failures, 0.5))).toEqual([15_000, 15_000]);
  });

  it("never exceeds 30 s, and with the same luck never falls", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (failures, random) => {
        const delay = attachDelay(failures, random);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(30_000);
        expect(attachDelay(failures + 1, random)).toBeGreaterThanOrEqual(delay);
      }),
    );
  });
});

describe("what is tried next", () => {
  it("is the best, at once, while nothing has failed", () => {
    expect(nextCandidate(kinds, poll, {}, 0.5)).toEqual({ kind: websocket, delay: 0 });
  });

  it("is only what is better than what carries", () => {
    expect(nextCandidate(kinds, stream, {}, 0.5)).toEqual({ kind: websocket, delay: 0 });
    expect(nextCandidate(kinds, websocket, {}, 0.5)).toBeUndefined();
  });

  it("is the one that may be tried soonest", () => {
    expect(nextCandidate(kinds, poll, { websocket: 1 }, 0.5)).toEqual({ kind: stream, delay: 0 });
    expect(nextCandidate(kinds, poll, { websocket: 1, "fetch-stream": 2 }, 0.5)?.kind).toBe(websocket);
    expect(nextCandidate(kinds, poll, { websocket: 3, "fetch-stream": 2 }, 0.5)?.kind).toBe(stream);
  });

  it("rests longer with each failure, half of it by luck, and some minutes at the most", () => {
    const delays = (random: number) =>
      [1, 2, 3, 4, 9, 10, 1000].map(
        (websocket) => nextCandidate([kinds[0]!, poll], poll, { websocket }, random)!.delay,
      );
    expect(delays(0)).toEqual([1_500, 6_000, 24_000, 30_000, 30_000, 225_000, 225_000]);
    expect(delays(0.5)).toEqual([2_250, 9_000, 36_000, 45_000, 45_000, 337_500, 337_500]);
  });
});
