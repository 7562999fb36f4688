import { Code, Feed, numberRecord, type Payload, ProtocolError, recordReader, Type } from "../shared.ts";
import type { Session } from "./session.ts";

/** The network side of a carrier: one technique of PROTOCOL.md section 5. It pulls from its carrier what it sends. */
export interface Outlet {
  /** Takes binary messages without base64. */
  readonly takesBinary: boolean;
  /** What arrives on it comes in an order that it can be held to: a gap is an error. */
  readonly isDuplex: boolean;
  /** It stays open and only sends: what the client has to say about it comes by `send` with `k`. */
  readonly isSpokenFor: boolean;
  /** There may be something to `take`. */
  wake(): void;
  /** Sends records that do not wait for anything: a pong, where messages start. */
  send(records: string): void;
  /** An acknowledgement is due, and nothing goes out that it could ride on. */
  acknowledge(): void;
  /** The carrier is over, and the session not. */
  end(code: number): void;
  /** The session is over: `record` says so, behind all that was taken. */
  close(record: string, code: number, reason: string): void;
}

export interface Attach {
  /** `c` */
  readonly number: number;
  /** `r` */
  readonly received: number;
  /** `t` */
  readonly takesOver: boolean;
  /** `i`: the ping interval that the client asks for, in milliseconds. */
  readonly interval?: number | undefined;
}

/** One carrier as its session sees it: where it stands in both directions. */
export class Carrier {
  readonly feed: Feed;
  isEnded = false;
  /** A candidate's time is not waited for any longer. */
  forget: (() => void) | undefined;
  /** The number that it takes over with: the one it came with, until naming gives it another. */
  number: number;
  /** When anything came over it last, or a pong for it, in milliseconds of the clock. */
  heardAt: number;
  /** Made when something comes: on most carriers nothing does. */
  #reader: ((text: string, isWhole: boolean) => void) | undefined;
  /** The number of the next incoming message; 0 before its `s`. */
  #next = 0;

  constructor(
    readonly session: Session,
    readonly outlet: Outlet,
    /** `c` */
    readonly opened: number,
    /** The carrier that its `n`, `p` and `q` speak for, on a `send` with `k`; null: that is no more. */
    readonly spokenFor?: Carrier | null,
  ) {
    this.number = opened;
    this.feed = new Feed(session.buffer, outlet.takesBinary);
    this.heardAt = session.host.clock.now();
  }

  /** Takes a WebSocket message or a body. Its violations end the session or this carrier, and nothing else. */
  read(payload: Payload): void {
    if (this.session.isOver) return;
    this.heardAt = this.session.host.clock.now();
    try {
      if (typeof payload !== "string") this.#record(Type.binary, 0, payload);
      else if (payload) {
        this.#reader ??= recordReader(
          (type, number, content) => this.#record(type, number, content),
          Math.ceil((this.session.host.limits.maxMessage * 4) / 3) + 4,
        );
        this.#reader(payload, true);
      }
    } catch (error) {
      if (error instanceof BodyGap) return;
      if (!(error instanceof ProtocolError)) {
        // A fault in the server: this session cannot go on, and the others are not to feel it.
        console.error(error);
        this.session.end(Code.internal, "The server has a fault.", this.outlet);
      } else if (error.code === Code.gap) this.session.endCarrier(this, Code.gap);
      else this.session.end(error.code, error.message, this.outlet);
    }
  }

  /** What is to be sent next; "": nothing, or not here. */
  take(octets: number): Payload {
    return this.session.active === this ? this.feed.take(octets) : "";
  }

  get hasPending(): boolean {
    return this.session.active === this && this.feed.isPending;
  }

  #record(type: string, number: number, payload: string | Uint8Array): void {
    const { session } = this;
    if (session.isOver) return;
    switch (type) {
      case Type.text:
      case Type.binary: {
        if (this.#next === 0) throw new ProtocolError(Code.malformed, "A message came before its number.");
        if (session.accept(this.#next++, payload)) return;
        if (this.outlet.isDuplex) throw new ProtocolError(Code.gap, "A message was skipped.");
        throw new BodyGap();
      }
      case Type.start:
        this.#next = number;
        return;
      case Type.acknowledge:
        return session.acknowledged(number);
      case Type.name:
      case Type.ping:
      case Type.pong: {
        const subject = this.outlet.isDuplex ? this : this.spokenFor;
        if (subject === undefined) break;
        if (!subject) return;
        if (type === Type.name) session.name(subject, number);
        else if (type === Type.ping) subject.outlet.send(numberRecord(Type.pong, number));
        else subject.heardAt = session.host.clock.now();
        return;
      }
      case Type.close:
        return session.closedByClient(new URLSearchParams(payload as string), this.outlet);
    }
    throw new ProtocolError(Code.malformed, "A record is unknown, not a client's, or not for this carrier.");
  }
}

/** What precedes this body has not arrived yet; the rest of it is dropped, and no harm done (PROTOCOL.md section 3.1). */
class BodyGap extends Error {}
