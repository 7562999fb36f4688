import type { TransportKind } from "../transports/transport.ts";

/**
 * What was learned about a network, as numbers: by a kind's name how often in a row it did not prove itself, and more for having died young; `falls`, how often lately something else
 * than the base carried and was lost; `idle`, the milliseconds after which something on the way may cut what is silent; `at`, where it was recalled, the time when it began. What is absent was not met.
 */
export type Learned = Readonly<Record<string, number>>;

/** Something carried, and was lost. */
export interface Fall {
  readonly kind: TransportKind;
  /** Milliseconds for which it, or others of its kind before it, carried. */
  readonly age: number;
  /** Milliseconds since anything was heard on it. */
  readonly silence: number;
}

/** What carried for less, in milliseconds, died young. */
const young = 60_000;
/** In failures to carry, to have died young, and before it was old. */
const died = 2;
const ailed = 0.5;
/** After so many milliseconds one fall is forgiven. */
const forgiveness = 3_600_000;
/** Milliseconds between two signs of life, to begin with, and at the least, whatever is cut. */
const relaxed = 25_000;
const restless = 5_000;
/** What had been silent for less, in milliseconds, was not cut for that. */
const quiet = 8_000;

/**
 * What a session starts on, and comes back to: what passes everywhere if it is listed, otherwise the first. After some losses it is another for once: pages may be
 * allowed WebSockets and no requests, and where nothing passes everywhere each has its turn.
 */
export function baseOf(kinds: readonly TransportKind[], losses: number): TransportKind {
  const poll = kinds.find((kind) => kind.oneShot);
  if (!poll) return kinds[losses % kinds.length]!;
  return (losses % 4 === 3 && kinds.find((kind) => kind.duplex)) || poll;
}

/** A candidate has proven itself. That makes up for what it did not prove before, and not for having died young, once. */
export function passed(learned: Learned, { name }: TransportKind): Learned {
  const failures = learned[name];
  return failures ? { ...learned, [name]: failures < died ? 0 : died } : learned;
}

/**
 * What the time since something was lost last makes up for, whatever ended now.
 *
 * @param age milliseconds for which the kind carried @param calm milliseconds since a fall
 */
export function eased(learned: Learned, { name }: TransportKind, age: number, calm: number): Learned {
  const { falls } = learned;
  if (!falls) return learned;
  const left = Math.max(0, falls - Math.max(0, calm) / forgiveness);
  return { ...learned, falls: left, [name]: age < forgiveness ? (learned[name] ?? 0) : 0 };
}

/** A candidate did not prove itself. */
export function failed(learned: Learned, { name }: TransportKind): Learned {
  return { ...learned, [name]: (learned[name] ?? 0) + 1 };
}

/**
 * What carried was lost, while the server could be reached: so something on the way does not like it. What had been silent for long was perhaps cut for that, as
 * long as it may be kept from being so silent.
 */
export function judge(learned: Learned, base: TransportKind, { kind, age, silence }: Fall): Learned {
  const { name } = kind;
  const { falls = 0, idle = relaxed, [name]: failures = 0 } = learned;
  if (silence >= quiet && idle > restless) return { ...learned, idle: Math.max(restless, Math.round(idle / 2)) };
  if (kind === base) return learned;
  return {
    ...learned,
    falls: falls + 1,
    [name]: age < young ? failures + died : age < forgiveness ? ailed : 0,
  };
}

/**
 * Milliseconds before the base is attached again: any time below an exponential bound (full jitter), so that many clients do not come back at one moment. The
 * bound is low at first, as most networks that were lost are soon back, and high for one that is away for minutes.
 *
 * @param losses attaches in a row that came to nothing or soon ended
 */
export function attachDelay(losses: number, random: number): number {
  return losses && random * Math.min(losses < 20 ? 4_000 : 30_000, 50 * 2 ** losses);
}

/**
 * Milliseconds of rest after so many failures, each time `factor` times longer up to two hours; half of it is certain.
 *
 * @param first the rest after one failure
 */
function rest(count: number, first: number, factor: number, random: number): number {
  return count && ((1 + random) / 2) * Math.min(7_200_000, first * factor ** (count - 1));
}

/**
 * What to try beside `active`, and after how many milliseconds: of the kinds listed before it, the one that may be tried soonest. To try what does not prove itself
 * costs the user nothing; to move to what falls again does, so after falls everything rests, and soon for long: no more than a handful of moves an hour.
 */
export function nextCandidate(
  kinds: readonly TransportKind[],
  active: TransportKind,
  learned: Learned,
  random: number,
): { kind: TransportKind; delay: number } | undefined {
  const { falls = 0 } = learned;
  const candidates = kinds.slice(0, kinds.indexOf(active)).map((kind) => {
    const failures = learned[kind.name] ?? 0;
    // The first fall is perhaps chance, the second hardly, the third settles it. What has not fallen itself is told by more than that.
    const heat = Math.max(0, falls - (failures ? 1 : 2.5));
    return {
      kind,
      delay: Math.max(rest(failures, 2_000, 4, random), rest(falls && heat ** 2 + 1, 1_000, 64, random)),
    };
  });
  return candidates.sort((a, b) => a.delay - b.delay)[0];
}
