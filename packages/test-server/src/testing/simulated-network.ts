import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { WebSocket as ServerWebSocket } from "ws";
import type { SimulatedTime } from "./simulated-time.ts";

/** What becomes of one HTTP request. Times are in milliseconds. */
export type RequestFate =
  /** It takes so much longer than the network does anyway: others overtake it. */
  | { readonly is: "passed"; readonly up: number; readonly down: number }
  /** It does not reach the server, and the client learns so. */
  | { readonly is: "refused" }
  /** It does not reach the server, and nobody learns so. */
  | { readonly is: "lost" }
  /** The server takes it in; the answer goes astray, and the client learns so (`isTold`) or not. */
  | { readonly is: "unanswered"; readonly isTold: boolean }
  /** The connection breaks after so long, wherever the request or its answer is. */
  | { readonly is: "cut"; readonly after: number }
  /** The server gets it twice, the second time `again` later; the answer that counts is the first or the second. */
  | { readonly is: "doubled"; readonly again: number; readonly answer: 0 | 1 }
  /** Somebody on the way answers, the server does not see it. */
  | { readonly is: "intercepted"; readonly status: number; readonly body: string };

/** What becomes of one WebSocket. */
export type SocketFate =
  | { readonly is: "passed" }
  | { readonly is: "refused" }
  /** The handshake never ends. */
  | { readonly is: "unheard" }
  /** `after` its opening it swallows what goes up, down, or both; nobody learns so. */
  | { readonly is: "swallowed"; readonly after: number; readonly up: boolean; readonly down: boolean }
  /** It is cut `after` its opening: of what is under way a part arrives. */
  | { readonly is: "cut"; readonly after: number; readonly part: number; readonly tells: Tells }
  /** Not encke's server: it opens and says something else. */
  | { readonly is: "intercepted"; readonly body: string };

/** Who learns that a connection is cut. */
export type Tells = "both" | "client" | "server" | "nobody";

/** What the network does to all: passes; answers that there is no way; loses what it gets; or holds it until it passes again, as TCP does. */
export type Weather = "passes" | "refuses" | "loses" | "holds";

/** A server as the network knows it. */
export interface SimulatedListener {
  request(request: IncomingMessage, response: ServerResponse): void;
  connect(url: string, socket: ServerWebSocket): void;
}

interface Connection {
  /** Nothing passes from here on. */
  cut(part: number, tells: Tells): void;
}

/**
 * A network in memory: a browser's `XMLHttpRequest`, `WebSocket` and `sendBeacon` on one end, what the server's transports need of Node and ws on
 * the other. Requests and sockets take the fates that were laid out for them, in order; once those are used up they pass.
 */
export class SimulatedNetwork {
  /** Milliseconds that anything needs each way. */
  up = 20;
  down = 20;
  requestFates: RequestFate[] = [];
  socketFates: SocketFate[] = [];
  listener: SimulatedListener | undefined;
  /** When each request and each WebSocket was begun. */
  readonly begun: number[] = [];
  /** How many of them the client has open, and the most that it had. */
  open = 0;
  mostOpen = 0;
  readonly connections = new Set<Connection>();
  /** The page is gone: nothing of it runs any longer. */
  isPageGone = false;
  #weather: Weather = "passes";
  readonly #held: Array<() => void> = [];
  readonly #beacons = new Set<Connection>();
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

  begins(): void {
    this.begun.push(this.time.now);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
  }

  get XMLHttpRequest(): typeof XMLHttpRequest {
    const network = this;
    return class {
      status = 0;
      responseText = "";
      onloadend: (() => void) | null = null;
      #url = "";
      #exchange: Exchange | undefined;
      open(_method: string, url: string) {
        this.#url = url;
      }
      send(body: string) {
        this.#exchange = new Exchange(network, this.#url, body, (status, text) => {
          this.status = status;
          this.responseText = text;
          this.onloadend?.();
        });
      }
      abort() {
        this.#exchange?.abort();
      }
    } as unknown as typeof XMLHttpRequest;
  }

  get WebSocket(): typeof WebSocket {
    const network = this;
    return class extends ClientSocket {
      constructor(url: string) {
        super(network, url);
      }
    } as unknown as typeof WebSocket;
  }

  /** `sendBeacon`: nobody waits for the answer. */
  beacon(url: string, body: string): void {
    this.#beacons.add(new Exchange(this, url, body, () => {}));
  }

  /** The browser closes all that the page had open, but for its beacons. */
  leave(): void {
    this.isPageGone = true;
    for (const connection of [...this.connections]) if (!this.#beacons.has(connection)) connection.cut(0, "both");
  }
}

/** One HTTP request from the client's hands to the answer back in them. */
class Exchange implements Connection {
  readonly #responses: Array<EventEmitter & { isAnswered: boolean }> = [];
  readonly #listener: SimulatedListener | undefined;
  #isDone = false;
  #isCut = false;

  constructor(
    readonly network: SimulatedNetwork,
    readonly url: string,
    readonly body: string,
    readonly onEnd: (status: number, text: string) => void,
  ) {
    this.#listener = network.listener;
    network.begins();
    if (network.weather === "refuses") this.#fail(network.up);
    else {
      network.connections.add(this);
      if (network.weather === "loses") this.#isCut = true;
      else this.#leave(network.requestFates.shift() ?? { is: "passed", up: 0, down: 0 });
    }
  }

  #leave(fate: RequestFate): void {
    const { network } = this;
    const { up } = network;
    switch (fate.is) {
      case "passed":
        return network.carry(up + fate.up, () => this.#arrive(fate.down, true));
      case "refused":
        return this.#fail(up);
      case "lost":
        this.#isCut = true;
        return;
      case "unanswered":
        return network.carry(up, () => this.#arrive(0, fate.isTold ? "fails" : false));
      case "cut":
        network.after(fate.after, () => this.cut(0, "both"));
        return network.carry(up, () => this.#arrive(0, true));
      case "doubled":
        network.carry(up, () => this.#arrive(0, fate.answer === 0));
        // The repetition comes even if the client has given the first one up.
        return network.carry(up + fate.again, () => this.#arrive(0, fate.answer === 1, true));
      case "intercepted":
        return network.carry(up, () => this.#finish(fate.status, fate.body));
      default:
        return fate satisfies never;
    }
  }

  abort(): void {
    if (this.#isDone) return;
    this.#finish(0, "");
    if (this.network.weather === "passes" && !this.#isCut) this.network.carry(this.network.up, () => this.#close());
  }

  cut(_part: number, tells: Tells): void {
    this.#isCut = true;
    if (tells === "both" || tells === "server") this.network.after(1, () => this.#close());
    if (tells === "both" || tells === "client") this.#fail(1);
  }

  #arrive(more: number, answers: boolean | "fails", isRepetition = false): void {
    const { network } = this;
    // What waited somewhere on the way is lost with the process that it was for.
    if (isRepetition ? this.#listener !== network.listener : this.#isCut || this.#isDone) return;
    if (!network.listener) return this.#fail(network.down);
    const answer = (status: number, text: string) => {
      response.isAnswered = true;
      network.carry(network.down + more, () => {
        response.emit("close");
        if (this.#isCut || !answers) return;
        if (answers === "fails") this.#finish(0, "");
        else this.#finish(status, text);
      });
    };
    let status = 0;
    const response = Object.assign(new EventEmitter(), {
      isAnswered: false,
      headersSent: false,
      setHeader() {},
      writeHead(code: number) {
        status = code;
        this.headersSent = true;
        return this;
      },
      end: (text: string) => answer(status, text),
    });
    this.#responses.push(response);
    const request = Object.assign(new Readable({ read() {} }), { method: "POST", url: pathOf(this.url), headers: {} });
    if (this.body) request.push(this.body);
    request.push(null);
    network.listener.request(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  }

  #fail(ms: number): void {
    this.network.after(ms, () => this.#finish(0, ""));
  }

  #close(): void {
    for (const response of this.#responses) if (!response.isAnswered) response.emit("close");
  }

  #finish(status: number, text: string): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.network.open--;
    this.network.connections.delete(this);
    if (!this.network.isPageGone) this.onEnd(status, text);
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

type Data = string | Uint8Array;

/** One direction of a WebSocket: first in, first out. */
class Lane {
  readonly #underWay: Array<{ isLost: boolean }> = [];
  #lastAt = 0;
  isSwallowing = false;
  /** Octets that the network has not taken. */
  octets = 0;

  constructor(readonly network: SimulatedNetwork) {}

  carry(ms: number, octets: number, arrive: () => void, taken?: () => void): void {
    const { network } = this;
    this.octets += octets;
    if (this.isSwallowing || network.weather === "loses") return;
    const packet = { isLost: false };
    this.#underWay.push(packet);
    this.#lastAt = Math.max(this.#lastAt, network.time.now + ms);
    network.carry(this.#lastAt - network.time.now, () => {
      if (packet.isLost) return;
      this.#underWay.shift();
      if (this.isSwallowing) return;
      this.octets -= octets;
      arrive();
      taken?.();
    });
  }

  /** Takes nothing more; of what is under way the first part arrives. */
  cut(part: number): void {
    this.isSwallowing = true;
    for (const packet of this.#underWay.splice(Math.ceil(this.#underWay.length * part))) packet.isLost = true;
    // What is let through still has to pass the check above.
    if (this.#underWay.length > 0) {
      this.isSwallowing = false;
      this.carry(0, 0, () => {
        this.isSwallowing = true;
      });
    }
  }
}

const octetsOf = (data: Data) => (typeof data === "string" ? data.length : data.byteLength);

/** The browser's end: as much of WHATWG WebSockets as a page can tell. */
class ClientSocket implements Connection {
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  readyState = 0;
  readonly #up: Lane;
  readonly #down: Lane;
  #server: ServerSocket | undefined;

  constructor(
    readonly network: SimulatedNetwork,
    url: string,
  ) {
    this.#up = new Lane(network);
    this.#down = new Lane(network);
    network.begins();
    if (network.weather === "refuses") {
      network.after(network.up, () => this.#over(1006, "", false));
      return;
    }
    network.connections.add(this);
    if (network.weather === "loses") return;
    const fate: SocketFate = network.socketFates.shift() ?? { is: "passed" };
    const { up, down } = network;
    if (fate.is === "unheard") return;
    if (fate.is === "refused") {
      network.carry(up + down, () => this.#over(1006, "", false));
      return;
    }
    this.#up.carry(up, 0, () => {
      if (!network.listener) return network.after(down, () => this.#over(1006, "", false));
      this.#down.carry(down, 0, () => {
        if (this.readyState !== 0 || network.isPageGone) return;
        this.readyState = 1;
        this.onopen?.();
      });
      const server = new ServerSocket(network, this.#down, this);
      this.#server = server;
      if (fate.is === "intercepted") return server.send(fate.body);
      if (fate.is === "swallowed") {
        network.after(fate.after, () => {
          if (fate.up) this.#up.isSwallowing = true;
          if (fate.down) this.#down.isSwallowing = true;
        });
      }
      if (fate.is === "cut") network.after(fate.after, () => this.cut(fate.part, fate.tells));
      network.listener.connect(pathOf(url), server as unknown as ServerWebSocket);
    });
  }

  get bufferedAmount(): number {
    return this.#up.octets;
  }

  send(data: Data): void {
    if (this.readyState === 0) throw new Error("InvalidStateError: still connecting");
    if (this.readyState > 1) return;
    const copy = typeof data === "string" ? data : data.slice();
    this.#up.carry(this.network.up, octetsOf(data), () => this.#server!.arrive(copy));
  }

  close(code = 1000, reason = ""): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error(`InvalidAccessError: code ${code}`);
    if (Buffer.byteLength(reason) > 123) throw new Error("SyntaxError: the reason is too long");
    if (this.readyState > 1) return;
    const wasOpen = this.readyState === 1;
    this.readyState = 2;
    if (wasOpen) this.#up.carry(this.network.up, 0, () => this.#server!.closedByPeer(code, reason));
    else {
      this.network.after(0, () => this.#over(1006, "", false));
      this.network.after(this.network.up, () => this.#server?.over(1006));
    }
    // What no close frame answers the browser gives up some time.
    this.network.after(60_000, () => this.#over(1006, "", false));
  }

  /** From the server. */
  arrive(data: Data): void {
    if (this.readyState !== 1 || this.network.isPageGone) return;
    this.onmessage?.({ data: typeof data === "string" ? data : (data.slice().buffer as ArrayBuffer) });
  }

  closedByPeer(code: number, reason: string): void {
    if (this.readyState < 2) this.#up.carry(this.network.up, 0, () => this.#server!.over(code));
    this.#over(code, reason, true);
  }

  cut(part: number, tells: Tells): void {
    this.#up.cut(part);
    this.#down.cut(part);
    const { network } = this;
    if (tells === "both" || tells === "client") network.after(network.down + 1, () => this.#over(1006, "", false));
    if (tells === "both" || tells === "server") network.after(network.up + 1, () => this.#server?.over(1006));
  }

  #over(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.network.open--;
    this.network.connections.delete(this);
    if (!this.network.isPageGone) this.onclose?.({ code, reason, wasClean });
  }
}

/** The server's end: as much of ws as the server uses. */
class ServerSocket extends EventEmitter {
  readyState = 1;

  constructor(
    readonly network: SimulatedNetwork,
    readonly lane: Lane,
    readonly peer: ClientSocket,
  ) {
    super();
  }

  get bufferedAmount(): number {
    return this.lane.octets;
  }

  send(data: Data, taken?: (error?: Error) => void): void {
    if (this.readyState !== 1) return void this.network.after(0, () => taken?.(new Error("not open")));
    const copy = typeof data === "string" ? data : data.slice();
    this.lane.carry(this.network.down, octetsOf(data), () => this.peer.arrive(copy), taken);
  }

  close(code = 1005, reason = ""): void {
    const isValid = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || (code >= 3000 && code <= 4999);
    if (!isValid) throw new TypeError("First argument must be a valid error code number");
    if (Buffer.byteLength(reason) > 123) throw new RangeError("The reason is too long");
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.lane.carry(this.network.down, 0, () => this.peer.closedByPeer(code, reason));
    this.network.after(30_000, () => this.over(1006));
  }

  terminate(): void {
    this.network.after(0, () => this.over(1006));
  }

  /** From the client. What comes before the closing handshake is over still counts. */
  arrive(data: Data): void {
    if (this.readyState === 3) return;
    this.emit("message", Buffer.from(data as Uint8Array), typeof data !== "string");
  }

  closedByPeer(code: number, reason: string): void {
    if (this.readyState === 1) this.lane.carry(this.network.down, 0, () => this.peer.closedByPeer(code, reason));
    this.over(code);
  }

  over(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit("close", code);
  }
}
