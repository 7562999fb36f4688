import type { Payload } from "../transports/transport.ts";
import type { ReplayBuffer } from "./replay-buffer.ts";
import { base64Record, numberRecord, payloadRecord, Type } from "./wire.ts";

/** From so many octets on, base64 costs more than a WebSocket message of its own. */
const longInBase64 = 1024;

/**
 * Where one carrier stands in the outgoing messages. The numbers of messages are implied by their order behind one `s` record, so a carrier
 * has a feed of its own, and moving to another carrier is beginning another feed at what was acknowledged.
 */
export class Feed {
  /** The number that goes next: all below it has left on this carrier, or need not. */
  next = 0;
  /** The number that the other side expects next on this carrier; 0: it knows of none. */
  #stated = 0;

  constructor(
    readonly buffer: ReplayBuffer,
    /** The carrier takes binary WebSocket messages. */
    readonly takesBinary: boolean,
  ) {
    this.rewind();
  }

  /** Something waits to go. */
  get isPending(): boolean {
    // What was acknowledged meanwhile, over another carrier, need not be sent.
    this.next = Math.max(this.next, this.buffer.acknowledged + 1);
    return this.next <= this.buffer.last;
  }

  /** Goes back to what was acknowledged: what left since has not arrived. */
  rewind(): void {
    this.next = this.buffer.acknowledged + 1;
    this.#stated = 0;
  }

  /** The `s` record, unless the other side knows what comes. */
  start(): string {
    if (this.#stated === this.next) return "";
    this.#stated = this.next;
    return numberRecord(Type.start, this.next);
  }

  /**
   * The next batch: as many messages as are waiting, up to about `octets`, at least one; "" if nothing waits. Where a carrier takes them, a large binary message
   * is a batch of its own.
   */
  take(octets: number): Payload {
    let batch = this.isPending ? this.start() : "";
    for (let left = octets; left > 0 && this.isPending; this.#stated = ++this.next) {
      const message = this.buffer.get(this.next);
      left -= message.length;
      if (typeof message === "string") batch += payloadRecord(Type.text, message);
      else if (message.length < longInBase64 || !this.takesBinary) batch += base64Record(message);
      else {
        if (!batch) this.#stated = ++this.next;
        return batch || message;
      }
    }
    return batch;
  }
}
