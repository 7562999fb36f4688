import { type Application, type Channel, type ChannelHandler, HIGH_WATER, LOW_WATER } from "../channel.ts";
import type { Limits } from "../limits.ts";
import {
  acknowledgeBounds,
  type Clock,
  Code,
  numberRecord,
  type Payload,
  ProtocolError,
  parameterRecord,
  Receiver,
  ReplayBuffer,
  sizeOf,
  Type,
} from "../shared.ts";
import type { Attach, Carrier, Outlet } from "./carrier.ts";

/** What a session needs of the server that it lives in. */
export interface SessionHost {
  readonly clock: Clock;
  readonly limits: Limits;
  /** Runs what follows a turn of the event loop, once the turn is over. */
  afterTurn(run: () => void): void;
  /** The session is over and may be forgotten. */
  onOver(session: Session): void;
}

/** A candidate that was not named within this time, in milliseconds, is of no use (PROTOCOL.md section 6). */
const candidateLife = 60_000;
/** How long a POST is held at the most whose session takes nothing more, in milliseconds. */
const pausedAnswer = 5_000;
/** How long a closed session waits for a client that may have missed the end of it, in milliseconds. */
const closedWindow = 10_000;
/** Of so many ended carriers the numbers are known. A browser that comes back with one does so within seconds. */
const endedKept = 16;

/**
 * The server's end of a session: PROTOCOL.md. It outlives its carriers; what it has for the client waits here, numbered, until it is acknowledged.
 */
export class Session implements Channel {
  readonly buffer = new ReplayBuffer();
  readonly #receiver = new Receiver();
  readonly #handler: ChannelHandler;
  readonly #carriers = new Set<Carrier>();
  /** The numbers of the latest carriers that were ended from here. */
  readonly #ended: number[] = [];
  /** The carrier that messages are sent on. */
  active: Carrier | undefined;
  /** No carrier, neither side can say more: nothing of it is left but its name. */
  isOver = false;
  /** The highest number that took over. */
  #highest = 0;
  /** The application takes nothing more: so much it has, and the client is told of no more until it goes on. */
  #heldAt: number | undefined;
  /** What waits for that. */
  readonly #held: (() => void)[] = [];
  #isWakeQueued = false;
  #isAcknowledgeQueued = false;
  #wasAboveHighWater = false;
  /** The application or the server has closed it; the client may not have heard of it. */
  #closing: { code: number; reason: string; retry?: number } | undefined;
  /** The end has left, behind all that was to be said. */
  #hasSaidAll = false;
  #cancelWindow: (() => void) | undefined;
  #cancelAcknowledge: (() => void) | undefined;

  constructor(
    readonly id: string,
    /** The origin whose page opened it; undefined if no browser did. */
    readonly origin: string | undefined,
    readonly protocol: string | undefined,
    readonly host: SessionHost,
    application: Application,
  ) {
    this.#handler = application.accept(this);
    this.#armWindow();
  }

  // Channel: what the application says

  get bufferedAmount(): number {
    return this.buffer.octets;
  }

  send(message: Payload): void {
    if (this.isOver || this.#closing) return;
    this.buffer.push(message);
    const { octets } = this.buffer;
    if (octets > HIGH_WATER) this.#wasAboveHighWater = true;
    if (octets > this.host.limits.maxBuffered) return this.end(Code.overflow, "The client takes too little.");
    this.#queueWake();
  }

  /** Ends the session once the client has what was sent before. A client that misses it learns of it at its next attach, within the window. */
  close(code: number, reason: string, retry?: number): void {
    if (this.isOver || this.#closing) return;
    this.#closing = { code, reason, ...(retry === undefined ? {} : { retry }) };
    this.host.afterTurn(() => this.#handler.onClose());
    this.#queueWake();
  }

  /** What comes from now on is not acknowledged, so that it counts in the client's `bufferedAmount`; that has a bound. */
  pause(): void {
    this.#heldAt ??= this.#receiver.received;
  }

  resume(): void {
    if (this.#heldAt === undefined) return;
    this.#heldAt = undefined;
    for (const run of this.#held.splice(0)) run();
    this.#queueAcknowledge();
  }

  /** Runs it as soon as the application takes more, and soon in any case. An answer that said too little at once would only bring the same again. */
  afterPause(run: () => void): void {
    if (this.#heldAt === undefined) return run();
    const cancel = this.host.clock.after(pausedAnswer, () => {
      this.#held.splice(this.#held.indexOf(once), 1);
      run();
    });
    const once = () => {
      cancel();
      run();
    };
    this.#held.push(once);
  }

  // Carriers

  /** Something is on its way to the client, or waits for it to ask. */
  get isAwaited(): boolean {
    return this.#carriers.size > 0 || (!this.#hasSaidAll && this.bufferedAmount > 0);
  }

  /** A request has come that carries the session from here on, or offers to. */
  attach(carrier: Carrier, { received, takesOver }: Attach): void {
    if (this.isOver) return;
    if (!this.buffer.acknowledge(received)) {
      return this.end(Code.malformed, "The client has received what was never sent.", carrier.outlet);
    }
    this.#carriers.add(carrier);
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#drained();
    if (takesOver) this.#takeOver(carrier);
    else {
      const isIdle = () => this.active !== carrier;
      carrier.forget = this.host.clock.after(
        candidateLife,
        () => isIdle() && this.endCarrier(carrier, Code.superseded),
      );
    }
    this.#boundCarriers();
  }

  /** The receive-only carrier that came with that number, if it is there: the latest, as browsers repeat requests. */
  spokenFor(number: number): Carrier | undefined {
    let found: Carrier | undefined;
    for (const carrier of this.#carriers) if (carrier.opened === number && carrier.outlet.isSpokenFor) found = carrier;
    return found;
  }

  /** The carrier that came with that number was there, and has been ended from here. */
  wasEnded(number: number): boolean {
    return this.#ended.includes(number);
  }

  /** The network has lost a carrier, or it has run its course. */
  detach(carrier: Carrier): void {
    carrier.isEnded = true;
    carrier.forget?.();
    if (!this.#carriers.delete(carrier)) return;
    if (this.active === carrier) this.active = undefined;
    if (this.#carriers.size === 0) this.#armWindow();
  }

  endCarrier(carrier: Carrier, code: number): void {
    if (carrier.isEnded) return;
    this.detach(carrier);
    this.#ended.push(carrier.opened);
    if (this.#ended.length > endedKept) this.#ended.shift();
    carrier.outlet.end(code);
  }

  /** `n`: the candidate takes over. One that is no more cannot. */
  name(carrier: Carrier, number: number): void {
    if (carrier.isEnded) return;
    carrier.number = number;
    this.#takeOver(carrier);
    if (this.active === carrier) carrier.outlet.send(carrier.feed.start());
  }

  #takeOver(carrier: Carrier): void {
    if (carrier.number < this.#highest) return this.endCarrier(carrier, Code.superseded);
    this.#highest = carrier.number;
    const before = this.active;
    this.active = carrier;
    carrier.feed.rewind();
    if (before && before !== carrier) this.endCarrier(before, Code.superseded);
    this.#queueWake();
  }

  #boundCarriers(): void {
    while (this.#carriers.size > this.host.limits.maxCarriers) {
      for (const carrier of this.#carriers) {
        if (carrier === this.active) continue;
        this.endCarrier(carrier, Code.superseded);
        break;
      }
    }
  }

  // What carriers say

  /** Takes the message in unless it is a duplicate. False: something before it is missing. */
  accept(number: number, message: Payload): boolean {
    const octets = sizeOf(message);
    if (octets > this.host.limits.maxMessage) throw new ProtocolError(Code.tooBig, "A message is too big.");
    const accepted = this.#receiver.accept(number, octets);
    if (accepted < 0) return false;
    if (accepted > 0 && !this.#closing) this.#handler.onMessage(message);
    // Twice what a client may have on its way, which it does not exceed unless it is not ours.
    if (this.#heldAt !== undefined && this.#receiver.octets > this.host.limits.maxBuffered) {
      throw new ProtocolError(Code.overflow, "What is not acknowledged has grown too much.");
    }
    if (this.#receiver.octets >= acknowledgeBounds.octets) this.#queueAcknowledge();
    else this.#cancelAcknowledge ??= this.host.clock.after(acknowledgeBounds.wait, () => this.#acknowledgeAlone());
    return true;
  }

  acknowledged(number: number): void {
    if (!this.buffer.acknowledge(number))
      throw new ProtocolError(Code.malformed, "What was never sent was acknowledged.");
    this.#drained();
  }

  closedByClient(parameters: URLSearchParams, outlet: Outlet): void {
    const code = Number(parameters.get("code"));
    if (code !== Code.normal && !(Number.isInteger(code) && code >= 3000 && code < 5000)) {
      throw new ProtocolError(Code.malformed, "A close code is 1000 or 3000 to 4999.");
    }
    this.end(code, "", outlet);
  }

  // What the server says

  /** `g` and `a`: what every carrier begins with, and every answer of a poll. */
  greeting(outlet?: Outlet): string {
    const { hold, ping, window, maxMessage: max } = this.host.limits;
    return (
      parameterRecord(Type.greeting, { v: 1, hold, ping, window, max, p: this.protocol }) +
      this.acknowledgement(this.active?.outlet === outlet)
    );
  }

  /** How many messages were taken in, as far as the client is to know. */
  get received(): number {
    return this.#heldAt ?? this.#receiver.received;
  }

  /**
   * The number of messages taken in. From here on the client counts as told, unless this goes where it may have stopped listening (`isHeard` is
   * false): who has moved to another carrier does not read what a late or repeated request is answered with.
   */
  acknowledgement(isHeard = true): string {
    if (!isHeard || this.#heldAt !== undefined) return numberRecord(Type.acknowledge, this.received);
    this.#cancelAcknowledge?.();
    this.#cancelAcknowledge = undefined;
    return numberRecord(Type.acknowledge, this.#receiver.tell());
  }

  /** An acknowledgement to put in front of what is sent anyway; "" if none is owed. */
  get owedAcknowledgement(): string {
    return this.#owes ? this.acknowledgement() : "";
  }

  /** `x`, once all that was sent before it has left on this carrier. */
  closeRecord(carrier: Carrier): { record: string; code: number; reason: string } | undefined {
    if (!this.#closing || this.active !== carrier || carrier.feed.isPending) return undefined;
    this.#hasSaidAll = true;
    return { ...this.#closing, record: parameterRecord(Type.close, { ...this.#closing }) };
  }

  get #owes(): boolean {
    return this.#receiver.owes && this.#heldAt === undefined;
  }

  /** After the turn, as what is being read may have an answer of its own for it to ride on. */
  #queueAcknowledge(): void {
    if (this.#isAcknowledgeQueued) return;
    this.#isAcknowledgeQueued = true;
    this.host.afterTurn(() => {
      this.#isAcknowledgeQueued = false;
      this.#acknowledgeAlone();
    });
  }

  #acknowledgeAlone(): void {
    this.#cancelAcknowledge = undefined;
    if (this.#owes) this.active?.outlet.acknowledge();
  }

  #queueWake(): void {
    if (this.#isWakeQueued) return;
    this.#isWakeQueued = true;
    this.host.afterTurn(() => {
      this.#isWakeQueued = false;
      this.active?.outlet.wake();
    });
  }

  #drained(): void {
    if (!this.#wasAboveHighWater || this.buffer.octets > LOW_WATER) return;
    this.#wasAboveHighWater = false;
    this.#handler.onDrain?.();
  }

  // The end

  #armWindow(): void {
    if (this.isOver) return;
    this.#cancelWindow?.();
    const { window } = this.host.limits;
    // One that is closed waits only for a client that missed it.
    const wait = this.#closing ? Math.min(window, closedWindow) : window;
    this.#cancelWindow = this.host.clock.after(wait, () => this.end(Code.gone, "No carrier came in time."));
  }

  /** Ends it now: every carrier is told, and the application. `alsoTell` is where the reason for it came from, attached or not. */
  end(code: number, reason: string, alsoTell?: Outlet): void {
    if (this.isOver) return;
    this.isOver = true;
    this.resume();
    this.#cancelWindow?.();
    this.#cancelAcknowledge?.();
    const record = parameterRecord(Type.close, { code, reason: reason || undefined });
    for (const carrier of this.#carriers) {
      carrier.isEnded = true;
      carrier.forget?.();
      carrier.outlet.close(record, code, reason);
    }
    this.#carriers.clear();
    this.active = undefined;
    alsoTell?.close(record, code, reason);
    if (!this.#closing) this.#handler.onClose();
    this.host.onOver(this);
  }
}
