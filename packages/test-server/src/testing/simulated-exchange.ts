import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { RequestFate, Tells } from "./simulated-fates.ts";
import { Lane } from "./simulated-lane.ts";
import {
  type Connection,
  type Purpose,
  pathOf,
  purposeOf,
  type SimulatedListener,
  type SimulatedNetwork,
} from "./simulated-network.ts";

export interface SimulatedRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body: string;
  readonly isBeacon?: boolean;
}

/** What a browser learns of an answer: `head` once or never, `data` any number of times, and `end` once, last. */
export interface Receiver {
  head(status: number, type: string): void;
  /** Cut anywhere. */
  data(octets: Uint8Array): void;
  end(isComplete: boolean): void;
}

/** One HTTP request from the client's hands to the end of the answer back in them. */
export class Exchange implements Connection {
  readonly #answers: Answer[] = [];
  readonly #listener: SimulatedListener | undefined;
  readonly purpose: Purpose;
  #isDone = false;
  #isCut = false;

  constructor(
    readonly network: SimulatedNetwork,
    readonly request: SimulatedRequest,
    readonly on: Receiver,
  ) {
    const { url, isBeacon } = request;
    this.purpose = isBeacon ? "beacon" : purposeOf(url);
    this.#listener = network.listener;
    network.begins(this.purpose);
    if (network.weather === "refuses") this.#fail(network.up);
    else this.#begin(url);
  }

  #begin(url: string): void {
    const { network } = this;
    network.connections.add(this);
    const kind = /\w+(?=\?)/.exec(url)![0];
    const fates = /^(stream|events)$/.test(kind) ? network.streamFates : network.requestFates;
    if (network.weather === "loses") this.#isCut = true;
    else this.#leave(network.always[kind as "poll"] ?? fates.shift() ?? { is: "passed", up: 0, down: 0 });
  }

  #leave(fate: RequestFate): void {
    const { network } = this;
    const { up } = network;
    switch (fate.is) {
      case "passed":
        return network.carry(up + fate.up, () => this.#arrive({ more: fate.down }));
      case "refused":
        return this.#fail(up);
      case "lost":
        this.#isCut = true;
        return;
      case "unanswered":
        return network.carry(up, () => this.#arrive({ becomes: fate.isTold ? "failed" : "unread" }));
      case "cut":
        network.strike(fate.after, () => this.cut(fate.part, fate.tells));
        return network.carry(up, () => this.#arrive());
      case "ended":
        network.strike(fate.after, () => {
          this.cut(1, "server");
          network.after(network.down + 1, () => this.#end(true));
        });
        return network.carry(up, () => this.#arrive());
      case "held":
        network.strike(fate.after, () => this.#lanes((lane) => lane.hold(fate.isTaken)));
        if (fate.for < Infinity) network.after(fate.after + fate.for, () => this.#lanes((lane) => lane.release()));
        return network.carry(up, () => this.#arrive());
      case "doubled":
        network.carry(up, () => this.#arrive({ becomes: fate.answer === 0 ? "read" : "unread" }));
        // The repetition comes even if the client has given the first one up.
        return network.carry(up + fate.again, () =>
          this.#arrive({ becomes: fate.answer === 1 ? "read" : "unread", isRepetition: true }),
        );
      case "intercepted":
        return network.carry(up, () => {
          if (this.#isDone || network.isPageGone) return;
          this.on.head(fate.status, "text/html");
          this.on.data(Buffer.from(fate.body));
          this.#end(true);
        });
      default:
        return fate satisfies never;
    }
  }

  #lanes(run: (lane: Lane) => void): void {
    for (const { lane } of this.#answers) run(lane);
  }

  abort(): void {
    if (this.#isDone) return;
    this.#end(false);
    if (!this.#isCut) this.network.carry(this.network.up, () => this.#close());
  }

  cut(part: number, tells: Tells): void {
    const { network } = this;
    this.#isCut = true;
    this.#lanes((lane) => lane.cut(part));
    if (tells === "both" || tells === "server") network.after(1, () => this.#close());
    if (tells === "both" || tells === "client") this.#fail(network.down + 1);
  }

  #arrive({ more = 0, becomes = "read", isRepetition = false }: Partial<Course> = {}): void {
    const { network, request } = this;
    // What waited somewhere on the way is lost with the process that it was for.
    if (isRepetition ? this.#listener !== network.listener : this.#isCut || this.#isDone) return;
    if (!network.listener) return this.#fail(network.down);
    const answer = new Answer(network, more, {
      piece: (head, octets, isLast) => {
        if (this.#isDone || network.isPageGone || becomes === "unread") return;
        if (becomes === "failed") return isLast ? this.#end(false) : undefined;
        if (head) this.on.head(head.status, head.type);
        // In two pieces, wherever that cuts it.
        const half = Math.ceil(octets.length * 0.4);
        if (octets.length > 0) this.on.data(octets.subarray(0, half));
        if (octets.length > half && !this.#isDone) this.on.data(octets.subarray(half));
        if (isLast) this.#end(true);
      },
      timeout: () => this.cut(0, "both"),
    });
    this.#answers.push(answer);
    const { method, url, body } = request;
    const incoming = Object.assign(new Readable({ read() {} }), { method, url: pathOf(url), headers: {} });
    if (body) incoming.push(body);
    incoming.push(null);
    // Who goes away while the body is read.
    answer.once("close", () => incoming.destroy());
    network.listener.request(incoming as unknown as IncomingMessage, answer as unknown as ServerResponse);
  }

  #fail(ms: number): void {
    this.network.after(ms, () => this.#end(false));
  }

  /** The server learns that it is over. */
  #close(): void {
    for (const answer of this.#answers) answer.close();
  }

  #end(isComplete: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.network.open[this.purpose]--;
    this.network.connections.delete(this);
    if (!this.network.isPageGone) this.on.end(isComplete);
  }
}

/** How a request that reaches the server comes back. */
interface Course {
  /** Milliseconds that each piece takes longer. */
  readonly more: number;
  readonly becomes: "read" | "unread" | "failed";
  readonly isRepetition: boolean;
}

/** So many octets wait in Node before it asks to wait for `drain`. */
const highWater = 16_384;

/** The server's end: as much of Node's `ServerResponse` as the server uses. */
class Answer extends EventEmitter {
  readonly lane: Lane;
  readonly socket = { setNoDelay() {} };
  headersSent = false;
  writableNeedDrain = false;
  #head: { status: number; type: string } | undefined;
  #isEnded = false;
  #isClosed = false;

  constructor(
    readonly network: SimulatedNetwork,
    readonly more: number,
    readonly to: {
      piece(head: { status: number; type: string } | undefined, octets: Uint8Array, isLast: boolean): void;
      timeout(): void;
    },
  ) {
    super();
    this.lane = new Lane(network);
  }

  setHeader(): void {}

  writeHead(status: number, headers: Record<string, string>): this {
    if (this.headersSent) throw new Error("ERR_HTTP_HEADERS_SENT");
    this.headersSent = true;
    this.#head = { status, type: headers["Content-Type"] ?? "" };
    return this;
  }

  flushHeaders(): void {
    this.network.streams.add(this);
    this.#carry("", false);
  }

  write(text: string): void {
    if (this.#isEnded || this.#isClosed) throw new Error("ERR_STREAM_WRITE_AFTER_END");
    // What is short need not wait: a ping, a pong.
    if (this.writableNeedDrain && text.length > 1_000) throw new Error("written before it was drained");
    this.#carry(text, false);
    if (this.lane.octets >= highWater) this.writableNeedDrain = true;
  }

  end(text = ""): void {
    this.#isEnded = true;
    if (!this.#isClosed) this.#carry(text, true);
  }

  /** Not idle for so long, or the connection is closed. */
  setTimeout(ms: number): void {
    const before = this.lane.octets;
    this.network.after(ms, () => {
      if (this.#isClosed) return;
      if (this.lane.octets < before) this.setTimeout(ms);
      else this.to.timeout();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.network.streams.delete(this);
    this.writableNeedDrain = false;
    this.emit("close");
  }

  #carry(text: string, isLast: boolean): void {
    const head = this.#head;
    this.#head = undefined;
    const octets = Buffer.from(text);
    this.lane.carry(this.network.down + this.more, {
      octets: octets.length,
      isLast,
      arrive: () => this.to.piece(head, octets, isLast),
      torn: () => this.to.piece(head, octets.subarray(0, octets.length >> 1), false),
      taken: () => {
        if (isLast) this.close();
        if (!this.writableNeedDrain || this.lane.octets > 0) return;
        this.writableNeedDrain = false;
        this.emit("drain");
      },
    });
  }
}
