import type { Socket } from "node:net";
import type { Clock } from "../shared.ts";
import type { Direction, Faults } from "./faults.ts";

/** Octets that a lane holds before it asks for no more: 100 ms of 1.3 Gbit/s, so that a delay does not limit what flows. */
const maxHeld = 16 * 1024 * 1024;

export interface LaneOptions {
  readonly direction: Direction;
  /** Where it leads to. Nothing comes out while this has enough. */
  readonly to: Socket;
  readonly faults: Pick<Faults, "delay" | "stall">;
  readonly clock: Clock;
  /** Told what comes out. */
  readonly onOctets: (octets: Buffer) => void;
  /** Told when it wants nothing more for now, and when it does again. */
  readonly onFull: (isFull: boolean) => void;
}

/** One direction of a connection. What goes in comes out later and in the same order. */
export class Lane {
  readonly #options: LaneOptions;
  #held: { due: number; item: Buffer | (() => void) }[] = [];
  #octets = 0;
  #isFull = false;
  #isLost = false;
  #isGivingOut = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    options.to.on("drain", () => this.wake());
  }

  /** Nothing comes out any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Nothing comes out for now. */
  get isStalled(): boolean {
    const { direction, faults } = this.#options;
    return faults.stall === true || faults.stall === direction;
  }

  /** Puts octets in, or something to do when all before it has come out. */
  push(item: Buffer | (() => void)): void {
    if (this.#isLost) return;
    const { clock, faults } = this.#options;
    const before = this.#held.at(-1)?.due ?? 0;
    this.#held.push({ due: Math.max(before, clock.now() + faults.delay), item });
    if (typeof item !== "function") this.#octets += item.length;
    this.wake();
  }

  /** Lets out what is due. */
  wake(): void {
    // Something came in on account of what just comes out: its turn is after it.
    if (this.#isGivingOut) return;
    this.#isGivingOut = true;
    this.#giveOut();
    this.#isGivingOut = false;
    const isFull = this.#octets > maxHeld || (this.#options.faults.delay === 0 && this.#octets > 0);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#options.onFull(isFull);
  }

  /** Loses what it holds and all that will come. */
  lose(): void {
    this.#isLost = true;
    this.#held = [];
    this.#octets = 0;
    this.wake();
  }

  #giveOut(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { to, clock, onOctets } = this.#options;
    // `writableNeedDrain`: the other side does not read what it has got.
    while (this.#held.length > 0 && !this.isStalled && !to.writableNeedDrain) {
      const { due, item } = this.#held[0]!;
      const wait = due - clock.now();
      if (wait > 0) {
        this.#cancelTimer = clock.after(wait, () => this.wake());
        return;
      }
      this.#held.shift();
      if (typeof item === "function") {
        item();
        continue;
      }
      this.#octets -= item.length;
      // A head and its body go on in one packet, as they came.
      to.cork();
      onOctets(item);
      to.uncork();
    }
  }
}
