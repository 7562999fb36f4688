import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket as ServerWebSocket } from "ws";
import type { RequestFate, SocketFate, StandingFates, Tells, Weather } from "./simulated-fates.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** A server as the network knows it. */
export interface SimulatedListener {
  request(request: IncomingMessage, response: ServerResponse): void;
  connect(url: string, socket: ServerWebSocket): void;
}

/**
 * What the client has a request or a WebSocket open for: to receive, as one that is held ("held") or not ("carrier"), to send beside that, for a word about what
 * receives, or for the page's last word.
 */
export type Purpose = "held" | "carrier" | "send" | "word" | "beacon";

export interface Connection {
  /** Nothing passes from here on. */
  cut(part: number, tells: Tells): void;
  readonly purpose: Purpose;
}

/**
 * What is between a browser and a server, in memory. Requests and sockets take the fates that were laid out for them, in order; once those are used up they
 * pass. What stays open takes them from a list of its own, as most of what may become of it means nothing to others.
 */
export class SimulatedNetwork {
  /** Milliseconds that anything needs each way. */
  up = 20;
  down = 20;
  /** Of polls and sends. */
  requestFates: RequestFate[] = [];
  /** Of streams and event streams. */
  streamFates: RequestFate[] = [];
  socketFates: SocketFate[] = [];
  always: StandingFates = {};
  listener: SimulatedListener | undefined;
  /** When each request and each WebSocket was begun. */
  readonly begun: number[] = [];
  /** How many of them the client has open. */
  readonly open = { held: 0, carrier: 0, send: 0, word: 0, beacon: 0 };
  readonly connections = new Set<Connection>();
  /** Answers that the server has begun and that stay open, until they are closed at its end. */
  readonly streams = new Set<unknown>();
  /** The page is gone: nothing of it runs any longer. */
  isPageGone = false;
  #weather: Weather = "passes";
  #isCalm = false;
  readonly #held: Array<() => void> = [];
  readonly #clock;

  constructor(readonly time: SimulatedTime) {
    this.#clock = time.clock();
  }

  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    if (weather === "refuses") this.cutAll(0, "both");
    if (weather === "loses") this.cutAll(0, "nobody");
    if (weather === "passes") for (const run of this.#held.splice(0)) run();
  }

  cutAll(part: number, tells: Tells): void {
    for (const connection of [...this.connections]) connection.cut(part, tells);
  }

  /** Takes something across. */
  carry(ms: number, run: () => void): void {
    this.#clock.after(ms, () => (this.#weather === "holds" ? this.#held.push(run) : run()));
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run);
  }

  /** Does what was laid out for later. */
  strike(ms: number, run: () => void): void {
    this.after(ms, () => this.#isCalm || run());
  }

  /** From here on it is a good network. What it has lost before stays lost, and what it holds may stay held. */
  calm(): void {
    this.#isCalm = true;
    this.weather = "passes";
    this.requestFates = [];
    this.streamFates = [];
    this.socketFates = [];
    this.up = this.down = 20;
  }

  begins(purpose: Purpose): void {
    this.begun.push(this.time.now);
    this.open[purpose]++;
  }

  /** The browser closes all that the page had open, but for its beacons. */
  leave(): void {
    this.isPageGone = true;
    for (const connection of [...this.connections]) if (connection.purpose !== "beacon") connection.cut(0, "both");
  }
}

export function purposeOf(url: string): Purpose {
  const { pathname, searchParams } = new URL(url);
  if (pathname.endsWith("/send")) return searchParams.has("k") ? "word" : "send";
  // The very first poll waits a moment for the application.
  return pathname.endsWith("/poll") && Number(searchParams.get("h")) <= 1_000 ? "carrier" : "held";
}

export function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
