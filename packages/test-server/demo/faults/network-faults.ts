import { faultyFetch, faultySendBeacon } from "./fetch.ts";
import { stopFrames } from "./frames.ts";
import type { Breakable, Line } from "./line.ts";
import { faultyEventSource, faultyXmlHttpRequest } from "./requests.ts";
import { faultyWebSocket } from "./web-socket.ts";

/**
 * Breaks the network of this one tab, from within. encke takes WebSocket, fetch and the others from the global object
 * when `connect()` is called; install() puts thin wrappers there first. Nothing in the client knows of this: it sees
 * connections die and requests fail, and no event that says when it is over.
 */
export class NetworkFaults {
  #blocked = false;
  #held = false;
  #cutUntil = 0;
  #line: Line;
  #changed = new Set<() => void>();

  constructor() {
    const faults = this;
    this.#line = {
      open: new Set(),
      get webSocketPasses() {
        return !faults.#blocked && !faults.cut;
      },
      get httpPasses() {
        return !faults.cut;
      },
      get streamsPass() {
        return !faults.#held;
      },
    };
  }

  install(page: typeof globalThis): void {
    page.WebSocket = faultyWebSocket(page.WebSocket, this.#line);
    page.EventSource = faultyEventSource(page.EventSource, this.#line);
    page.XMLHttpRequest = faultyXmlHttpRequest(page.XMLHttpRequest, this.#line);
    page.fetch = faultyFetch(page.fetch.bind(page), this.#line);
    page.navigator.sendBeacon = faultySendBeacon(page.navigator.sendBeacon.bind(page.navigator), this.#line);
    stopFrames(page.document, this.#line);
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  get held(): boolean {
    return this.#held;
  }

  get cut(): boolean {
    return this.#cutUntil > Date.now();
  }

  /** How long the cut still lasts, in milliseconds. */
  get cutRemaining(): number {
    return Math.max(0, this.#cutUntil - Date.now());
  }

  /** Kills every WebSocket of this page. Returns how many there were. */
  killWebSockets(): number {
    return this.#break("websocket");
  }

  /** A network without WebSocket: those that are open die, new ones are refused. */
  blockWebSocket(blocked: boolean): void {
    this.#blocked = blocked;
    if (blocked) this.#break("websocket");
    this.#tell();
  }

  /** A network that hands answers on when they are complete: streams that are open die, of new ones nothing comes. */
  holdStreams(held: boolean): void {
    this.#held = held;
    if (held) this.#break("stream");
    this.#tell();
  }

  /** Nothing gets through for this time. */
  cutEverything(ms: number): void {
    this.#cutUntil = Date.now() + ms;
    this.#break("websocket");
    this.#break("http");
    this.#break("stream");
    this.#tell();
    setTimeout(() => this.#tell(), ms + 1);
  }

  onChange(listener: () => void): void {
    this.#changed.add(listener);
  }

  #break(kind: Breakable["kind"]): number {
    const affected = [...this.#line.open].filter((one) => one.kind === kind);
    for (const one of affected) one.break();
    return affected.length;
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }
}
