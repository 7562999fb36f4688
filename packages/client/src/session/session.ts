import { type Attempt, Report } from "../negotiation/report.ts";
import type { Environment } from "../page/environment.ts";
import type { Payload, TransportEnd, TransportKind, TransportName } from "../transports/transport.ts";
import { Carrier, type CarrierSink } from "./carrier.ts";
import { Code, ProtocolError } from "./codes.ts";
import { Feed } from "./feed.ts";
import { duplexBounds, Receiver, receiveOnlyBounds } from "./receiver.ts";
import { ReplayBuffer, sizeOf } from "./replay-buffer.ts";
import { candidateTime, type Effect, initialState, mainTime, type Pace, type SessionEvent, step } from "./state.ts";
import { Uplink, type UplinkOwner } from "./uplink.ts";
import { numberRecord, parameterRecord, RecordReader, Type } from "./wire.ts";

export interface SessionSettings {
  /** Where the server listens for sessions, absolute, without a slash at the end. */
  readonly base: string;
  /** Supported kinds, best first; at least one. */
  readonly kinds: readonly TransportKind[];
  /** Subprotocols offered. */
  readonly protocols: readonly string[];
}

/** How a session ended. */
export interface SessionEnd {
  /** PROTOCOL.md section 9, or the application's. */
  readonly code: number;
  readonly reason: string;
  /** Both sides know of it. */
  readonly wasClean: boolean;
  /** The server asks not to be called before so many milliseconds. */
  readonly retryAfter?: number;
}

export interface SessionEvents {
  /** The server has greeted for the first time. */
  onOpen(protocol: string): void;
  onMessage(message: Payload): void;
  /** What carries from now on; null: nothing at the moment. */
  onCarrier(name: TransportName | null): void;
  /** Always last, once. */
  onClose(end: SessionEnd): void;
}

/** A WebSocket message or an answer holds about so many octets at the most, so that no batch blocks what is urgent for long. */
const batchSize = 64 * 1024;
/** The first attach is held this long, in milliseconds, for what a broker far behind the server may answer. */
const firstHold = 1_000;
const closeDeadline = 3_000;
/** Until a greeting states the server's figures, in milliseconds and octets. */
const defaultPace: Pace = { hold: 25_000, ping: 20_000 };
const defaultMaxMessage = 16 * 1024 * 1024;
/** `sendBeacon` takes 64 KiB at the most. */
const beaconSize = 48 * 1024;

/** 128 random bits and more, base64url: 24 characters. */
function newSessionId(env: Environment): string {
  const octets = String.fromCharCode(...env.randomOctets(18));
  return btoa(octets).replaceAll("+", "-").replaceAll("/", "_");
}

/**
 * The client's end of a session: PROTOCOL.md. It runs what `step` decides, and moves messages between the page and whatever carries.
 * Only it and its uplink start timers; each belongs to a state and ends with it.
 */
export class Session {
  readonly report = new Report();
  readonly id: string;
  /** Octets of the largest message that the server takes. */
  maxMessage = defaultMaxMessage;

  readonly #receiver = new Receiver();
  readonly #buffer = new ReplayBuffer();
  readonly #carriers = new Map<number, Carrier>();
  #state = initialState;
  #pace = defaultPace;
  #wasGreeted = false;
  #isAttached = false;
  /** The duplex carrier that is sent on, and where it stands. */
  #active: { carrier: Carrier; feed: Feed } | undefined;
  /** What sends instead while the carrier is receive-only. */
  #uplink: Uplink | undefined;
  #isFlushQueued = false;
  /** An acknowledgement may wait no longer for something to ride on. */
  #mustAcknowledge = false;
  #pongs = "";
  #closing: { code: number; reason: string; sentOn?: Carrier } | undefined;
  #isOver = false;
  #resumed = 0;

  #cancelMainTimer: (() => void) | undefined;
  #cancelCandidateTimer: (() => void) | undefined;
  #cancelAcknowledgeTimer: (() => void) | undefined;
  #cancelCloseTimer: (() => void) | undefined;
  readonly #offs: Array<() => void>;

  constructor(
    readonly settings: SessionSettings,
    readonly on: SessionEvents,
    readonly env: Environment,
  ) {
    this.id = newSessionId(env);
    this.#offs = [
      env.lifecycle.onWake(() => this.#dispatch({ type: "wake" })),
      env.lifecycle.onLeave(() => this.#leave()),
    ];
    // What the page sends in this turn rides on the first request.
    queueMicrotask(() => this.#dispatch({ type: "start" }));
  }

  /** Octets sent and not acknowledged. */
  get bufferedOctets(): number {
    return this.#buffer.octets;
  }

  /** Messages sent, received, and dropped as duplicates; `resumed`: how often the session went on over another carrier after one was lost. */
  get counts() {
    const { received, duplicates } = this.#receiver;
    return { sent: this.#buffer.last, received, duplicates, resumed: this.#resumed };
  }

  /** Queues a message of so many octets. What is queued in one turn of the event loop leaves together. */
  send(message: Payload, octets: number): void {
    this.#buffer.push(message, octets);
    this.#queueFlush();
  }

  /** Ends the session behind what was sent. `onClose` follows. */
  close(code: number, reason: string): void {
    if (this.#closing || this.#isOver) return;
    this.#closing = { code, reason };
    this.#cancelCloseTimer = this.env.clock.after(closeDeadline, () =>
      this.#end({ code: Code.lost, reason: "The server did not answer the close in time.", wasClean: false }),
    );
    this.#queueFlush();
  }

  // The state and its timers

  #dispatch(event: SessionEvent): void {
    if (this.#isOver) return;
    const { clock } = this.env;
    const before = this.#state;
    const [state, effects] = step(before, event, {
      kinds: this.settings.kinds,
      now: clock.now(),
      random: this.env.random(),
    });
    this.#state = state;
    if (state.main !== before.main) this.#armMain(clock.now());
    if (state.candidate !== before.candidate) {
      this.#cancelCandidateTimer?.();
      const ms = candidateTime(state.candidate);
      this.#cancelCandidateTimer =
        ms === undefined ? undefined : clock.after(ms, () => this.#dispatch({ type: "candidateTimeout" }));
    }
    for (const effect of effects) this.#run(effect);
  }

  #armMain(from: number): void {
    this.#cancelMainTimer?.();
    const { main } = this.#state;
    const { clock } = this.env;
    const ms = mainTime(main, this.#pace);
    if (ms === undefined) return;
    this.#cancelMainTimer = clock.after(Math.max(0, from + ms - clock.now()), () => {
      const heardAt = main.at === "attached" ? (this.#carriers.get(main.carrier)?.heardAt ?? 0) : 0;
      // One timer in a carrier's life instead of one for each message: it sees when something was heard last, and waits the rest.
      if (heardAt > from) this.#armMain(heardAt);
      else this.#dispatch({ type: "mainTimeout" });
    });
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case "open":
        return this.#open(effect);
      case "end": {
        const carrier = this.#carriers.get(effect.carrier);
        return carrier && this.#drop(carrier, carrier.endCode || Code.silent, "given up by the client");
      }
      case "ping":
        return this.#carriers.get(effect.carrier)?.transport.send(numberRecord(Type.ping, effect.carrier));
      case "name":
        return this.#carriers
          .get(effect.carrier)
          ?.transport.send(this.#acknowledgement() + numberRecord(Type.name, effect.as));
      case "move":
        return this.#move(this.#carriers.get(effect.carrier)!);
      case "detach":
        return this.#detach();
      default:
        return effect satisfies never;
    }
  }

  // Carriers

  #open({ carrier: number, kind, takesOver, isFresh }: Extract<Effect, { do: "open" }>): void {
    const { clock } = this.env;
    if (takesOver && isFresh && kind.sender) {
      this.#uplink = new Uplink(this.#buffer, kind.sender, this.env, this.#uplinkOwner);
    }
    const query = new URLSearchParams({ v: "1", c: String(number), r: String(this.#receiver.received) });
    if (takesOver) query.set("t", "1");
    if (!this.#wasGreeted) query.set("o", "1");
    if (!this.#wasGreeted && this.settings.protocols.length) query.set("p", this.settings.protocols.join());
    // The answer to a fresh attach shows that the way is open, so it is not held; only the very first waits a moment for the application.
    if (kind.oneShot && isFresh) query.set("h", String(this.#wasGreeted ? 0 : firstHold));
    // A poll states `r`; with a candidate it is too early to say whether the server will hear of it.
    if (takesOver) this.#acknowledgement();
    const body = takesOver && !kind.duplex ? this.#uplink!.takeBody() : "";

    const attempt = this.#attempt(kind, takesOver, isFresh);
    const carrier = new Carrier(number, kind, attempt, clock.now(), defaultMaxMessage * 2, this.#sink);
    this.#carriers.set(number, carrier);
    carrier.transport = kind.open(
      `${this.settings.base}/${this.id}/${kind.path}?${query}`,
      body,
      {
        onOpen() {},
        onMessage: (payload) => this.#read(carrier, payload),
        onClose: (end) => this.#ended(carrier, end),
      },
      this.env,
    );
  }

  #attempt(kind: TransportKind, takesOver: boolean, isFresh: boolean): Attempt {
    const polling = isFresh ? undefined : this.report.running(kind.name);
    if (!polling) return this.report.begin(kind.name, takesOver ? "takes-over" : "candidate", this.env.clock.now());
    polling.requests++;
    return polling;
  }

  #read(carrier: Carrier, payload: Payload): void {
    // A carrier that was given up may still deliver what the browser had in its hands.
    if (this.#carriers.get(carrier.number) !== carrier) return;
    carrier.heardAt = this.env.clock.now();
    try {
      carrier.read(payload);
      if (carrier.isGreeted) this.report.heard(carrier.attempt, carrier.heardAt);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Before a greeting this may be anybody: a captive portal, an error page.
      if (!carrier.isGreeted) return this.#lose(carrier, Code.lost, "The answer is not encke's.");
      if (error.code === Code.gap) return this.#lose(carrier, error.code, error.message);
      return this.#end({ code: error.code, reason: error.message, wasClean: false });
    }
    if (!carrier.kind.oneShot) this.#acknowledgeInTime(carrier.kind.duplex ? duplexBounds : receiveOnlyBounds);
    if (this.#pongs) this.#queueFlush();
  }

  #ended(carrier: Carrier, end: TransportEnd): void {
    if (!this.#carriers.delete(carrier.number)) return;
    const complete = end.complete && carrier.isGreeted;
    if (!carrier.kind.oneShot || !complete) this.#reportEnd(carrier, end.code, end.reason);
    this.#dispatch({ type: "ended", carrier: carrier.number, complete });
  }

  /** Gives a carrier up: what it still brings is not looked at. */
  #drop(carrier: Carrier, code: number, reason: string): void {
    this.#carriers.delete(carrier.number);
    this.#reportEnd(carrier, code, reason);
    carrier.transport.close(code, reason);
  }

  #reportEnd(carrier: Carrier, code: number, reason: string): void {
    this.report.end(carrier.attempt, carrier.endCode || code, reason, this.env.clock.now());
  }

  #lose(carrier: Carrier, code: number, reason: string): void {
    this.#drop(carrier, code, reason);
    this.#dispatch({ type: "ended", carrier: carrier.number, complete: false });
  }

  #move(carrier: Carrier): void {
    if (carrier.kind.duplex) {
      this.#stopUplink();
      this.#active = { carrier, feed: new Feed(this.#buffer, true) };
    } else this.#active = undefined;
    this.#isAttached = true;
    this.on.onCarrier(carrier.kind.name);
    this.#queueFlush();
  }

  #detach(): void {
    if (this.#isAttached) this.#resumed++;
    this.#isAttached = false;
    this.#active = undefined;
    this.#stopUplink();
    if (this.#wasGreeted) this.on.onCarrier(null);
  }

  #stopUplink(): void {
    this.#uplink?.stop();
    this.#uplink = undefined;
    this.#pongs = "";
  }

  // What is sent

  #queueFlush(): void {
    if (this.#isFlushQueued || !this.#isAttached) return;
    this.#isFlushQueued = true;
    queueMicrotask(() => {
      this.#isFlushQueued = false;
      if (this.#isOver || !this.#isAttached) return;
      if (this.#active) this.#flushDuplex(this.#active);
      else this.#uplink!.flush();
    });
  }

  #flushDuplex({ carrier, feed }: { carrier: Carrier; feed: Feed }): void {
    const { transport } = carrier;
    for (let batch = feed.take(batchSize); batch !== undefined; batch = feed.take(batchSize)) {
      transport.send(typeof batch === "string" ? this.#acknowledgement() + batch : batch);
    }
    const isClosing = this.#closing && this.#closing.sentOn !== carrier;
    if (isClosing) this.#closing!.sentOn = carrier;
    const rest = (this.#mustAcknowledge ? this.#acknowledgement() : "") + (isClosing ? this.#closeRecord() : "");
    if (rest) transport.send(rest);
  }

  #closeRecord(): string {
    return this.#closing ? parameterRecord(Type.close, { ...this.#closing, sentOn: undefined }) : "";
  }

  /** The acknowledgement that is owed, if any; from here on the server counts as told. */
  #acknowledgement(): string {
    this.#mustAcknowledge = false;
    this.#cancelAcknowledgeTimer?.();
    this.#cancelAcknowledgeTimer = undefined;
    return this.#receiver.owes ? numberRecord(Type.acknowledge, this.#receiver.tell()) : "";
  }

  #acknowledgeInTime(bounds: typeof duplexBounds): void {
    if (!this.#receiver.owes) return;
    const due = () => {
      this.#mustAcknowledge = true;
      this.#queueFlush();
    };
    if (this.#receiver.isDue(bounds)) due();
    else this.#cancelAcknowledgeTimer ??= this.env.clock.after(bounds.wait, due);
  }

  readonly #uplinkOwner: UplinkOwner = {
    nextUrl: () => {
      this.#state = { ...this.#state, count: this.#state.count + 1 };
      return this.#sendUrl();
    },
    prefix: (hasMessages) => {
      const pongs = this.#pongs;
      this.#pongs = "";
      return (hasMessages || this.#mustAcknowledge ? this.#acknowledgement() : "") + pongs;
    },
    suffix: () => this.#closeRecord(),
    onAnswer: (records) => this.#readAnswer(records),
    onDead: () => {
      const { main } = this.#state;
      if ("carrier" in main) this.#dispatch({ type: "lost", carrier: main.carrier });
    },
  };

  #sendUrl(): string {
    return `${this.settings.base}/${this.id}/send?v=1&c=${this.#state.count}`;
  }

  /** What a `send` is answered with: PROTOCOL.md section 5.2. */
  #readAnswer(records: string): boolean {
    let isOurs = false;
    const reader = new RecordReader((type, number, payload) => {
      isOurs = true;
      if (type === Type.acknowledge) this.#sink.acknowledge(number);
      if (type === Type.close) this.#sink.close(new URLSearchParams(payload as string));
    }, defaultMaxMessage);
    try {
      reader.read(records);
      reader.end();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
    return isOurs;
  }

  // What carriers say

  readonly #sink: CarrierSink = {
    greeting: (carrier, parameters) => {
      const figure = (key: string, fallback: number) => Number(parameters.get(key)) || fallback;
      this.#pace = { hold: figure("hold", this.#pace.hold), ping: figure("ping", this.#pace.ping) };
      this.maxMessage = figure("max", this.maxMessage);
      const isFirst = !this.#wasGreeted;
      this.#wasGreeted = true;
      if (isFirst) this.on.onOpen(parameters.get("p") ?? "");
      this.#dispatch({ type: "greeted", carrier: carrier.number });
    },
    acknowledge: (received) => {
      if (this.#buffer.acknowledge(received)) return;
      throw new ProtocolError(Code.malformed, "The server acknowledged what was not sent.");
    },
    start: (carrier) => this.#dispatch({ type: "started", carrier: carrier.number }),
    message: (number, message) => {
      if (this.#isOver) return;
      if (this.#receiver.accept(number, sizeOf(message))) this.on.onMessage(message);
      else if (this.#receiver.isGap(number)) throw new ProtocolError(Code.gap, "The server skipped a message.");
    },
    ping: (carrier, token) => {
      const pong = numberRecord(Type.pong, token);
      if (carrier.kind.duplex) carrier.transport.send(pong);
      else this.#pongs += pong;
    },
    pong: (carrier) => this.#dispatch({ type: "ponged", carrier: carrier.number }),
    close: (parameters) => {
      // The answer to our own close; 4002 if an earlier answer to it went astray.
      if (this.#closing) return this.#end({ ...this.#closing, wasClean: true });
      const retry = parameters.get("retry");
      this.#end({
        code: Number(parameters.get("code")) || Code.malformed,
        reason: parameters.get("reason") ?? "",
        wasClean: true,
        ...(retry === null ? {} : { retryAfter: Number(retry) }),
      });
    },
  };

  // The end

  #end(end: SessionEnd): void {
    if (this.#isOver) return;
    this.#dispatch({ type: "over" });
    this.#isOver = true;
    this.#isAttached = false;
    this.#cancelMainTimer?.();
    this.#cancelCandidateTimer?.();
    this.#cancelAcknowledgeTimer?.();
    this.#cancelCloseTimer?.();
    for (const off of this.#offs) off();
    this.#stopUplink();
    for (const carrier of this.#carriers.values()) this.#drop(carrier, Code.normal, "The session is over.");
    this.on.onClose(end);
  }

  /** The page goes away: a last POST with what is waiting and the end of the session, if both fit. */
  #leave(): void {
    if (!this.#wasGreeted || this.#isOver) return;
    const feed = new Feed(this.#buffer, false);
    const rest = (feed.take(beaconSize) as string | undefined) ?? "";
    if (feed.isPending) return;
    this.#closing ??= { code: Code.normal, reason: "The page went away." };
    this.#state = { ...this.#state, count: this.#state.count + 1 };
    this.env.beacon(this.#sendUrl(), rest + this.#closeRecord());
  }
}
