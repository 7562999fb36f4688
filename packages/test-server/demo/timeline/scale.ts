import { ATTEMPTS_KEPT_MS } from "../attempts.ts";

/** The time that a lane shows, in milliseconds: the shortest that holds all that was tried. */
const SPANS_MS = [30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 240_000, ATTEMPTS_KEPT_MS];

/** Where a time is in a lane, which begins with `epoch` and is as wide as `span`. Milliseconds since 1970, and percent of the width. */
export class Scale {
  readonly epoch: number;
  readonly span: number;
  readonly now: number;

  constructor(epoch: number, oldest: number, now: number) {
    this.epoch = epoch;
    this.span = SPANS_MS.find((span) => now - oldest <= span) ?? ATTEMPTS_KEPT_MS;
    this.now = now;
  }

  /** A time that is not over the right end yet, and for a while will not be. */
  get beyond(): number {
    return this.epoch + (Math.ceil((this.now - this.epoch) / this.span) + 1) * this.span;
  }

  at(time: number): number {
    return this.width(time - this.epoch);
  }

  width(ms: number): number {
    return Math.round((ms / this.span) * 1e5) / 1e3;
  }
}
