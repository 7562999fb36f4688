import type { Payload } from "../transports/transport.ts";
import type { ReplayBuffer } from "./replay-buffer.ts";
import { base64Record, binaryBatch, numberRecord, payloadRecord, Type } from "./wire.ts";

/**
 * Where one carrier stands in the outgoing messages. The numbers of messages are implied by their order behind one `s` record, so a carrier
 * has a feed of its own, and moving to another carrier is beginning another feed at what was acknowledged.
 */
export class Feed {
  /** The number that goes next. */
  #next: number;
  #hasStart = false;

  constructor(
    readonly buffer: ReplayBuffer,
    /** The carrier takes binary WebSocket messages. */
    readonly takesBinary: boolean,
  ) {
    this.#next = buffer.acknowledged + 1;
  }

  /** Something waits to go. */
  get isPending(): boolean {
    // What was acknowledged meanwhile, over another carrier, need not be sent.
    if (this.#next <= this.buffer.acknowledged) this.rewind();
    return this.#next <= this.buffer.last;
  }

  /** All below this number has left on this carrier. */
  get next(): number {
    return this.#next;
  }

  /** Goes back to what was acknowledged: what left since has not arrived. */
  rewind(): void {
    this.#next = this.buffer.acknowledged + 1;
    this.#hasStart = false;
  }

  /** What follows is read on its own, as a POST's body is, and states its number again. */
  restart(): void {
    this.#hasStart = false;
  }

  /** The `s` record, unless this carrier has had it. */
  start(): string {
    if (this.#hasStart) return "";
    this.#hasStart = true;
    return numberRecord(Type.start, this.#next);
  }

  /**
   * The next batch: as many messages as are waiting, up to about `octets`, at least one. A binary batch ends a text batch and the other way round;
   * undefined if nothing waits.
   */
  take(octets: number): Payload | undefined {
    if (!this.isPending) return undefined;
    const { buffer } = this;
    const start = this.start();
    if (this.takesBinary && typeof buffer.get(this.#next) !== "string") {
      return start || binaryBatch(this.#run((message) => typeof message !== "string", octets) as Uint8Array[]);
    }
    const run = this.#run((message) => !this.takesBinary || typeof message === "string", octets);
    let batch = start;
    for (const message of run) {
      batch += typeof message === "string" ? payloadRecord(Type.text, message) : base64Record(message);
    }
    return batch;
  }

  #run(fits: (message: Payload) => boolean, octets: number): Payload[] {
    const run: Payload[] = [];
    const { last } = this.buffer;
    for (let left = octets; this.#next <= last && left > 0; this.#next++) {
      const message = this.buffer.get(this.#next);
      if (!fits(message)) break;
      run.push(message);
      left -= message.length;
    }
    return run;
  }
}
