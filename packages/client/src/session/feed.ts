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
  /** The number that goes next: all below it has left on this carrier. */
  next = 0;
  #hasStart = false;

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
    if (this.next <= this.buffer.acknowledged) this.rewind();
    return this.next <= this.buffer.last;
  }

  /** Goes back to what was acknowledged: what left since has not arrived. */
  rewind(): void {
    this.next = this.buffer.acknowledged + 1;
    this.#hasStart = false;
  }

  /** The `s` record, unless this carrier has had it. */
  start(): string {
    if (this.#hasStart) return "";
    this.#hasStart = true;
    return numberRecord(Type.start, this.next);
  }

  /**
   * The next batch: as many messages as are waiting, up to about `octets`, at least one; "" if nothing waits. Where a carrier takes them, a large binary message
   * is a batch of its own.
   */
  take(octets: number): Payload {
    if (!this.isPending) return "";
    const { buffer } = this;
    let batch = this.start();
    for (let left = octets; left > 0 && this.isPending; this.next++) {
      const message = buffer.get(this.next);
      left -= message.length;
      if (typeof message === "string") batch += payloadRecord(Type.text, message);
      else if (!this.takesBinary || message.length < longInBase64) batch += base64Record(message);
      else if (batch) break;
      else {
        this.next++;
        return message;
      }
    }
    return batch;
  }
}
