import type { Carrier } from "../session/carrier.ts";
import { Code, numberRecord, Type } from "../shared.ts";

/** Pings a carrier that stays open when it is quiet, and ends it when nothing is heard of it: PROTOCOL.md section 7.1. */
export class Pulse {
  /** Milliseconds. */
  readonly #interval: number;
  #sentAt: number;
  #pingedAt: number;
  #pings = 0;
  #cancel: (() => void) | undefined;

  /** `asked` is what the client wants pings after, in milliseconds, if that is less than what the server wants. */
  constructor(
    readonly carrier: Carrier,
    asked: number | undefined,
  ) {
    const { clock, limits } = carrier.session.host;
    this.#interval = Math.min(limits.ping, asked ?? limits.ping);
    this.#sentAt = clock.now();
    this.#pingedAt = this.#sentAt;
  }

  /** Something has gone out on the carrier. */
  sent(): void {
    this.#sentAt = this.carrier.session.host.clock.now();
  }

  /** One timer at a time: until a ping is owed, or the client has been silent for too long. */
  start(): void {
    const { clock } = this.carrier.session.host;
    const wait = Math.max(0, Math.min(this.#silentAt, this.#quietAt) - clock.now());
    this.#cancel = clock.after(wait, () => this.#look(clock.now()));
  }

  stop(): void {
    this.#cancel?.();
  }

  #look(now: number): void {
    const { carrier } = this;
    if (now >= this.#silentAt) return carrier.session.endCarrier(carrier, Code.silent);
    if (now >= this.#quietAt) {
      this.#pingedAt = now;
      carrier.outlet.send(numberRecord(Type.ping, ++this.#pings));
    }
    this.start();
  }

  get #silentAt(): number {
    return this.carrier.heardAt + 2 * this.#interval;
  }

  /** Also where much is sent: of a receive-only carrier nothing is heard unless it is asked for. */
  get #quietAt(): number {
    return Math.min(this.#sentAt, Math.max(this.carrier.heardAt, this.#pingedAt)) + this.#interval;
  }
}
