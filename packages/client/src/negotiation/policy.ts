import type { TransportKind } from "../transports/transport.ts";

/** How often in a row a kind was tried and did not live; absent means never. By name. */
export type Failures = Readonly<Record<string, number>>;

/** Milliseconds that a carrier must live to count as a success: what passes everywhere, and what is tried as something better. */
const longEnough = { base: 1_000, better: 10_000 };

/** What a session starts on: what passes everywhere if it is listed, otherwise the first. */
export function baseOf(kinds: readonly TransportKind[]): TransportKind {
  return kinds.find((kind) => kind.oneShot) ?? kinds[0]!;
}

/**
 * The verdict on a carrier that has ended.
 *
 * @param age milliseconds since it was heard first; negative if it never was
 */
export function judge(failures: Failures, kinds: readonly TransportKind[], kind: TransportKind, age: number): Failures {
  const isGood = age >= longEnough[kind === baseOf(kinds) ? "base" : "better"];
  const before = failures[kind.name] ?? 0;
  // What is heard each time and dies young is asked again within seconds, however often; what is not heard, less and less.
  const after = isGood ? 0 : age < 0 ? before + 1 : Math.min(before + 1, 5);
  return { ...failures, [kind.name]: after };
}

/** Milliseconds before the base is attached again: any time below an exponential bound (full jitter), so that many clients do not come back at one moment. */
export function attachDelay(failures: number, random: number): number {
  return failures && random * Math.min(30_000, 50 * 2 ** failures);
}

/** Milliseconds for which something better rests, by its failures: half of it certain, half of it jitter. */
const rests = [0, 1_000, 5_000, 30_000, 120_000, 300_000];

/** What to try beside `active`, and after how many milliseconds: of the kinds listed before it, the one that may be tried soonest. */
export function nextCandidate(
  kinds: readonly TransportKind[],
  active: TransportKind,
  failures: Failures,
  random: number,
): { kind: TransportKind; delay: number } | undefined {
  return kinds
    .slice(0, kinds.indexOf(active))
    .map((kind) => ({ kind, delay: (rests[Math.min(failures[kind.name] ?? 0, 5)]! * (1 + random)) / 2 }))
    .sort((a, b) => a.delay - b.delay)[0];
}
