/** When an acknowledgement travels alone: PROTOCOL.md section 3.2. */
export interface AcknowledgeBounds {
  readonly messages: number;
  readonly octets: number;
  /** Milliseconds since the first message that is not acknowledged. */
  readonly wait: number;
}

export const duplexBounds: AcknowledgeBounds = { messages: 256, octets: 64 * 1024, wait: 1_000 };
export const receiveOnlyBounds: AcknowledgeBounds = { messages: 2_048, octets: 256 * 1024, wait: 10_000 };

/**
 * The other direction: accepts each number once, in order, and knows what the sender has not been told yet.
 *
 * Invariant: `told <= received`; every message up to `received` was accepted exactly once.
 */
export class Receiver {
  received = 0;
  told = 0;
  duplicates = 0;
  #octets = 0;

  /** True if the message with this number is the next one, which is then counted as received. A lower one is a duplicate; a higher one is for `isGap`. */
  accept(number: number, octets: number): boolean {
    if (number !== this.received + 1) {
      if (number <= this.received) this.duplicates++;
      return false;
    }
    this.received = number;
    this.#octets += octets;
    return true;
  }

  /** Between what was received and this number something is missing. */
  isGap(number: number): boolean {
    return number > this.received + 1;
  }

  /** Something was accepted that the sender does not know of. */
  get owes(): boolean {
    return this.received > this.told;
  }

  /** So much of it that it may wait no longer for something to ride on. */
  isDue(bounds: AcknowledgeBounds): boolean {
    return this.received - this.told >= bounds.messages || this.#octets >= bounds.octets;
  }

  /** The number to acknowledge now; from here on the sender counts as told. */
  tell(): number {
    this.told = this.received;
    this.#octets = 0;
    return this.received;
  }
}
