import type { Payload } from "../transports/transport.ts";
import { sizeOf } from "../utf8.ts";

/**
 * One direction's messages that were sent and may have to be sent again.
 *
 * Invariant: it holds exactly the messages numbered `acknowledged + 1` to `last`, and `octets` is the sum of their sizes.
 */
export class ReplayBuffer {
  readonly #messages = new Map<number, Payload>();
  acknowledged = 0;
  last = 0;
  octets = 0;

  /** Takes the next message; its number is the new `last`. */
  push(message: Payload): void {
    this.#messages.set(++this.last, message);
    this.octets += sizeOf(message);
  }

  /** The message with that number, which must be held here. */
  get(number: number): Payload {
    return this.#messages.get(number)!;
  }

  /** Drops what the other side has. A number below an earlier one changes nothing. False if that was never sent. */
  acknowledge(number: number): boolean {
    if (number > this.last) return false;
    while (this.acknowledged < number) {
      this.octets -= sizeOf(this.get(++this.acknowledged));
      this.#messages.delete(this.acknowledged);
    }
    return true;
  }
}
