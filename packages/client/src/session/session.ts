import { type Attempt, attemptsKept, type Cause, causeOf } from "../negotiation/attempt.ts";
import { recall, remember } from "../negotiation/memory.ts";
import type { Environment } from "../page/environment.ts";
import { post } from "../transports/post.ts";
import type {
  Payload,
  Poster,
  Transport,
  TransportEnd,
  TransportKind,
  TransportName,
} from "../transports/transport.ts";
import { Code, ProtocolError } from "./codes.ts";
import { Feed } from "./feed.ts";
import { acknowledgeBounds, Receiver } from "./receiver.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import { initialState, type Part, type SessionEvent, type SessionState, step, timeIn } from "./state.ts";
import { numberRecord, payloadRecord, type RecordSink, recordReader, Type } from "./wire.ts";

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
  readonly retryAfter?: number | undefined;
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

/** A WebSocket, a request, or a run of polls that follow each other, in the service of the session. */
interface Carrier {
  readonly kind: Poster;
  readonly attempt: Attempt;
  /** Of the latest request's body, in UTF-16 code units. */
  octets: number;
  /** Where it stands in what is sent on it. */
  readonly feed: Feed;
  transport?: Transport;
  /** The latest request has brought an acknowledgement: at the other end is encke. */
  isHeard?: boolean;
  /** When anything came over it last, in milliseconds of the clock. */
  heardAt: number;
  /** The end of the session has been said on it. */
  saidClose?: boolean;
  /** The code with which the server said that it ends this carrier. */
  endCode?: number;
}

/** A WebSocket message holds about so many octets at the most, so that no batch blocks what is urgent for long. */
const batchSize = 64 * 1024;
/** A POST body holds about so much at the most: what was lost is soon sent again. Octets. */
const bodySize = 256 * 1024;
/** `sendBeacon` takes 64 KiB at the most. */
const beaconSize = 48 * 1024;
/** Where an acknowledgement costs a request, it waits so many times longer. */
const receiveOnlyPatience = 8;
/** An acknowledgement that is owed comes after 1 s (PROTOCOL.md section 3.2) and a round trip. Milliseconds. */
const doubtAfter = 5_000;
/** Milliseconds between two polls of a tab that may not hold one, because others do. */
const turn = 1_000;
/** A page that has said that it leaves is gone within so many milliseconds, or stays. */
const leaving = 10_000;
/** How long the server may take to answer `close`, in milliseconds. */
const closeDeadline = 3_000;

/** What waits and may be cancelled has a place: the parts of the state have theirs in order, and then come these. */
const place = { acknowledge: 3, close: 4, turn: 5, wake: 6, leave: 7, block: 8, doubt: 9 } as const;

function partsOf({ main, candidate, sender }: SessionState): Part[] {
  return [main, candidate, sender];
}

/** What a payload says under a key; "" if nothing. */
function parameter(payload: string | Uint8Array, key: string): string {
  return new URLSearchParams(payload as string).get(key) ?? "";
}

/**
 * Opens a session: PROTOCOL.md. It does what the state says is to be done, and moves messages between the page and whatever carries. Only this starts timers;
 * each belongs to a state and ends with it.
 */
export function openSession({ base, kinds, protocols }: SessionSettings, on: SessionEvents, env: Environment): Session {
  const { clock } = env;
  const url = `${base}/${env.randomOctets(16).join("-")}/`;
  const buffer = new ReplayBuffer();
  const receiver = new Receiver();
  const attempts: Attempt[] = [];
  const carriers = new Map<number | undefined, Carrier>();
  const server = new URL(base);
  const page = new URL(env.baseUrl ?? base);
  const isForeign = page.origin !== server.origin;
  const isMixed = page.protocol === "https:" && server.protocol === "http:";
  let probed: Promise<unknown> | undefined;
  /** A tab that may not hold a request open has something to fall back on. */
  const mayPoll = kinds.some((kind) => kind.oneShot);
  let state = initialState(recall(base, env));
  /** What carries, or did until a moment ago: the server was told to go on elsewhere. */
  let current: Carrier | undefined;
  /** A stream has ended because the page was about to leave: none before then, in milliseconds of the clock. */
  let noStreamUntil = 0;
  let greeted = { hold: 25_000, ping: 20_000 };
  /** Until the greeting says more. */
  let maxMessage = 16 * 1024 * 1024;
  let resumed = 0;
  let wasGreeted = false;
  let isOver = false;
  let isFlushQueued = false;
  /** An acknowledgement may wait no longer for something to ride on. */
  let mustAcknowledge = false;
  /** How the page has ended it. */
  let closing: { code: number; reason: string } | undefined;

  const seat = env.seatAt(server.host, () => mayPoll && dispatch(state.main, "evicted"));

  const cancels: Array<(() => void) | undefined> = [];
  const arm = (at: number, ms = Infinity, run = () => {}) => {
    cancels[at]?.();
    cancels[at] = ms < Infinity && !isOver ? clock.after(Math.max(0, ms), run) : undefined;
  };

  // The state, and what it asks for

  const partOf = (number: number | undefined) => partsOf(state).find(({ carrier }) => carrier === number);

  /** How long a poll may be held, or how often a stream is to be pinged: often enough for what is on the way. */
  const paceOf = ({ oneShot, watch = Infinity }: Partial<TransportKind>) =>
    Math.min(oneShot ? greeted.hold : greeted.ping, state.learned.idle ?? Infinity, watch);

  const dispatch = (part: Part | undefined, event: SessionEvent) => {
    if (isOver || !part) return;
    const before = partsOf(state);
    const { learned } = state;
    const now = clock.now();
    const silence = now - (carriers.get(part.carrier)?.heardAt ?? now);
    const mayStream = seat.isTaken && now >= noStreamUntil;
    const permitted = kinds.filter(({ duplex, oneShot }) => duplex || oneShot || !mayPoll || mayStream);
    state = step(state, part, event, { kinds: permitted, now, silence, random: env.random() });
    if (state.learned !== learned) remember(base, state.learned, env);
    for (const [at, part] of partsOf(state).entries()) if (part !== before[at]) enter(part, at);

    const { main } = state;
    const last = current;
    current = "since" in main ? carriers.get(main.carrier) : undefined;
    if (current !== last) {
      if (!current) resumed++;
      if (current?.kind.duplex) seat.leave();
      on.onCarrier(current ? current.attempt.transport : null);
    }
    for (const [number, carrier] of carriers) {
      if (partOf(number)) continue;
      carriers.delete(number);
      if (carrier === current) continue;
      const { duplex, oneShot } = carrier.kind;
      const missed = carrier === last ? "silent" : duplex ? "upgrade swallowed" : oneShot ? "unanswered" : "buffered";
      if (event === "started") end(carrier, Code.superseded, "moved");
      else end(carrier, Code.silent, event === "timeout" ? missed : "replaced");
    }
    queueFlush();
  };

  /** Starts the time of a part, and does what belongs to its beginning. */
  const enter = (part: Part, at: number) => {
    if (part.carrier && !carriers.has(part.carrier)) open(part);
    watch(part, at, clock.now());
    if (part.at === "proving") say(part.carrier, numberRecord(Type.ping, part.carrier), part);
    else if (part.at === "naming") say(part.carrier, acknowledgement() + numberRecord(Type.name, part.as), part);
  };

  const watch = (part: Part, at: number, from: number) => {
    // 64 kbit/s are enough for a body.
    const grace = (carriers.get(part.carrier)?.octets ?? 0) / 8;
    arm(at, from + timeIn(part, paceOf) + grace - clock.now(), () => {
      const heardAt = part.at === "attached" ? carriers.get(part.carrier)!.heardAt : 0;
      // One timer in a carrier's life instead of one for each message: it sees when something was heard last, and waits the rest.
      if (heardAt > from) watch(part, at, heardAt);
      else dispatch(part, "timeout");
    });
  };

  // Carriers

  const open = (part: Extract<Part, { readonly carrier: number }>) => {
    const { carrier: number, at } = part;
    const kind: Poster & Partial<TransportKind> = "kind" in part ? part.kind : post;
    const isFresh = at !== "attached";
    const takesOver = part === state.main;
    let query = `v=1&c=${number}`;
    if (at !== "sending") {
      query += `&r=${receiver.received}`;
      if (!wasGreeted) query += `&o=1${protocols.length ? `&p=${protocols}` : ""}`;
    }
    if (takesOver) {
      query += "&t=1";
      // `r` says it. With a candidate it is too early to tell whether the server will hear of it.
      acknowledgement();
      // The answer to a fresh attach shows that the way is open, so it is not held; only the very first waits a moment for the application.
      if (!kind.duplex) seat.take();
      if (kind.oneShot) query += `&h=${isFresh ? (wasGreeted ? 0 : 1_000) : seat.isTaken ? paceOf(kind) : 0}`;
    }
    if (!kind.oneShot && paceOf(kind) < greeted.ping) query += `&i=${paceOf(kind)}`;
    // A candidate brings nothing before it is named. What has to be sent while a poll follows another is sent beside it.
    const body = isFresh && part !== state.candidate && !kind.duplex ? bodyOf(bodySize) : "";

    const startedAt = clock.now();
    let carrier = current!;
    if (isFresh) {
      const attempt = { transport: kind.name!, takesOver, startedAt, requests: 0, bytes: 0 };
      if (at !== "sending" && attempts.push(attempt) > attemptsKept) attempts.shift();
      carrier = { kind, attempt, feed: new Feed(buffer, true), heardAt: 0, octets: 0 };
    }
    const { attempt } = carrier;
    attempt.requests++;
    carrier.isHeard = false;
    carrier.heardAt = startedAt;
    carrier.octets = body.length;
    carriers.set(number, carrier);

    const tell = (event: SessionEvent) => dispatch(partOf(number), event);
    /** The number of the next message on it; 0 before its `s`. */
    let next = 0;
    const sink: RecordSink = (type, value, payload) => {
      if (isOver) return;
      switch (type) {
        case Type.text:
        case Type.binary: {
          if (!next) break;
          const accepted = receiver.accept(next++, payload.length);
          if (accepted < 0) throw new ProtocolError(Code.gap, "Message skipped");
          if (accepted) on.onMessage(payload);
          return;
        }
        case Type.start:
          next = value;
          return tell("started");
        case Type.acknowledge:
          carrier.isHeard = true;
          arm(place.doubt);
          if (buffer.acknowledge(value)) return doubt();
          break;
        case Type.greeting:
          attempt.heardAfter ??= clock.now() - attempt.startedAt;
          greeted = {
            hold: +parameter(payload, "hold") || greeted.hold,
            ping: +parameter(payload, "ping") || greeted.ping,
          };
          maxMessage = +parameter(payload, "max") || maxMessage;
          if (!wasGreeted) {
            wasGreeted = true;
            on.onOpen(parameter(payload, "p"));
          }
          return tell("greeted");
        case Type.ping:
          return say(number, numberRecord(Type.pong, value));
        case Type.pong:
          return tell("ponged");
        case Type.end:
          carrier.endCode = value;
          return;
        case Type.close:
          // The answer to our own close; 4002 if an earlier answer to it went astray.
          return finish(
            closing?.code ?? +parameter(payload, "code"),
            closing?.reason ?? parameter(payload, "reason"),
            true,
            parameter(payload, "retry"),
          );
      }
      throw new ProtocolError(Code.malformed, "Unknown record");
    };
    const read = recordReader(sink, 2 * maxMessage);

    const onClose = ({ code, reason }: TransportEnd) => {
      if (!carriers.has(number)) return;
      // While nothing is named, nothing of ours has taken over.
      const inOrder: unknown[] = [
        kind.oneShot ? Code.normal : Code.rotate,
        state.candidate.at === "naming" && Code.superseded,
      ];
      if (carrier.isHeard && inOrder.includes(carrier.endCode ?? code)) return tell("completed");
      if (code === Code.leaving && !kind.duplex) {
        noStreamUntil = clock.now() + leaving;
        return dispatch(state.main, "evicted");
      }
      // It would be refused again and again.
      if (reason === "HTTP 413") return finish(Code.tooBig, reason);
      end(carrier, code, causeOf(attempt, code, reason, clock.now() - carrier.heardAt, isMixed));
      if (attempt.cause === "server gone" && isForeign && !wasGreeted && env.fetch) {
        // Where the server is, and says no, a request that asks for no answer gets through. Once, as it costs one more.
        probed ??= env.fetch(`${base}/`, { mode: "no-cors" });
        probed.then(
          () => {
            attempt.cause = "CORS";
          },
          () => {},
        );
      }
      tell("lost");
    };
    const onMessage = (payload: Payload) => {
      // One that was given up may still deliver what the browser had in its hands.
      if (!carriers.has(number)) return;
      carrier.heardAt = clock.now();
      attempt.bytes += payload.length;
      try {
        if (typeof payload === "string") read(payload, !!(kind.duplex || kind.oneShot));
        else sink(Type.binary, 0, payload);
      } catch (error) {
        const { code, message: reason } = error as ProtocolError;
        // Before that this may be anybody: a captive portal, an error page.
        if (!carrier.isHeard) return onClose({ code: Code.lost, reason: "not encke" });
        if (code === Code.gap) return onClose({ code, reason });
        // What is not broken by the protocol is so by us.
        return finish(code ?? Code.internal, reason);
      }
      // A poll is followed by the next, which says it.
      if (!kind.oneShot) acknowledgeInTime(kind.duplex ? 1 : receiveOnlyPatience);
    };
    const start = () => {
      try {
        carrier.transport = kind.open(`${url + kind.path}?${query}`, body, { onMessage, onClose }, env);
      } catch (error) {
        // Mixed content, and in some browsers a content security policy.
        queueMicrotask(() => onClose({ code: Code.lost, reason: `${error}` }));
      }
    };
    // Who may not hold a poll asks now and then.
    if (isFresh || seat.isTaken) start();
    else arm(place.turn, turn, () => carriers.has(number) && start());
  };

  /** Closes a carrier whose part is over, and says in the report why; what was said first stays. */
  const end = ({ attempt, endCode, transport }: Carrier, code: number, cause: Cause) => {
    if (!attempt.code) {
      Object.assign(attempt, { duration: clock.now() - attempt.startedAt, code: endCode ?? code, cause });
    }
    transport?.close(attempt.code);
  };

  // What is sent

  const sendUrl = () => {
    state = { ...state, count: state.count + 1 };
    return `${url}send?v=1&c=${state.count}`;
  };

  /** Sends records that are not messages: over a carrier, or for one that cannot. A candidate whose question is lost is lost; what carries may answer yet. */
  const say = (number: number, records: string, asking?: Part) => {
    const { kind, transport } = carriers.get(number)!;
    if (kind.duplex) return transport!.send!(records);
    const onClose = ({ code }: TransportEnd) =>
      partOf(number) === asking &&
      dispatch(asking, code === Code.normal || asking === state.main ? "answered" : "lost");
    post.open(`${sendUrl()}&k=${number}`, records, { onMessage() {}, onClose }, env);
  };

  /** What is sent on a WebSocket is soon acknowledged, or it is as if the page had just woken: does that way still pass anything? */
  const doubt = () => {
    if (current?.kind.duplex && buffer.acknowledged < buffer.last && !cancels[place.doubt]) {
      arm(place.doubt, doubtAfter, () => dispatch(state.main, "wake"));
    }
  };

  const queueFlush = () => {
    if (isFlushQueued) return;
    isFlushQueued = true;
    queueMicrotask(flush);
  };
  const flush = () => {
    isFlushQueued = false;
    if (!current) return;
    const { kind, transport, feed } = current;
    if (kind.duplex) {
      while (feed.isPending) {
        const batch = feed.take(batchSize);
        transport!.send!(typeof batch === "string" ? acknowledgement() + batch : batch);
      }
      let rest = mustAcknowledge ? acknowledgement() : "";
      if (!current.saidClose) rest += closeRecord();
      current.saidClose = !!closing;
      if (rest) transport!.send!(rest);
      doubt();
    } else if (state.sender.at === "idle" && (buffer.acknowledged < buffer.last || mustAcknowledge || closing)) {
      dispatch(state.sender, "send");
    }
  };

  /** A POST's body. It begins with the first message that was not acknowledged: what left before has arrived or is lost. */
  const bodyOf = (size: number) => {
    const feed = new Feed(buffer, false);
    const messages = feed.take(size);
    return acknowledgement() + messages + (feed.isPending ? "" : closeRecord());
  };

  const closeRecord = () => (closing ? payloadRecord(Type.close, `${new URLSearchParams(closing as never)}`) : "");

  /** The acknowledgement that is owed, if any; from here on the server counts as told. */
  const acknowledgement = () => {
    mustAcknowledge = false;
    arm(place.acknowledge);
    return receiver.owes ? numberRecord(Type.acknowledge, receiver.tell()) : "";
  };

  const acknowledgeInTime = (patience: number) => {
    const due = () => {
      mustAcknowledge = true;
      queueFlush();
    };
    if (receiver.octets >= acknowledgeBounds.octets * patience) due();
    else if (receiver.owes && !cancels[place.acknowledge])
      arm(place.acknowledge, acknowledgeBounds.wait * patience, due);
  };

  // The end

  const finish = (code: number, reason: string, wasClean = false, retry?: string) => {
    if (isOver) return;
    isOver = true;
    current = undefined;
    for (const cancel of cancels) cancel?.();
    seat.leave();
    for (const carrier of carriers.values()) end(carrier, Code.normal, "closed");
    carriers.clear();
    on.onClose({ code, reason, wasClean, retryAfter: retry ? +retry : undefined });
  };

  cancels[place.wake] = env.lifecycle.onWake((isOnline) => {
    seat.insist();
    dispatch(state.main, "wake");
    if (isOnline) dispatch(state.candidate, "renew");
  });
  /** The page goes away: a last POST with what is waiting and, if all of it fits and the page does not come back, the end of the session. */
  cancels[place.leave] = env.lifecycle.onLeave((isKept) => {
    if (!isKept && wasGreeted) closing ??= { code: Code.normal, reason: "" };
    const rest = wasGreeted && bodyOf(beaconSize);
    if (rest) env.beacon(sendUrl(), rest);
    if (isKept) {
      dispatch(state.main, "rest");
      seat.leave();
    } else current = undefined;
  });
  cancels[place.block] = env.onBlocked((blocked) => {
    for (const attempt of attempts) {
      // Of a WebSocket's URL a violation may tell the scheme alone (CSP 3, "strip URL for use in reports").
      const isThis = attempt.transport === "websocket" ? /^ws/.test(blocked) : blocked.startsWith(url);
      if (isThis && attempt.heardAfter === undefined) attempt.cause = "CSP";
    }
  });
  // What the page sends in this turn rides on the first request.
  queueMicrotask(() => dispatch(state.main, "timeout"));

  return {
    get bufferedOctets() {
      return buffer.octets;
    },
    get maxMessage() {
      return maxMessage;
    },
    report: () => {
      const { received, duplicates } = receiver;
      return { sent: buffer.last, received, duplicates, resumed, attempts };
    },
    send(message) {
      buffer.push(message);
      queueFlush();
    },
    close(code, reason) {
      if (closing || isOver) return;
      closing = { code, reason };
      arm(place.close, closeDeadline, () => finish(Code.lost, "Close not answered"));
      queueFlush();
    },
  };
}
