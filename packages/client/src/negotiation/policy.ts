import type { TransportKind } from "../transports/transport.ts";

/** How often in a row each kind has failed as something better than what carries now; absent means never. */
export type Failures = Readonly<Partial<Record<string, number>>>;

/** Any wait between nothing and the exponential bound (full jitter), so that many clients do not come back at one moment. In milliseconds. */
export function backoff(first: number, cap: number, failures: number, random: number): number {
  return random * Math.min(cap, first * 2 ** failures);
}

/** Milliseconds before attaching again, after so many attaches in a row that heard nothing. */
export function reattachDelay(failures: number, random: number): number {
  return backoff(100, 30_000, failures, random);
}

/** A carrier that was heard and lost within this time, in milliseconds, died young. */
export const youngAge = 1_000;

/**
 * Milliseconds before attaching again, after so many carriers in a row that were heard and died young. The first loss costs no wait; a server that
 * greets and dies each time is not asked in a tight loop.
 */
export function youngDelay(deaths: number, random: number): number {
  return deaths && backoff(25, 2_000, deaths, random);
}

/** A better carrier that lived this long, in milliseconds, has shown that the network lets it live. */
export const provenAge = 10_000;

/** Milliseconds for which a kind rests, by how often it failed in a row: half of it certain, half of it jitter. */
const rests = [0, 1_000, 5_000, 30_000, 120_000, 300_000];

/** What a session starts on: what passes everywhere if it is listed, otherwise the first. */
export function baseOf(kinds: readonly TransportKind[]): TransportKind {
  return kinds.find((kind) => kind.oneShot) ?? kinds[0]!;
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
    .map((kind) => ({ kind, delay: (rests[Math.min(failures[kind.name] ?? 0, 5)]! * (1 + random)) / 2 }))
    .sort((a, b) => a.delay - b.delay)[0];
}
