import type { ServerResponse } from "node:http";
import { type Attach, Carrier, type Outlet } from "../session/carrier.ts";
import type { Session } from "../session/session.ts";
import { Code, numberRecord, Type } from "../shared.ts";
import { Pulse } from "./pulse.ts";

/** How batches become the parts of one answer: what `stream`, `events` and `html` do not share. */
export interface Framing {
  readonly headers: Record<string, string>;
  /** What precedes the first batch. */
  readonly opening: string;
  /** The page keeps what has passed, so the carrier is ended when that has become much. */
  readonly isRotated: boolean;
  frame(batch: string): string;
}

/** A batch holds about so many octets at the most, so that a pong is never far behind. */
const batchSize = 64 * 1024;
/** After so many UTF-16 code units the client takes another carrier, and lets go of what this one has left in its memory. */
const rotateAt = 4 * 1024 * 1024;
/** How long a network may take nothing of an ended answer's rest, in milliseconds. */
const farewell = 10_000;

/** An HTTP answer that stays open, in the service of a session: PROTOCOL.md sections 5 and 5.3 to 5.5. */
class StreamingOutlet implements Outlet {
  readonly takesBinary = false;
  readonly isDuplex = false;
  readonly isSpokenFor = true;
  readonly #carrier: Carrier;
  readonly #pulse: Pulse;
  /** UTF-16 code units. */
  #written = 0;
  #isOver = false;

  constructor(
    readonly session: Session,
    readonly response: ServerResponse,
    readonly framing: Framing,
    attach: Attach,
    body: string,
  ) {
    this.#carrier = new Carrier(session, this, attach.number);
    this.#pulse = new Pulse(this.#carrier, attach.interval);
    response.socket?.setNoDelay();
    response.writeHead(200, framing.headers);
    // They leave with what is written in this turn. Unsent, they would be held as the pieces that Node has put them together from.
    response.flushHeaders();
    // The messages first: they count even if another carrier has taken over meanwhile.
    this.#carrier.read(body);
    session.attach(this.#carrier, attach);
    if (this.#isOver) return;
    this.send(session.active === this.#carrier ? this.#carrier.feed.start() : "");
    this.#pulse.start();
    response.on("drain", () => this.wake());
    response.on("close", () => {
      this.#stop();
      session.detach(this.#carrier);
    });
  }

  wake(): void {
    while (!this.#isOver && !this.response.writableNeedDrain) {
      const batch = this.#carrier.take(batchSize);
      if (!batch) return this.#closeIfDone();
      this.send(this.session.owedAcknowledgement + batch);
      if (this.framing.isRotated && this.#written >= rotateAt) this.session.endCarrier(this.#carrier, Code.rotate);
    }
  }

  /** Behind the greeting, which goes in front of whatever comes first. */
  send(records: string): void {
    if (this.#isOver) return;
    const { framing } = this;
    const text =
      this.#written > 0
        ? framing.frame(records)
        : framing.opening + framing.frame(this.session.greeting(this) + records);
    this.#written += text.length;
    this.#pulse.sent();
    this.response.write(text);
  }

  acknowledge(): void {
    this.send(this.session.acknowledgement());
  }

  end(code: number): void {
    this.close(numberRecord(Type.end, code));
  }

  close(record: string): void {
    this.send(record);
    this.#stop();
    this.response.end();
    this.response.setTimeout(farewell);
  }

  #closeIfDone(): void {
    const close = this.session.closeRecord(this.#carrier);
    if (close) this.close(close.record);
  }

  #stop(): void {
    this.#isOver = true;
    this.#pulse.stop();
  }
}

/** Lets an answer carry the session, or offer to, after what came with the request. */
export function carryByAnswer(
  session: Session,
  response: ServerResponse,
  framing: Framing,
  attach: Attach,
  body: string,
): void {
  new StreamingOutlet(session, response, framing, attach, body);
}

/** Says in the same form that there is nothing to carry. */
export function answerFramed(response: ServerResponse, framing: Framing, records: string): void {
  response.writeHead(200, framing.headers).end(framing.opening + framing.frame(records));
}
