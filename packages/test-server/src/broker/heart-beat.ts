import type { Clock } from "../shared.ts";

/** A client may be late by this factor: its timers and the network are not ours (STOMP 1.2: "the receiver SHOULD … take into account an error margin"). */
const PATIENCE = 2;

/** The heart-beats of one connection, both ways. An interval of 0 means none. */
export class HeartBeat {
  readonly #clock: Clock;
  #hasSent = false;
  #heardAt: number;
  #cancelSend: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;

  constructor(clock: Clock, intervals: { send: number; expect: number }, beat: () => void, onSilence: () => void) {
    this.#clock = clock;
    this.#heardAt = clock.now();
    if (intervals.send) this.#startSending(intervals.send, beat);
    if (intervals.expect) this.#startListening(intervals.expect * PATIENCE, onSilence);
  }

  /** Something was sent, which is as good as a heart-beat. */
  sent(): void {
    this.#hasSent = true;
  }

  /** Something was heard, whatever it was. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#cancelSend?.();
    this.#cancelCheck?.();
  }

  /** Looks twice an interval, so that a look that finds nothing sent comes before the interval is over. Cheaper than a time for each frame. */
  #startSending(interval: number, beat: () => void): void {
    const look = () => {
      if (!this.#hasSent) beat();
      this.#hasSent = false;
      this.#cancelSend = this.#clock.after(interval / 2, look);
    };
    this.#cancelSend = this.#clock.after(interval / 2, look);
  }

  #startListening(patience: number, onSilence: () => void): void {
    const look = () => {
      const left = this.#heardAt + patience - this.#clock.now();
      if (left <= 0) onSilence();
      else this.#cancelCheck = this.#clock.after(left, look);
    };
    this.#cancelCheck = this.#clock.after(patience, look);
  }
}

/**
 * How often the client can send and wants to hear, in milliseconds.
 * @returns undefined if the header is not of its form
 */
export function parseHeartBeat(header: string): { can: number; wants: number } | undefined {
  const match = /^(\d{1,9}),(\d{1,9})$/.exec(header.replaceAll(" ", ""));
  return match ? { can: Number(match[1]), wants: Number(match[2]) } : undefined;
}

/** What is in force: the larger wish, and nothing if either side says 0 (STOMP 1.2, "Heart-beating"). */
export function agreedInterval(one: number, other: number): number {
  return one && other ? Math.max(one, other) : 0;
}
