import type { Payload } from "../transports/transport.ts";
import { utf8Length } from "../utf8.ts";

/** Octets of a message as the protocol counts them. */
export function sizeOf(message: Payload): number {
  return typeof message === "string" ? utf8Length(message) : message.length;
}

/**
 * One direction's messages that were sent and may have to be sent again.
 *
 * Invariant: it holds exactly the messages numbered `acknowledged + 1` to `last`, and `octets` is the sum of their sizes.
 */
export class ReplayBuffer {
  #messages: Array<Payload | undefined> = [];
  #sizes: number[] = [];
  /** Index of the message `acknowledged + 1`: acknowledged ones are cut off in runs, not one by one. */
  #first = 0;
  acknowledged = 0;
  octets = 0;

  /** The number of the newest message. */
  get last(): number {
    return this.acknowledged + this.#messages.length - this.#first;
  }

  /** Takes the next message, of `size` octets; its number is the new `last`. */
  push(message: Payload, size: number): void {
    this.#messages.push(message);
    this.#sizes.push(size);
    this.octets += size;
  }

  /** The message with that number, which must be held here. */
  get(number: number): Payload {
    return this.#messages[this.#first + number - this.acknowledged - 1]!;
  }

  /** Drops what the other side has. A number below an earlier one changes nothing. False if that was never sent. */
  acknowledge(number: number): boolean {
    if (number > this.last) return false;
    while (this.acknowledged < number) {
      this.octets -= this.#sizes[this.#first]!;
      this.#messages[this.#first++] = undefined;
      this.acknowledged++;
    }
    if (this.#first > 64 && this.#first * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#sizes = this.#sizes.slice(this.#first);
      this.#first = 0;
    }
    return true;
  }
}
