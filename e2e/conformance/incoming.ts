import { expect } from "vitest";
import { within } from "./deadline.ts";
import { messagesOf, type Numbered, parametersOf, type WireRecord } from "./records.ts";
import { bodiesOf } from "./stomp.ts";

/** What has come on a carrier that stays open, of whatever kind. */
export abstract class Incoming {
  /** All records that have come, in order. */
  readonly records: WireRecord[] = [];
  readonly #watchers = new Set<() => void>();
  #failure: unknown;

  /** How it ended; undefined while it is open. */
  protected abstract readonly ending: string | undefined;

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
  /** The tokens of the pongs that have come. */
  get pongs(): number[] {
    return this.records.filter(({ type }) => type === "q").map(({ number }) => number);
  }

  /** Goes on once `holds` says so; it is asked again after whatever comes. */
  async until(what: string, holds: () => boolean, ms?: number): Promise<void> {
    let watcher = (): void => {};
    const done = new Promise<void>((resolve, reject) => {
      watcher = () => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (holds()) resolve();
        else if (this.ending !== undefined) reject(new Error(`${this.ending} before ${what}, behind ${this.shape}`));
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

  /** Says something for this carrier, by whatever way leads to the server. */
  protected abstract speak(records: string): unknown;

  /** Answers each ping, those that have come already too, until so many are answered; `ms` is the patience with each. */
  async answerPings(count: number, ms?: number): Promise<void> {
    for (let answered = 0; answered < count; answered++) {
      const pings = (): WireRecord[] => this.records.filter(({ type }) => type === "p");
      await this.until(`ping ${answered + 1} comes`, () => pings().length > answered, ms);
      await this.speak(`q${pings()[answered]!.number}:`);
    }
  }

  /** Everything that the server had under way has come: a ping has gone there and its pong back. */
  async settled(): Promise<void> {
    const token = Math.floor(Math.random() * 1e9);
    await this.speak(`p${token}:`);
    await this.until(`q${token} comes`, () => this.pongs.includes(token));
  }

  /** Takes in what `read` makes of what has come, or that it makes nothing of it. */
  protected take(read: () => WireRecord[]): void {
    try {
      this.records.push(...read());
    } catch (failure) {
      this.#failure ??= failure;
    }
    this.changed();
  }

  protected changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
