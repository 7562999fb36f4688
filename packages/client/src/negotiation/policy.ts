import type { TransportKind } from "../transports/transport.ts";

/** How often in a row a kind was tried and did not live; absent means never. By name. */
export type Failures = Readonly<Record<string, number>>;

/** What a session starts on: what passes everywhere if it is listed, otherwise the first. */
export function baseOf(kinds: readonly TransportKind[]): TransportKind {
  return kinds.find((kind) => kind.oneShot) ?? kinds[0]!;
}

/**
 * The verdict on a carrier that has ended.
 *
 * @param age milliseconds since it was heard first; negative if it never was
 */
export function judge(failures: Failures, { name, oneShot }: TransportKind, age: number): Failures {
  return { ...failures, [name]: age < (oneShot ? 1_000 : 10_000) ? (failures[name] ?? 0) + 1 : 0 };
}

/**
 * Milliseconds before the base is attached again: any time below an exponential bound (full jitter), so that many clients do not come back at one moment. The
 * bound is low at first, as most networks that were lost are soon back, and high for one that is away for minutes.
 */
export function attachDelay(failures: number | undefined, random: number): number {
  return failures ? random * Math.min(failures < 20 ? 4_000 : 30_000, 50 * 2 ** failures) : 0;
}

/**
 * Milliseconds for which something better rests: as for the base, but something carries meanwhile, so it is less urgent. Twice as steep, so many times longer,
 * and half of it certain.
 */
function restOf(failures: number, random: number): number {
  return 15 * attachDelay(2 * failures, (1 + random) / 2);
}

/** What to try beside `active`, and after how many milliseconds: of the kinds listed before it, the one that may be tried soonest. */
export function nextCandidate(
  kinds: readonly TransportKind[],
  active: TransportKind,
  failures: Failures,
  random: number,
): { kind: TransportKind; delay: number } | undefined {
  return kinds
    .slice(0, kinds.indexOf(active))
    .map((kind) => ({ kind, delay: restOf(failures[kind.name] ?? 0, random) }))
    .sort((a, b) => a.delay - b.delay)[0];
}
