/**
 * A session's WebSocket. `ws` stands in for the global that Node 20 lacks, and can set `Origin`; it is used as a
 * WebSocket and no more.
 */
import { expect } from "vitest";
import { WebSocket } from "ws";
import { within } from "./deadline.ts";
import { endCodeOf } from "./end.ts";
import { messagesOf, type Numbered, parametersOf, read, readBinary, type WireRecord } from "./records.ts";
import { bodiesOf } from "./stomp.ts";

export class Carrier {
  /** All records that have come, in order. A binary WebSocket message is here as the `b` records it stands for. */
  readonly records: WireRecord[] = [];
  /** Itself once open; otherwise fails with a message that has the status of the refusal in it. */
  readonly opened: Promise<Carrier>;
  readonly #socket: WebSocket;
  readonly #watchers = new Set<() => void>();
  #failure: unknown;
  #closeCode: number | undefined;

  constructor(url: string, headers: Record<string, string>) {
    this.#socket = new WebSocket(url, { headers });
    this.#socket.binaryType = "nodebuffer";
    this.opened = new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve(this);
      this.#socket.onerror = (event) => reject(new Error(event.message));
    });
    this.opened.catch(() => {});
    this.#socket.onmessage = ({ data }) => {
      try {
        this.records.push(...(typeof data === "string" ? read(data) : readBinary(data as Buffer)));
      } catch (failure) {
        this.#failure ??= failure;
      }
      this.#changed();
    };
    this.#socket.onclose = ({ code }) => {
      this.#closeCode = code;
      this.#changed();
    };
  }

  get shape(): string {
    return this.records.map((record) => record.type).join("");
  }
  get messages(): Numbered[] {
    return messagesOf(this.records);
  }
  /** The bodies of the MESSAGE frames that have come. */
  get bodies(): string[] {
    return bodiesOf(this.messages.map(({ message }) => message));
  }
  get greeting(): URLSearchParams {
    expect(this.records[0]?.type, "the first record").toBe("g");
    return parametersOf(this.records[0]!);
  }
  /** The number in the latest `a`. */
  get acknowledged(): number | undefined {
    return this.records.findLast((record) => record.type === "a")?.number;
  }
  /** The number in the latest `s`. */
  get start(): number | undefined {
    return this.records.findLast((record) => record.type === "s")?.number;
  }
  get isOpen(): boolean {
    return this.#closeCode === undefined && this.#socket.readyState === WebSocket.OPEN;
  }

  send(batch: string | Uint8Array): void {
    this.#socket.send(batch);
  }

  /** Goes on once `holds` says so; it is asked again after whatever comes. */
  async until(what: string, holds: () => boolean, ms?: number): Promise<void> {
    let watcher = (): void => {};
    const done = new Promise<void>((resolve, reject) => {
      watcher = () => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (holds()) resolve();
        else if (this.#closeCode !== undefined) reject(new Error(`closed with ${this.#closeCode} before ${what}`));
      };
    });
    this.#watchers.add(watcher);
    watcher();
    try {
      await within(done, `${what}; so far ${this.shape}`, ms);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** The next record of a type, beyond those that have come already. */
  async next(type: string, ms?: number): Promise<WireRecord> {
    const known = this.records.length;
    await this.until(`${type} comes`, () => this.records.slice(known).some((record) => record.type === type), ms);
    return this.records.slice(known).find((record) => record.type === type)!;
  }

  /** Greeted and told from where to send on. */
  greeted(): Promise<void> {
    return this.until("g and a come", () => this.shape.startsWith("ga"));
  }

  /** Everything that the server had under way has come: a ping has gone there and its pong back. */
  async settled(): Promise<void> {
    const token = Math.floor(Math.random() * 1e9);
    this.send(`p${token}:`);
    const isPong = ({ type, number }: WireRecord): boolean => type === "q" && number === token;
    await this.until(`q${token} comes`, () => this.records.some(isPong));
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

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
