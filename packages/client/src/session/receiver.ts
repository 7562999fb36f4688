/**
 * One direction's messages as they arrive: accepts each number once, in order, and knows what the sender has not been told yet.
 *
 * Invariant: `told <= received`; every message up to `received` was accepted exactly once.
 */
export class Receiver {
  received = 0;
  told = 0;
  duplicates = 0;
  /** Accepted since the sender was told last. */
  octets = 0;

  /**
   * Above 0 if the message with this number is the next one, which is then counted as received. 0 if it is a duplicate; below 0 if something
   * between what was received and this number is missing.
   */
  accept(number: number, octets: number): number {
    if (number > this.received + 1) return -1;
    if (number <= this.received) {
      this.duplicates++;
      // Who sends it again has not heard of it: what told of it went astray.
      this.told = Math.min(this.told, number - 1);
      return 0;
    }
    this.octets += octets;
    return ++this.received;
  }

  /** Something was accepted that the sender does not know of. */
  get owes(): boolean {
    return this.received > this.told;
  }

  /** The number to acknowledge now; from here on the sender counts as told. */
  tell(): number {
    this.octets = 0;
    this.told = this.received;
    return this.told;
  }
}

/** An acknowledgement travels alone when so many octets were accepted, or this many milliseconds have passed: PROTOCOL.md section 3.2. */
export const acknowledgeBounds = { octets: 64 * 1024, wait: 1_000 };
