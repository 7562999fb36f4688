import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { attachDelay, baseOf, eased, failed, judge, type Learned, nextCandidate, passed } from "./policy.ts";

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
    expect(baseOf(listed, 0)).toBe(base);
  });

  it("where nothing polls, on the next one after each loss", () => {
    const turns = [0, 1, 2, 3].map((losses) => baseOf([websocket, stream], losses));
    expect(turns).toEqual([websocket, stream, websocket, stream]);
  });

  it("on a WebSocket now and then where polls do not pass", () => {
    const duplex = { ...websocket, duplex: true };
    const turns = (listed: TransportKind[]) => [0, 1, 2, 3, 4, 5, 6, 7].map((losses) => baseOf(listed, losses));
    expect(turns([stream, duplex, poll])).toEqual([poll, poll, poll, duplex, poll, poll, poll, duplex]);
    expect(new Set(turns([stream, poll]))).toEqual(new Set([poll]));
  });
});

describe("a verdict", () => {
  const fall = (age: number, silence = 0, fallen = websocket) => ({ kind: fallen, age, silence });

  it("counts one more failure of what did not prove itself, without end", () => {
    let learned: Learned = {};
    for (let count = 1; count <= 20; count++) {
      learned = failed(learned, websocket);
      expect(learned).toEqual({ websocket: count });
    }
  });

  it("counts what dies within a minute as several failures, and remembers what did not live for long", () => {
    expect(judge({ websocket: 2 }, poll, fall(59_999))).toEqual({ websocket: 4, falls: 1 });
    expect(judge({ websocket: 4 }, poll, fall(60_000))).toEqual({ websocket: 0.5, falls: 1 });
    expect(judge({ websocket: 4 }, poll, fall(3_600_000))).toEqual({ websocket: 0, falls: 1 });
  });

  it("forgives what proves itself all but that it died young", () => {
    expect(passed({ websocket: 1, falls: 1 }, websocket)).toEqual({ websocket: 0, falls: 1 });
    for (const failures of [2, 9])
      expect(passed({ websocket: failures, falls: 1 }, websocket)).toEqual({ websocket: 2, falls: 1 });
    expect(passed({}, websocket)).toEqual({});
  });

  it("makes up for a fall with an hour without one, whatever ends that", () => {
    const falls = (calm: number) => eased({ falls: 3, websocket: 2 }, websocket, 1, calm).falls;
    expect([0, 1_800_000, 3_600_000, 36_000_000, -36_000_000].map(falls)).toEqual([3, 2.5, 2, 0, 3]);
    expect(eased({ falls: 1, websocket: 2 }, websocket, 3_600_000, 0)).toEqual({ falls: 1, websocket: 0 });
    expect(eased({ websocket: 1 }, websocket, 1, 1)).toEqual({ websocket: 1 });
  });

  it("does not blame the base, of which there is no other", () => {
    expect(judge({}, poll, fall(100, 0, poll))).toEqual({});
  });

  it("halves the time between two signs of life where something that was silent was lost, down to 5 s", () => {
    for (const kind of [poll, websocket]) {
      const after = (learned: Learned, silence: number) => judge(learned, poll, fall(100, silence, kind));
      expect(after({}, 7_999).idle).toBe(undefined);
      expect(after({}, 8_000)).toEqual({ idle: 12_500 });
      expect(after({ idle: 12_500 }, 8_000)).toEqual({ idle: 6_250 });
      expect(after({ idle: 6_250 }, 8_000)).toEqual({ idle: 5_000 });
    }
    // Nothing more can be done about that.
    expect(judge({ idle: 5_000 }, poll, fall(100, 8_000))).toEqual({ idle: 5_000, falls: 1, websocket: 2 });
  });

  it("leaves the verdict before it as it was", () => {
    const before = Object.freeze({ websocket: 1 });
    judge(before, poll, fall(1, 10_000));
    failed(before, websocket);
    expect(before).toEqual({ websocket: 1 });
  });
});

describe("the wait before the next attach", () => {
  it("is none after a success", () => {
    expect(attachDelay(0, 0.99)).toBe(0);
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

  it("rests longer with each failure, half of it by luck, and two hours at the most", () => {
    const delays = (random: number) =>
      [1, 2, 3, 6, 7, 1000].map((websocket) => nextCandidate([kinds[0]!, poll], poll, { websocket }, random)!.delay);
    expect(delays(0)).toEqual([1_000, 4_000, 16_000, 1_024_000, 3_600_000, 3_600_000]);
    expect(delays(0.5)).toEqual([1_500, 6_000, 24_000, 1_536_000, 5_400_000, 5_400_000]);
  });

  it("rests where much has fallen lately, what has fallen itself sooner than the rest", () => {
    const delays = (learned: Learned) =>
      [1, 2, 3, 4, 5].map((falls) => nextCandidate([websocket, poll], poll, { ...learned, falls }, 0)!.delay);
    expect(delays({ websocket: 0.5 })).toEqual([500, 32_000, 3_600_000, 3_600_000, 3_600_000]);
    expect(delays({}).map(Math.round)).toEqual([500, 500, 1_414, 3_600_000, 3_600_000]);
    expect(nextCandidate(kinds, poll, { falls: 2, websocket: 4 }, 0)).toEqual({ kind: stream, delay: 500 });
    expect(nextCandidate(kinds, poll, { falls: 1, websocket: 1 }, 0)).toEqual({ kind: stream, delay: 500 });
    expect(nextCandidate(kinds, poll, { falls: 1, websocket: 2, "fetch-stream": 3 }, 0)).toEqual({
      kind: websocket,
      delay: 4_000,
    });
  });
});
