import type { Payload } from "../transports/transport.ts";
import { sizeOf } from "../utf8.ts";

/**
 * One direction's messages that were sent and may have to be sent again.
 *
 * Invariant: it holds exactly the messages numbered `acknowledged + 1` to `last`, and `octets` is the sum of their sizes.
 */
export class ReplayBuffer {
  /** The first is numbered `acknowledged + 1`. */
  readonly #messages: Payload[] = [];
  acknowledged = 0;
  last = 0;
  octets = 0;

  /** Takes the next message; its number is the new `last`. */
  push(message: Payload): void {
    this.last++;
    this.#messages.push(message);
    this.octets += sizeOf(message);
  }

  /** The message with that number, which must be held here. */
  get(number: number): Payload {
    return this.#messages[number - this.acknowledged - 1]!;
  }

  /** Drops what the other side has. A number below an earlier one changes nothing. False if that was never sent. */
  acknowledge(number: number): boolean {
    if (number > this.last) return false;
    for (const message of this.#messages.splice(0, Math.max(0, number - this.acknowledged))) {
      this.acknowledged++;
      this.octets -= sizeOf(message);
    }
    return true;
  }
}
