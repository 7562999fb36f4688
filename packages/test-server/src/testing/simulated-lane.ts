import type { SimulatedNetwork } from "./simulated-network.ts";

interface Packet {
  readonly octets: number;
  readonly arrive: () => void;
  /** The network has taken it: there is room for more. */
  readonly taken?: (() => void) | undefined;
  /** The connection breaks in the middle of it. */
  readonly torn?: (() => void) | undefined;
  /** Nothing follows. */
  readonly isLast?: boolean;
}

/** One direction of a connection: first in, first out. */
export class Lane {
  readonly #underWay: Array<Packet & { isLost: boolean }> = [];
  #lastAt = 0;
  /** What is held back on the way; undefined if it passes. */
  #held: Array<() => void> | undefined;
  #isHeldTaken = false;
  isSwallowing = false;
  /** Octets that the network has not taken. */
  octets = 0;

  constructor(readonly network: SimulatedNetwork) {}

  carry(ms: number, what: Packet): void {
    const { network } = this;
    this.octets += what.octets;
    if (this.isSwallowing || network.weather === "loses") return;
    const packet = { ...what, isLost: false };
    this.#underWay.push(packet);
    this.#lastAt = Math.max(this.#lastAt, network.time.now + ms);
    network.carry(this.#lastAt - network.time.now, () => {
      if (packet.isLost) return;
      this.#underWay.shift();
      if (!this.isSwallowing) this.#pass(packet);
    });
  }

  #pass({ octets, arrive, taken, isLast }: Packet): void {
    const take = () => {
      this.octets -= octets;
      taken?.();
    };
    const passOn = () => {
      arrive();
      take();
    };
    if (!this.#held || isLast) {
      this.release();
      passOn();
    } else if (this.#isHeldTaken) {
      this.#held.push(arrive);
      take();
    } else this.#held.push(passOn);
  }

  /** Something on the way keeps what comes from here on, and takes more of it from the sender or not. */
  hold(isTaken: boolean): void {
    this.#held ??= [];
    this.#isHeldTaken = isTaken;
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const arrive of held) arrive();
  }

  /** Takes nothing more; of what is under way the first part arrives, and of the piece behind that a part. */
  cut(share: number): void {
    if (this.isSwallowing) return;
    // What is held precedes what is under way: where that is lost, nothing behind it may arrive.
    const part = share < 1 && this.#held?.length ? 0 : share;
    if (part < 1) this.#held = undefined;
    else this.release();
    this.isSwallowing = true;
    const [torn, ...lost] = this.#underWay.splice(Math.ceil(this.#underWay.length * part));
    if (torn) for (const packet of [torn, ...lost]) packet.isLost = true;
    // What is let through still has to pass the check above.
    if (part > 0 && this.network.weather !== "loses") {
      this.isSwallowing = false;
      this.carry(0, {
        octets: 0,
        arrive: () => {
          torn?.torn?.();
          this.isSwallowing = true;
        },
      });
    }
  }
}
