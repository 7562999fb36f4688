import type { Clock } from "../clock.ts";

/** Time that a test moves by hand. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  /** Timers that were neither run nor cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due; undefined if there is none. */
  get next(): number | undefined {
    const due = [...this.#timers].map(({ at }) => at - this.#now);
    return due.length > 0 ? Math.max(0, Math.min(...due)) : undefined;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due within the next `ms`, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  /** The machine sleeps: time goes on, and no timer runs until it is awake. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
