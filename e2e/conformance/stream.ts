/** A session's `stream`, `events` or `html`: an answer that stays open, read by `fetch`. */
import { expect } from "vitest";
import { endCodeOf } from "./end.ts";
import { Incoming } from "./incoming.ts";
import type { Answer } from "./peer.ts";
import { DocumentReader, EventReader, RecordReader, type StreamReader } from "./stream-readers.ts";

export const streamKinds = ["stream", "events", "html"] as const;
export type StreamKind = (typeof streamKinds)[number];

/** What is needed of the peer whose stream it is. */
interface Speaker {
  send(body: string, parameters: { k: number }): Promise<Answer>;
}

export class Stream extends Incoming {
  /** The text of the answer, as it came. */
  text = "";
  readonly #reader: StreamReader;
  readonly #abort = new AbortController();
  #ending: string | undefined;

  constructor(
    kind: StreamKind,
    readonly peer: Speaker,
    /** `c`: the number by which `send` speaks for it. */
    readonly number: number,
    readonly response: Response,
  ) {
    super();
    const policy = response.headers.get("content-security-policy") ?? "";
    this.#reader =
      kind === "stream" ? new RecordReader() : kind === "events" ? new EventReader() : new DocumentReader(policy);
    void this.#read(response.body!);
  }

  /** Whom `html` has posted its batches to, one for each. */
  get targets(): readonly string[] {
    return this.#reader instanceof DocumentReader ? this.#reader.targets : [];
  }

  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  /** Says by `send` what there is to say about it. */
  speak(records: string): Promise<Answer> {
    return this.peer.send(records, { k: this.number });
  }

  /** The code of an `e`, the last record, behind which the answer is over. */
  async carrierEnd(ms?: number): Promise<number> {
    await this.until("the answer is over", () => !this.isOpen, ms);
    expect(this.#ending, "how the answer came to its end").toBe("ended");
    expect(this.records.at(-1)?.type, `the last of ${this.shape}`).toBe("e");
    return this.records.at(-1)!.number;
  }

  /** The code of an `x`, the last record, behind which the answer is over. */
  async sessionEnd(ms?: number): Promise<number> {
    await this.until("the answer is over", () => !this.isOpen, ms);
    expect(this.#ending, "how the answer came to its end").toBe("ended");
    expect(this.records.at(-1)?.type, `the last of ${this.shape}`).toBe("x");
    return endCodeOf(this.records.at(-1)!);
  }

  /** As a network that has gone away, or a client that is done with it: on HTTP they are the same. */
  destroy(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    this.#abort.signal.onabort = () => void reader.cancel().catch(() => {});
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const text = decoder.decode(part.value, { stream: true });
        this.text += text;
        this.take(() => this.#reader.read(text));
      }
      this.#ending = this.#abort.signal.aborted ? "left" : "ended";
      this.take(() => (this.#abort.signal.aborted ? [] : this.#reader.end()));
    } catch {
      this.#ending = "lost";
      this.changed();
    }
  }

  protected override get ending(): string | undefined {
    return this.#ending;
  }
}
