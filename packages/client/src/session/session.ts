import { type Attempt, Report } from "../negotiation/report.ts";
import type { Environment } from "../page/environment.ts";
import type { Payload, Transport, TransportKind, TransportName } from "../transports/transport.ts";
import { Code, ProtocolError } from "./codes.ts";
import { Feed } from "./feed.ts";
import { acknowledgeBounds, Receiver } from "./receiver.ts";
import { ReplayBuffer, sizeOf } from "./replay-buffer.ts";
import { type Candidate, type Effect, initialState, type Main, type SessionEvent, step, timeIn } from "./state.ts";
import { openUplink, type Uplink } from "./uplink.ts";
import { numberRecord, parameterRecord, type RecordSink, recordReader, Type } from "./wire.ts";

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

/** The client's end of a session. */
export interface Session {
  /** Octets sent and not acknowledged. */
  readonly bufferedOctets: number;
  /** Octets of the largest message that the server takes. */
  readonly maxMessage: number;
  /** What was tried; messages sent, received, and dropped as duplicates; `resumed`: how often it went on after nothing had carried. */
  report(): { sent: number; received: number; duplicates: number; resumed: number; attempts: readonly Attempt[] };
  /** Queues a message. What is queued in one turn of the event loop leaves together. */
  send(message: Payload): void;
  /** Ends the session behind what was sent. `onClose` follows. */
  close(code: number, reason: string): void;
}

/** One transport under way in the service of the session. */
interface Carrier {
  readonly number: number;
  readonly kind: TransportKind;
  readonly attempt: Attempt;
  transport?: Transport;
  isGreeted?: boolean;
  /** The code with which the server said that it ends this carrier. */
  endCode?: number;
  /** When anything came over it last, in milliseconds of the clock. */
  heardAt: number;
}

/** A WebSocket message holds about so many octets at the most, so that no batch blocks what is urgent for long. */
const batchSize = 64 * 1024;
/** Where an acknowledgement costs a request, it waits so many times longer. */
const receiveOnlyPatience = 8;
/** How long the server may take to answer `close`, in milliseconds. */
const closeDeadline = 3_000;
/** `sendBeacon` takes 64 KiB at the most. */
const beaconSize = 48 * 1024;
/** What the server takes until its greeting says more, in octets. */
const defaultMaxMessage = 16 * 1024 * 1024;

/** 144 random bits, base64url: 24 characters. */
function newSessionId(env: Environment): string {
  return btoa(String.fromCharCode(...env.randomOctets(18))).replace(/[+/]/g, (sign) => (sign === "+" ? "-" : "_"));
}

/**
 * Opens a session: PROTOCOL.md. It runs what `step` decides, and moves messages between the page and whatever carries. Only this and its uplink start
 * timers; each belongs to a state and ends with it.
 */
export function openSession({ base, kinds, protocols }: SessionSettings, on: SessionEvents, env: Environment): Session {
  const { clock } = env;
  const url = `${base}/${newSessionId(env)}/`;
  const buffer = new ReplayBuffer();
  const receiver = new Receiver();
  const report = new Report(clock);
  const carriers = new Map<number, Carrier>();
  let state = initialState;
  let pace = { hold: 25_000, ping: 20_000 };
  let maxMessage = defaultMaxMessage;
  let resumed = 0;
  let wasGreeted = false;
  let isOver = false;
  /** The duplex carrier that is sent on, and where it stands. */
  let active: { transport: Transport; feed: Feed; saidClose?: boolean } | undefined;
  /** What sends instead while the carrier is receive-only. */
  let uplink: Uplink | undefined;
  let isAttached = false;
  let isFlushQueued = false;
  /** An acknowledgement may wait no longer for something to ride on. */
  let mustAcknowledge = false;
  let pongs = "";
  /** What the next poll goes on with. */
  let polling: Attempt | undefined;
  /** How the page has ended it. */
  let closing: { code: number; reason: string } | undefined;

  const timers: Record<"main" | "candidate" | "acknowledge" | "close", (() => void) | undefined> = {
    main: undefined,
    candidate: undefined,
    acknowledge: undefined,
    close: undefined,
  };
  const arm = (name: keyof typeof timers, ms?: number, run = () => {}) => {
    timers[name]?.();
    timers[name] = ms === undefined ? undefined : clock.after(Math.max(0, ms), run);
  };

  // The state and its timers

  const dispatch = (event: SessionEvent) => {
    if (isOver) return;
    const before = state;
    const [after, effects] = step(before, event, { kinds, now: clock.now(), random: env.random() });
    state = after;
    for (const name of ["main", "candidate"] as const)
      if (after[name] !== before[name]) armPart(name, after[name], clock.now());
    for (const effect of effects) run(effect);
  };
  const armPart = (name: "main" | "candidate", part: Main | Candidate, from: number) => {
    const ms = timeIn(part, pace);
    arm(name, ms && from + ms - clock.now(), () => {
      const heardAt = part.at === "attached" ? carriers.get(part.carrier)!.heardAt : 0;
      // One timer in a carrier's life instead of one for each message: it sees when something was heard last, and waits the rest.
      if (heardAt > from) armPart(name, part, heardAt);
      else dispatch({ type: "timeout", of: part });
    });
  };
  const run = (effect: Effect) => {
    if (effect.do === "detach") return detach();
    if (effect.do === "open") return open(effect);
    const carrier = carriers.get(effect.carrier);
    if (!carrier) return;
    const { transport, number } = carrier;
    switch (effect.do) {
      case "end":
        return drop(carrier, carrier.endCode ?? Code.silent, "Given up");
      case "ping":
        return transport!.send(numberRecord(Type.ping, number));
      case "name":
        return transport!.send(acknowledgement() + numberRecord(Type.name, effect.as));
      case "move":
        return move(carrier);
      default:
        effect satisfies never;
    }
  };

  // Carriers

  const open = ({ carrier: number, kind, takesOver, isFresh }: Extract<Effect, { do: "open" }>) => {
    let query = `v=1&c=${number}&r=${receiver.received}`;
    if (!wasGreeted) query += `&o=1${protocols.length ? `&p=${protocols}` : ""}`;
    // The answer to a fresh attach shows that the way is open, so it is not held; only the very first waits a moment for the application.
    if (kind.oneShot && isFresh) query += wasGreeted ? "&h=0" : "&h=1000";
    let body = "";
    if (takesOver) {
      query += "&t=1";
      // `r` says it. With a candidate it is too early to tell whether the server will hear of it.
      acknowledgement();
      if (isFresh && kind.sender) uplink = openUplink(buffer, kind.sender, env, uplinkOwner);
      body = uplink?.takeBody() ?? "";
    }
    const attempt = isFresh ? report.begin(kind.name, takesOver) : polling!;
    attempt.requests++;
    if (takesOver) polling = attempt;
    const carrier: Carrier = { number, kind, attempt, heardAt: clock.now() };
    const sink = sinkOf(carrier);
    const read = recordReader(sink, 2 * maxMessage);
    carriers.set(number, carrier);
    const isCurrent = () => carriers.get(number) === carrier;
    carrier.transport = kind.open(
      `${url + kind.path}?${query}`,
      body,
      {
        onMessage(payload) {
          // One that was given up may still deliver what the browser had in its hands.
          if (!isCurrent()) return;
          carrier.heardAt = clock.now();
          try {
            if (typeof payload === "string") read(payload, kind.duplex || kind.oneShot);
            else sink(Type.binary, 0, payload);
          } catch (error) {
            return fault(carrier, error);
          }
          // That was the end of it.
          if (!isCurrent()) return;
          // A poll is followed by the next, which says it.
          if (!kind.oneShot) acknowledgeInTime(kind.duplex ? 1 : receiveOnlyPatience);
          if (pongs) queueFlush();
        },
        onClose({ complete, code, reason }) {
          if (!isCurrent()) return;
          carriers.delete(number);
          complete &&= !!carrier.isGreeted;
          // After a poll's answer the next poll goes on with the attempt.
          if (!kind.oneShot || !complete) report.end(attempt, carrier.endCode ?? code, reason);
          dispatch({ type: "ended", carrier: number, complete });
        },
      },
      env,
    );
  };

  /** Gives a carrier up: what it still brings is not looked at. */
  const drop = ({ number, attempt, transport }: Carrier, code: number, reason: string) => {
    carriers.delete(number);
    report.end(attempt, code, reason);
    transport!.close(code, reason);
  };

  const fault = (carrier: Carrier, error: unknown) => {
    if (!(error instanceof ProtocolError)) throw error;
    let { code, message } = error;
    // Before a greeting this may be anybody: a captive portal, an error page.
    if (!carrier.isGreeted) [code, message] = [Code.lost, "The answer is not encke's"];
    else if (code !== Code.gap) return finish({ code, reason: message, wasClean: false });
    drop(carrier, code, message);
    dispatch({ type: "ended", carrier: carrier.number, complete: false });
  };

  const move = ({ kind, transport, attempt }: Carrier) => {
    active = undefined;
    if (kind.duplex) {
      if (polling && polling !== attempt) report.end(polling, Code.superseded, "Moved");
      stopUplink();
      active = { transport: transport!, feed: new Feed(buffer, true) };
    }
    isAttached = true;
    on.onCarrier(kind.name);
    queueFlush();
  };

  const detach = () => {
    if (isAttached) resumed++;
    isAttached = false;
    active = undefined;
    stopUplink();
    if (wasGreeted) on.onCarrier(null);
  };

  const stopUplink = () => {
    uplink?.stop();
    uplink = undefined;
    pongs = "";
  };

  // What is sent

  const queueFlush = () => {
    if (isFlushQueued) return;
    isFlushQueued = true;
    queueMicrotask(() => {
      isFlushQueued = false;
      if (!isAttached) return;
      if (!active) return uplink!.flush();
      const { transport, feed } = active;
      while (feed.isPending) {
        const batch = feed.take(batchSize);
        transport.send(typeof batch === "string" ? acknowledgement() + batch : batch);
      }
      let rest = mustAcknowledge ? acknowledgement() : "";
      if (!active.saidClose) rest += closeRecord();
      active.saidClose = !!closing;
      if (rest) transport.send(rest);
    });
  };

  const closeRecord = () => (closing ? parameterRecord(Type.close, closing) : "");

  /** The acknowledgement that is owed, if any; from here on the server counts as told. */
  const acknowledgement = () => {
    mustAcknowledge = false;
    arm("acknowledge");
    return receiver.owes ? numberRecord(Type.acknowledge, receiver.tell()) : "";
  };

  const acknowledgeInTime = (patience: number) => {
    const { octets, wait } = acknowledgeBounds;
    const due = () => {
      mustAcknowledge = true;
      queueFlush();
    };
    if (receiver.octets >= octets * patience) due();
    else if (receiver.owes && !timers.acknowledge) arm("acknowledge", wait * patience, due);
  };

  const sendUrl = () => {
    state = { ...state, count: state.count + 1 };
    return `${url}send?v=1&c=${state.count}`;
  };

  const uplinkOwner = {
    nextUrl: sendUrl,
    prefix(hasMessages: boolean) {
      const records = (hasMessages || mustAcknowledge ? acknowledgement() : "") + pongs;
      pongs = "";
      return records;
    },
    suffix: closeRecord,
    /** PROTOCOL.md section 5.2 */
    onAnswer(records: string) {
      let isOurs = false;
      const sink = sinkOf();
      try {
        recordReader((...record) => {
          isOurs = true;
          sink(...record);
        }, maxMessage)(records, true);
      } catch {
        return false;
      }
      return isOurs;
    },
    onDead: () => dispatch({ type: "timeout", of: state.main }),
  };

  // What the server says

  /** Takes the records of a carrier, or of the answer to a `send`. */
  const sinkOf = (carrier?: Carrier): RecordSink => {
    /** The number of the next message on it; 0 before its `s`. */
    let next = 0;
    return (type, number, payload) => {
      if (isOver) return;
      const parameters = () => new URLSearchParams(payload as string);
      switch (type) {
        case Type.acknowledge:
          if (!buffer.acknowledge(number)) break;
          return;
        case Type.close:
          return closed(parameters());
      }
      if (!carrier) throw new ProtocolError(Code.malformed, "Unknown record");
      const tell = (what: "greeted" | "ponged" | "started") => dispatch({ type: what, carrier: carrier.number });
      switch (type) {
        case Type.text:
        case Type.binary: {
          if (!next) break;
          const accepted = receiver.accept(next++, sizeOf(payload));
          if (accepted < 0) throw new ProtocolError(Code.gap, "A message was skipped");
          if (accepted) on.onMessage(payload);
          return;
        }
        case Type.start:
          next = number;
          return tell("started");
        case Type.greeting:
          carrier.isGreeted = true;
          carrier.attempt.heardAfter ??= report.age(carrier.attempt);
          greeted(parameters());
          return tell("greeted");
        case Type.ping:
          if (carrier.kind.duplex) carrier.transport!.send(numberRecord(Type.pong, number));
          else pongs += numberRecord(Type.pong, number);
          return;
        case Type.pong:
          return tell("ponged");
        case Type.end:
          carrier.endCode = number;
          return;
      }
      throw new ProtocolError(Code.malformed, "Unknown record");
    };
  };

  const greeted = (parameters: URLSearchParams) => {
    const figure = (key: string, fallback: number) => Number(parameters.get(key)) || fallback;
    pace = { hold: figure("hold", pace.hold), ping: figure("ping", pace.ping) };
    maxMessage = figure("max", maxMessage);
    if (wasGreeted) return;
    wasGreeted = true;
    on.onOpen(parameters.get("p") ?? "");
  };

  const closed = (parameters: URLSearchParams) => {
    const retry = parameters.get("retry");
    finish({
      code: Number(parameters.get("code")),
      reason: parameters.get("reason") ?? "",
      // The answer to our own close; 4002 if an earlier answer to it went astray.
      ...closing,
      wasClean: true,
      ...(retry && { retryAfter: +retry }),
    });
  };

  // The end

  const finish = (end: SessionEnd) => {
    if (isOver) return;
    isOver = true;
    isAttached = false;
    for (const name of Object.keys(timers)) arm(name as keyof typeof timers);
    offWake();
    offLeave();
    stopUplink();
    for (const carrier of carriers.values()) drop(carrier, Code.normal, "The session is over");
    on.onClose(end);
  };

  const offWake = env.lifecycle.onWake(() => dispatch({ type: "wake" }));
  /** The page goes away: a last POST with what is waiting and the end of the session, if both fit. */
  const offLeave = env.lifecycle.onLeave(() => {
    const feed = new Feed(buffer, false);
    const rest = feed.take(beaconSize);
    if (!wasGreeted || feed.isPending) return;
    closing ??= { code: Code.normal, reason: "" };
    env.beacon(sendUrl(), rest + closeRecord());
  });
  // What the page sends in this turn rides on the first request.
  queueMicrotask(() => dispatch({ type: "timeout", of: state.main }));

  return {
    get bufferedOctets() {
      return buffer.octets;
    },
    get maxMessage() {
      return maxMessage;
    },
    report: () => {
      const { received, duplicates } = receiver;
      return { sent: buffer.last, received, duplicates, resumed, attempts: report.attempts };
    },
    send(message) {
      buffer.push(message);
      queueFlush();
    },
    close(code, reason) {
      if (closing || isOver) return;
      closing = { code, reason };
      arm("close", closeDeadline, () =>
        finish({ code: Code.lost, reason: "The close was not answered", wasClean: false }),
      );
      queueFlush();
    },
  };
}
