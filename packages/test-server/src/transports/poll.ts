import type { ServerResponse } from "node:http";
import { answerRecords } from "../http/answers.ts";
import { type Attach, Carrier, type Outlet } from "../session/carrier.ts";
import type { Session } from "../session/session.ts";
import { numberRecord, Type } from "../shared.ts";

/** An answer is ended after about so many octets of messages; the rest comes with the next poll. */
const answerSize = 1024 * 1024;

/** One POST that is held until there is something to say: PROTOCOL.md section 5.1. */
class PollOutlet implements Outlet {
  readonly takesBinary = false;
  readonly isDuplex = false;
  readonly isSpokenFor = false;
  readonly #carrier: Carrier;
  #isAnswered = false;
  #cancelHold: (() => void) | undefined;

  constructor(
    readonly session: Session,
    readonly response: ServerResponse,
    attach: Attach,
    body: string,
    hold: number,
  ) {
    this.#carrier = new Carrier(session, this, attach.number);
    response.on("close", () => this.#finish());
    // The messages first: they count even if another carrier has taken over meanwhile.
    this.#carrier.read(body);
    session.attach(this.#carrier, attach);
    if (this.#isAnswered) return;
    const { clock, afterTurn } = session.host;
    // What the body caused within this turn goes with the answer, however short the hold.
    if (hold === 0) afterTurn(() => this.#answer(""));
    else this.#cancelHold = clock.after(hold, () => this.#answer(""));
  }

  wake(): void {
    if (this.#carrier.hasPending || this.session.closeRecord(this.#carrier)) this.#answer("");
  }

  send(records: string): void {
    this.#answer(records);
  }

  acknowledge(): void {
    this.#answer("");
  }

  end(code: number): void {
    this.#answer(numberRecord(Type.end, code));
  }

  close(record: string): void {
    this.#answer(record);
  }

  #answer(tail: string): void {
    if (this.#isAnswered) return;
    const messages = this.#carrier.take(answerSize);
    const close = this.session.closeRecord(this.#carrier)?.record ?? "";
    answerRecords(this.response, this.session.greeting(this) + messages + tail + close);
    this.#finish();
  }

  #finish(): void {
    this.#isAnswered = true;
    this.#cancelHold?.();
    this.session.detach(this.#carrier);
  }
}

/** Takes in a poll's body and answers when there is something to say. `hold` is in milliseconds. */
export function poll(session: Session, response: ServerResponse, attach: Attach, body: string, hold: number): void {
  new PollOutlet(session, response, attach, body, Math.min(hold, session.host.limits.hold));
}
