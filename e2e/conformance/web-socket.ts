/**
 * A session's WebSocket. `ws` stands in for the global that Node 20 lacks, and can set `Origin`; it is used as a
 * WebSocket and no more.
 */
import { expect } from "vitest";
import { WebSocket } from "ws";
import { endCodeOf } from "./end.ts";
import { Incoming } from "./incoming.ts";
import { read, readBinary } from "./records.ts";

/** A binary WebSocket message is among the records as the `b` that it stands for. */
export class Carrier extends Incoming {
  /** Itself once open; otherwise fails with a message that has the status of the refusal in it. */
  readonly opened: Promise<Carrier>;
  readonly #socket: WebSocket;
  #closeCode: number | undefined;

  constructor(url: string, headers: Record<string, string>) {
    super();
    this.#socket = new WebSocket(url, { headers });
    this.#socket.binaryType = "nodebuffer";
    this.opened = new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve(this);
      this.#socket.onerror = (event) => reject(new Error(event.message));
    });
    this.opened.catch(() => {});
    this.#socket.onmessage = ({ data }) =>
      this.take(() => (typeof data === "string" ? read(data) : readBinary(data as Buffer)));
    this.#socket.onclose = ({ code }) => {
      this.#closeCode = code;
      this.changed();
    };
  }

  get isOpen(): boolean {
    return this.#closeCode === undefined && this.#socket.readyState === WebSocket.OPEN;
  }

  send(batch: string | Uint8Array): void {
    this.#socket.send(batch);
  }

  /** The close code. */
  async closed(ms?: number): Promise<number> {
    await this.until("the WebSocket is closed", () => this.#closeCode !== undefined, ms);
    return this.#closeCode!;
  }

  /** The code with which the session has ended: that of an `x`, the last record, and of the close behind it. */
  async sessionEnd(ms?: number): Promise<number> {
    const code = await this.closed(ms);
    expect(this.records.at(-1)?.type, `the last of ${this.shape}`).toBe("x");
    expect(endCodeOf(this.records.at(-1)!), "the code of x, and that of the close").toBe(code);
    return code;
  }

  /** As a client that is done with the carrier. */
  close(): void {
    this.#socket.close(1000);
  }

  /** As a network that has gone away. */
  destroy(): void {
    this.#socket.onerror = () => {};
    this.#socket.terminate();
  }

  protected override get ending(): string | undefined {
    return this.#closeCode === undefined ? undefined : `closed with ${this.#closeCode}`;
  }

  protected override speak(records: string): void {
    this.send(records);
  }
}
