import { STATUS_CODES } from "node:http";
import { connect, type Socket } from "node:net";
import type { Clock } from "../shared.ts";
import type { Direction, Fate, Faults, RequestFault, WebSocketLimit } from "./faults.ts";
import {
  type RequestHead,
  type ResponseHead,
  requestBody,
  requestGrammar,
  responseBody,
  responseGrammar,
  switchesProtocol,
} from "./heads.ts";
import { Lane } from "./lane.ts";
import { MessageReader, type Piece } from "./message-reader.ts";

/** A request whose response is not complete. */
interface Exchange {
  readonly method: string;
  readonly fault: RequestFault | WebSocketLimit;
}

/**
 * One connection of a client, and the one to the target that belongs to it. The faults take place at the far end of each lane: where the target would
 * meet what the client sent, and the other way round.
 */
export class Connection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #requests = new MessageReader(requestGrammar, requestBody);
  readonly #responses = new MessageReader(responseGrammar, (head: ResponseHead) =>
    responseBody(head, this.#exchanges[0]?.method),
  );
  readonly #exchanges: Exchange[] = [];
  #isWebSocket = false;
  /** The middlebox itself answers what the client asked last, or will not: the target gets no more. */
  #isDetached = false;
  /** When something last passed. */
  #heard: number;
  /** What is being answered. */
  #response: { head: ResponseHead; since: number } | undefined;
  #held: Buffer[] = [];
  #heldOctets = 0;
  #heldSince: number | undefined;
  /** Of a WebSocket that is open and not yet struck. */
  #limit: WebSocketLimit | undefined;
  #openSince: number | undefined;
  #openOctets = 0;
  #cancelTimer: (() => void) | undefined;

  /** @param onClosed both sides are gone */
  constructor(
    client: Socket,
    target: { host: string; port: number },
    faults: Faults,
    clock: Clock,
    onClosed: () => void,
  ) {
    this.#client = client;
    this.#target = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#faults = faults;
    this.#clock = clock;
    this.#heard = clock.now();
    this.#up = new Lane({
      direction: "up",
      to: this.#target,
      faults,
      clock,
      onOctets: (octets) => this.#fromClient(octets),
      onFull: (isFull) => flow(client, !isFull),
    });
    this.#down = new Lane({
      direction: "down",
      to: client,
      faults,
      clock,
      onOctets: (octets) => this.#fromTarget(octets),
      onFull: (isFull) => flow(this.#target, !isFull),
    });
    const closed = () => {
      if (!client.closed || !this.#target.closed) return;
      this.#up.lose();
      this.#down.lose();
      this.#watch();
      onClosed();
    };
    client
      .on("data", (octets) => this.#up.push(octets))
      .on("end", () => (this.#isForgotten ? client.end() : this.#up.push(() => this.#endFromClient())))
      .on("error", () => this.#up.push(() => this.#target.resetAndDestroy()))
      .on("close", closed);
    this.#target
      .on("data", (octets) => this.#down.push(octets))
      .on("end", () => (this.#isForgotten ? this.#target.end() : this.#down.push(() => this.#endFromTarget())))
      .on("error", () => this.#down.push(() => client.resetAndDestroy()))
      .on("close", closed);
    this.#watch();
  }

  /** It has asked for a WebSocket, whatever came of it. */
  get isWebSocket(): boolean {
    return this.#isWebSocket;
  }

  /** Nothing passes any more. */
  get #isForgotten(): boolean {
    return this.#up.isLost && this.#down.isLost;
  }

  /** Something happens to it now. */
  strike(fate: Fate = "reset"): void {
    // What has passed has passed: a reset loses what is only written.
    this.#client.uncork();
    this.#target.uncork();
    if (fate !== "black-hole-down") this.#up.lose();
    if (fate !== "black-hole-up") this.#down.lose();
    if (fate === "reset" || fate === "reset-client") this.#client.resetAndDestroy();
    if (fate === "reset" || fate === "reset-target") this.#target.resetAndDestroy();
    if (fate === "end") {
      this.#client.destroySoon();
      this.#target.destroySoon();
    }
  }

  /** The faults have changed. */
  wake(): void {
    if (!this.#faults.hold) this.#release();
    this.#up.wake();
    this.#down.wake();
    this.#watch();
  }

  // Upwards

  #fromClient(octets: Buffer): void {
    this.#heard = this.#clock.now();
    for (const piece of this.#requests.read(octets)) {
      if (piece.head && !this.#isDetached) this.#ask(piece.head);
      if (this.#isDetached || this.#up.isLost) return;
      this.#pass(piece.octets, "up");
    }
  }

  #ask(head: RequestHead): void {
    const { request, webSocket } = this.#faults;
    let fault: Exchange["fault"] = typeof request === "function" ? request(head) : request;
    if (head.isWebSocket) {
      this.#isWebSocket = true;
      if (fault === "pass") fault = webSocket;
    }
    this.#exchanges.push({ method: head.method, fault });
    this.#isDetached = fault !== "pass" && typeof fault !== "object";
    this.#answerIfDue();
  }

  /** Does what the target would do, once all that the target had to answer before is answered. */
  #answerIfDue(): void {
    if (!this.#isDetached || this.#exchanges.length !== 1 || this.#target.destroyed) return;
    this.#target.destroy();
    const { method, fault } = this.#exchanges[0]!;
    if (fault === "reset") this.#down.push(() => this.#client.resetAndDestroy());
    const status = fault === "refuse" ? 403 : fault;
    if (typeof status !== "number") return;
    this.#down.push(answer(status, method));
    this.#down.push(() => this.#client.end());
  }

  #endFromClient(): void {
    if (this.#isDetached) {
      if (this.#target.destroyed) this.#down.push(() => this.#client.end());
      return;
    }
    this.#target.end(this.#requests.end());
  }

  // Downwards

  #fromTarget(octets: Buffer): void {
    this.#heard = this.#clock.now();
    for (const piece of this.#responses.read(octets)) {
      if (this.#down.isLost) return;
      const switches = piece.head && switchesProtocol(piece.head, this.#exchanges[0]?.method);
      // An interim response is none yet (RFC 9110 section 15.2).
      if (piece.head && piece.head.status >= 200 && !switches) this.#begin(piece.head);
      if (this.#response) this.#give(piece, this.#response.head);
      else this.#pass(piece.octets, "down");
      if (switches) this.#open();
      if (piece.isEnd && this.#response) this.#finish();
    }
  }

  #begin(head: ResponseHead): void {
    this.#response = { head, since: this.#clock.now() };
    if (this.#faults.response) this.#watch();
  }

  /** Gives some of a response to the client, or holds it. */
  #give({ octets, head, isEnd }: Piece<ResponseHead>, response: ResponseHead): void {
    const { hold } = this.#faults;
    if (!hold || (head && !hold.head) || hold.only?.(response) === false) {
      this.#release();
      this.#client.write(octets);
      return;
    }
    this.#held.push(octets);
    this.#heldOctets += octets.length;
    if (isEnd || this.#heldOctets >= (hold.bytes ?? Number.POSITIVE_INFINITY)) {
      this.#release();
    } else if (this.#heldSince === undefined) {
      this.#heldSince = this.#clock.now();
      this.#watch();
    }
  }

  /** Lets go what is held. */
  #release(): void {
    if (this.#held.length === 0 || this.#down.isStalled) return;
    if (!this.#down.isLost) this.#client.write(Buffer.concat(this.#held));
    this.#held = [];
    this.#heldOctets = 0;
    this.#heldSince = undefined;
  }

  #finish(): void {
    this.#response = undefined;
    this.#exchanges.shift();
    this.#answerIfDue();
  }

  /** The target has agreed to another protocol. */
  #open(): void {
    const { fault } = this.#exchanges.shift() ?? {};
    this.#requests.letPass();
    if (typeof fault !== "object") return;
    this.#limit = fault;
    this.#openSince = this.#clock.now();
    if (fault.after === "upgrade") this.#reachLimit(fault);
    else this.#watch();
  }

  #endFromTarget(): void {
    this.#release();
    this.#client.end(this.#responses.end());
  }

  // Limits

  /** Passes octets that belong to no response, and strikes the WebSocket at the octet where that is due. */
  #pass(octets: Buffer, direction: Direction): void {
    const [to, lane] = direction === "up" ? [this.#target, this.#up] : [this.#client, this.#down];
    const limit = this.#limit;
    let count = Number.POSITIVE_INFINITY;
    if (limit?.after === (direction === "up" ? "client-data" : "server-data")) count = 0;
    else if (typeof limit?.after === "object") count = limit.after.bytes - this.#openOctets;
    this.#openOctets += limit ? octets.length : 0;
    if (!limit || octets.length < count) {
      to.write(octets);
      return;
    }
    if (count > 0) to.write(octets.subarray(0, count));
    this.#reachLimit(limit);
    if (!lane.isLost) to.write(octets.subarray(count));
  }

  #reachLimit({ fate }: WebSocketLimit): void {
    this.#limit = undefined;
    this.strike(fate);
  }

  /** Does what is due by the clock, and comes back for what is not. */
  #watch(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isForgotten) return;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    const isDue = (since = Number.POSITIVE_INFINITY, after = Number.POSITIVE_INFINITY) => {
      if (since + after <= now) return true;
      next = Math.min(next, since + after);
      return false;
    };
    const { hold, response, idle } = this.#faults;
    const limit = this.#limit;
    if (isDue(this.#heldSince, hold?.ms)) this.#release();
    if (typeof limit?.after === "number" && isDue(this.#openSince, limit.after)) this.#reachLimit(limit);
    if (isDue(this.#response?.since, response?.after)) this.strike(response?.fate);
    else if (isDue(this.#heard, idle?.after)) this.strike(idle?.fate);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(next - now, () => this.#watch());
  }
}

function answer(status: number, method: string): Buffer {
  const text = `${STATUS_CODES[status] ?? "Status"}\n`;
  const head = `HTTP/1.1 ${status} ${text.trimEnd()}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.from(method === "HEAD" || status === 204 || status === 304 ? head : head + text);
}

function flow(socket: Socket, flows: boolean): void {
  if (flows) socket.resume();
  else socket.pause();
}
