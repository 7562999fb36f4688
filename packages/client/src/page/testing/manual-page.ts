import type { Environment } from "../environment.ts";
import { ManualClock } from "./manual-clock.ts";

/** What a page has of its own, and a test decides: time, life, luck. */
export class ManualPage implements Environment {
  readonly clock = new ManualClock();
  readonly baseUrl: string | undefined = "http://encke.test/page.html";
  /** What `random` returns. */
  luck: () => number = () => 0.5;
  /** Beacons sent, oldest first. */
  readonly beacons: { url: URL; body: string }[] = [];
  /** What was kept, by endpoint. */
  readonly remembered = new Map<string, string>();
  readonly fetch: Environment["fetch"];
  readonly EventSource: Environment["EventSource"];
  readonly document: Environment["document"];
  /** What listeners threw. */
  readonly errors: unknown[] = [];
  readonly #wakes = new Set<(isOnline: boolean) => void>();
  readonly #leaves = new Set<(isKept?: boolean) => void>();
  readonly #blocks = new Set<(url: string) => void>();
  #octet = 0;

  constructor(
    readonly WebSocket: Environment["WebSocket"] = undefined,
    readonly XMLHttpRequest: Environment["XMLHttpRequest"] = undefined,
  ) {}

  readonly lifecycle = {
    onWake: (run: (isOnline: boolean) => void) => listen(this.#wakes, run),
    onLeave: (run: (isKept?: boolean) => void) => listen(this.#leaves, run),
  };
  readonly onBlocked = (run: (url: string) => void) => listen(this.#blocks, run);

  /** Listeners to the page's life that were not taken off. */
  get listeners(): number {
    return this.#wakes.size + this.#leaves.size + this.#blocks.size;
  }

  wake(isOnline = false): void {
    for (const run of [...this.#wakes]) run(isOnline);
  }

  /** The page's Content-Security-Policy speaks. */
  block(url: string): void {
    for (const run of [...this.#blocks]) run(url);
  }

  /** The page goes away. */
  leave(isKept = false): void {
    for (const run of [...this.#leaves]) run(isKept);
  }

  /** What tabs agree on: this one may hold requests open, until a test says otherwise. */
  readonly seat = { isTaken: true, asked: 0, take: () => void this.seat.asked++, insist() {}, leave() {} };
  /** Other tabs need the connection. */
  deny: () => void = () => {};

  seatAt(_host: string, onDenied: () => void) {
    this.deny = () => {
      this.seat.isTaken = false;
      onDenied();
    };
    return this.seat;
  }

  random(): number {
    return this.luck();
  }

  randomOctets(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#octet++);
  }

  /** Takes no more than browsers do: 64 KiB. */
  beacon(url: string, body: string): boolean {
    if (body.length > 65_536) return false;
    this.beacons.push({ url: new URL(url), body });
    return true;
  }

  recall(endpoint: string): string | null {
    return this.remembered.get(endpoint) ?? null;
  }

  remember(endpoint: string, text: string): void {
    this.remembered.set(endpoint, text);
  }

  reportError(error: unknown): void {
    this.errors.push(error);
  }
}

function listen<Run>(set: Set<Run>, run: Run): () => void {
  set.add(run);
  return () => set.delete(run);
}
