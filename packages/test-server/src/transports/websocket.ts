import type { RawData, WebSocket } from "ws";
import { HIGH_WATER } from "../channel.ts";
import { type Attach, Carrier, type Outlet } from "../session/carrier.ts";
import type { Session } from "../session/session.ts";
import { Code } from "../shared.ts";
import { Pulse } from "./pulse.ts";

/** A WebSocket message holds about so many octets at the most, so that a pong is never far behind. */
const batchSize = 64 * 1024;

/** A WebSocket in the service of a session: PROTOCOL.md section 5. */
class WebSocketOutlet implements Outlet {
  readonly takesBinary = true;
  readonly isDuplex = true;
  readonly isSpokenFor = false;
  readonly #carrier: Carrier;
  readonly #pulse: Pulse;
  #isOver = false;
  #isBlocked = false;

  constructor(
    readonly session: Session,
    readonly socket: WebSocket,
    attach: Attach,
  ) {
    this.#carrier = new Carrier(session, this, attach.number);
    this.#pulse = new Pulse(this.#carrier, attach.interval);
    session.attach(this.#carrier, attach);
    if (this.#isOver) return;
    this.send(session.greeting(this) + (session.active === this.#carrier ? this.#carrier.feed.start() : ""));
    this.#pulse.start();
    socket.on("message", (data: RawData, isBinary: boolean) => {
      const octets = data as Buffer;
      this.#carrier.read(isBinary ? octets : octets.toString());
    });
    socket.on("error", (error: Error & { code?: string }) => {
      // So far beyond the bound that it was not even read.
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") session.end(Code.tooBig, "A message is too big.");
    });
    socket.on("close", () => {
      this.#stop();
      session.detach(this.#carrier);
    });
  }

  wake(): void {
    if (this.#isOver) return;
    const { socket } = this;
    while (socket.bufferedAmount < HIGH_WATER) {
      const batch = this.#carrier.take(batchSize);
      if (!batch) return this.#closeIfDone();
      this.#pulse.sent();
      socket.send(typeof batch === "string" ? this.session.owedAcknowledgement + batch : batch, this.#onTaken);
    }
    this.#isBlocked = true;
  }

  /** The network has taken a batch; if that was what the others wait for, they follow. */
  readonly #onTaken = (): void => {
    if (!this.#isBlocked || this.socket.bufferedAmount >= HIGH_WATER) return;
    this.#isBlocked = false;
    this.wake();
  };

  send(records: string): void {
    if (this.#isOver) return;
    this.#pulse.sent();
    this.socket.send(records);
  }

  acknowledge(): void {
    this.send(this.session.acknowledgement());
  }

  end(code: number): void {
    this.#stop();
    this.socket.close(code);
  }

  close(record: string, code: number, reason: string): void {
    this.send(record);
    this.#stop();
    this.socket.close(code, reason);
  }

  #closeIfDone(): void {
    const close = this.session.closeRecord(this.#carrier);
    if (close) this.close(close.record, close.code, close.reason);
  }

  #stop(): void {
    this.#isOver = true;
    this.#pulse.stop();
  }
}

/** Lets an open WebSocket carry the session, or offer to. */
export function carryByWebSocket(session: Session, socket: WebSocket, attach: Attach): void {
  new WebSocketOutlet(session, socket, attach);
}
