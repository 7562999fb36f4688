import type { Socket } from "node:net";
import type { Clock } from "../shared.ts";

/** What may hold a lane up. Both may change at any time. */
export interface LaneFaults {
  /** Milliseconds between what goes in and what comes out. */
  readonly delay: number;
  /** Nothing comes out. After it has changed to false, `wake` is due. */
  readonly stall: boolean;
}

/** Octets that a lane holds before it asks for no more: 100 ms of 1.3 Gbit/s, so that a delay does not limit what flows. */
const maxHeld = 16 * 1024 * 1024;

/** One direction of a connection. What goes in comes out later and in the same order. */
export class Lane {
  readonly #to: Socket;
  readonly #faults: LaneFaults;
  readonly #clock: Clock;
  readonly #onFull: (isFull: boolean) => void;
  #held: { due: number; item: Buffer | (() => void) }[] = [];
  #octets = 0;
  #isFull = false;
  #cancelTimer: (() => void) | undefined;

  /** @param onFull told when this lane wants nothing more for now, and when it does again */
  constructor(to: Socket, faults: LaneFaults, clock: Clock, onFull: (isFull: boolean) => void) {
    this.#to = to;
    this.#faults = faults;
    this.#clock = clock;
    this.#onFull = onFull;
    to.on("drain", () => this.wake());
  }

  /** Puts octets in, or something to do when all before it has come out. */
  push(item: Buffer | (() => void)): void {
    const before = this.#held.at(-1)?.due ?? 0;
    this.#held.push({ due: Math.max(before, this.#clock.now() + this.#faults.delay), item });
    if (typeof item !== "function") this.#octets += item.length;
    this.wake();
  }

  /** Lets out what is due. */
  wake(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // `writableNeedDrain`: the other side does not read what it has got.
    while (this.#held.length > 0 && !this.#faults.stall && !this.#to.writableNeedDrain) {
      const { due, item } = this.#held[0]!;
      const wait = due - this.#clock.now();
      if (wait > 0) {
        this.#cancelTimer = this.#clock.after(wait, () => this.wake());
        break;
      }
      this.#held.shift();
      if (typeof item === "function") {
        item();
        continue;
      }
      this.#octets -= item.length;
      this.#to.write(item);
    }
    const isFull = this.#octets > maxHeld || (this.#faults.delay === 0 && this.#octets > 0);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#onFull(isFull);
  }

  /** Forgets what it holds. */
  clear(): void {
    this.#cancelTimer?.();
    this.#held = [];
    this.#octets = 0;
  }
}
