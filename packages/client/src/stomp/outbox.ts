import { EnckeError } from "../errors.ts";
import type { Headers } from "./frame.ts";

/** One frame on its way out. */
export interface Outgoing {
  readonly command: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array;
}

/**
 * Frames in the order in which they were asked for. Those handed to a socket before it was open stay here until it is: if it never opens, the server
 * cannot have seen them, and they go over the next one.
 */
export class Outbox {
  #frames: Outgoing[] = [];
  /** So many of them, from the first, are with a socket that is not open yet. */
  #handed = 0;
  #size = 0;

  constructor(
    readonly maxCount: number,
    readonly maxSize: number,
  ) {}

  get waiting(): readonly Outgoing[] {
    return this.#frames;
  }

  /** @throws {EnckeError} `OUTBOX_FULL`, for a SEND */
  push(frame: Outgoing): void {
    const size = frame.body.length;
    if (frame.command === "SEND" && (this.#frames.length >= this.maxCount || this.#size + size > this.maxSize)) {
      throw new EnckeError(
        "OUTBOX_FULL",
        "Too many publishes wait for a connection.",
        "Publish less, or wait for `connected`.",
      );
    }
    this.#frames.push(frame);
    this.#size += size;
  }

  /** Gives out what waits, in order, for as long as `write` takes it. What was written is forgotten, unless `keep`. */
  flush(write: (frame: Outgoing) => boolean, keep: boolean): void {
    let at = this.#handed;
    while (at < this.#frames.length && write(this.#frames[at]!)) at++;
    this.#handed = at;
    if (!keep) this.confirm();
  }

  /** What was handed over is the socket's from here on. */
  confirm(): void {
    for (let at = 0; at < this.#handed; at++) this.#size -= this.#frames[at]!.body.length;
    this.#frames = this.#frames.slice(this.#handed);
    this.#handed = 0;
  }

  /** A new connection begins: `first`, then the publishes that no server has seen. All else belonged to the connection before. */
  restart(first: Outgoing[]): void {
    this.#handed = 0;
    this.#frames = [...first, ...this.#frames.filter((frame) => frame.command === "SEND")];
  }
}
