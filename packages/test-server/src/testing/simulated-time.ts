import type { Clock } from "../shared.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly owner: SimulatedClock;
  readonly run: () => void;
}

/**
 * Time for both ends and the network between them. It stands still while something runs, and then jumps to what is due next; what is due at the
 * same moment runs in the order in which it was asked for. So a run depends on nothing but what it was given.
 */
export class SimulatedTime {
  now = 1_000_000;
  /** Timers run so far. */
  steps = 0;
  /** Sorted: the next one last. */
  readonly #timers: Timer[] = [];
  #order = 0;

  /** Another clock that shows this time, and knows which timers are its own. */
  clock(): SimulatedClock {
    return new SimulatedClock(this);
  }

  add(owner: SimulatedClock, ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.now + Math.max(0, ms), order: this.#order++, owner, run };
    let low = 0;
    for (let high = this.#timers.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#timers[middle]!.at > timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    owner.pending++;
    return () => this.#remove(this.#timers.indexOf(timer));
  }

  /** Forgets what a clock's owner had in mind. */
  forget(owner: SimulatedClock): void {
    for (let at = this.#timers.length - 1; at >= 0; at--) if (this.#timers[at]!.owner === owner) this.#remove(at);
  }

  /** Lets `ms` milliseconds pass, or less if `isEnough` becomes true. After each timer all promises and microtasks get their turn. */
  async pass(ms: number, isEnough: () => boolean = () => false): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (;;) {
      if (isEnough()) return;
      const next = this.#timers.at(-1);
      if (!next || next.at > end) break;
      this.#remove(this.#timers.length - 1);
      this.now = next.at;
      this.steps++;
      next.run();
      await settled();
    }
    this.now = end;
  }

  #remove(at: number): void {
    if (at < 0) return;
    const [timer] = this.#timers.splice(at, 1);
    timer!.owner.pending--;
  }
}

/** One owner's view of the time. */
export class SimulatedClock implements Clock {
  /** Its timers that were neither run nor cancelled. */
  pending = 0;

  constructor(readonly time: SimulatedTime) {}

  now(): number {
    return this.time.now;
  }

  after(ms: number, run: () => void): () => void {
    return this.time.add(this, ms, run);
  }
}

/** Node runs an immediate after all microtasks, those that they queue included. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
