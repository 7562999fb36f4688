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

  /** Nothing gets through for this time. */
  cutEverything(ms: number): void {
    this.#cutUntil = Date.now() + ms;
    this.#break("websocket");
    this.#break("http");
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
