import {
  attachDelay,
  baseOf,
  eased,
  type Fall,
  failed,
  judge,
  type Learned,
  nextCandidate,
  passed,
} from "../negotiation/policy.ts";
import type { TransportKind } from "../transports/transport.ts";

/** Nothing is under way, nor waited for. */
interface Idle {
  readonly at: "idle";
  readonly carrier?: undefined;
}

/** Nothing is under way, for so many milliseconds. */
interface Waiting {
  readonly at: "waiting";
  readonly carrier?: undefined;
  readonly delay: number;
  readonly fall?: Fall | undefined;
}

interface Under {
  readonly carrier: number;
  readonly kind: TransportKind;
}

/** A request or a WebSocket is on its way, and nothing has come of it. */
interface Opening extends Under {
  readonly at: "opening";
  /** What was lost a moment ago. Whether it is to blame, or the network or the server was away, shows now. */
  readonly fall?: Fall | undefined;
  /** Since when others of its kind carried, the last of which had carried enough. What is sent meanwhile goes its own way. */
  readonly since?: number;
}

/** It owes a pong; "due": the server has the ping, as the answer to the POST says that brought it; "late": the pong did not come with that. */
interface Proving extends Under {
  readonly at: "proving" | "due" | "late";
  /** Pongs that came in time, less those that did not. */
  readonly pongs: number;
}

/** The server sends on this carrier, or on others of its kind before it, since that time. */
interface Attached extends Under {
  readonly at: "attached" | "proving";
  readonly since: number;
}

/** The server was told to send here from the number `as` on, and has not begun to. */
interface Naming extends Under {
  readonly at: "naming";
  readonly as: number;
}

/** What carries: an attach that takes over, then what came of it. "proving": it has been silent, or the page has just woken. */
export type Main = Waiting | Opening | Attached;

/** What is tried beside it: a candidate that was greeted is proven if it has to be, and then named. */
export type Candidate = Idle | (Waiting & { readonly kind: TransportKind }) | Opening | Proving | Naming;

/** What sends beside a carrier that only receives: one POST at a time. */
export type Sender = Idle | { readonly at: "sending"; readonly carrier: number };

/**
 * Which carriers a session has and what it waits for: a value, and `step`, which says what follows from each event. What is to be done about it the value says as
 * well: a part that is new is to be entered (a carrier that has a new number is to be opened, "proving" begins with a ping, "naming" with a name), and a
 * carrier that no part has any longer is to be closed. What the messages say and how they are numbered is not here.
 */
export interface SessionState {
  readonly main: Main;
  readonly candidate: Candidate;
  readonly sender: Sender;
  /** The highest number given out. */
  readonly count: number;
  /** Attaches in a row that came to nothing or soon ended. */
  readonly losses: number;
  readonly learned: Learned;
  /** When it began, or something else than the base carried and was lost last. */
  readonly fellAt: number;
}

export type Part = Main | Candidate | Sender;

/**
 * "greeted", "ponged", "started": what the server says; it goes on sending from where it started. "answered": the server has the ping. "completed": an answer
 * came whole, or the server has ended a carrier in order. "lost": any other end. "timeout": the time of this state is over. "wake": the page or the
 * network may have been away. "rest": the page is put aside, and wakes. "renew": the network may be another one. "evicted": other tabs need the connection. "send": something is to be sent.
 */
export type SessionEvent =
  | "greeted"
  | "ponged"
  | "answered"
  | "started"
  | "completed"
  | "lost"
  | "timeout"
  | "wake"
  | "rest"
  | "renew"
  | "evicted"
  | "send";

export interface StepContext {
  /** Supported kinds, best first. */
  readonly kinds: readonly TransportKind[];
  /** Milliseconds. */
  readonly now: number;
  /** Milliseconds since anything was heard on what it happens to. */
  readonly silence: number;
  /** In [0, 1). */
  readonly random: number;
}

/** What was silent for so many milliseconds, longer than a timer would have let it, was not watched: the page slept. */
const asleep = 45_000;
/** One pong in time may be chance, and one that is late: where a busy page looks late at the answer to its ping, or at the pong. */
const proofs = 3;
const refutation = -2;

const idle: Idle = { at: "idle" };

/** It waits for nothing but its first turn to be over. */
export function initialState(learned: Learned = {}): SessionState {
  return { main: { at: "waiting", delay: 0 }, candidate: idle, sender: idle, count: 0, losses: 0, learned, fellAt: 0 };
}

/** Pure: the state that follows from what happened to one of its parts. What means nothing to that changes nothing. */
export function step(
  state: SessionState,
  part: Part,
  event: SessionEvent,
  { kinds, now, silence, random }: StepContext,
): SessionState {
  let { main, candidate, sender, count, losses, learned, fellAt } = state;
  const isMain = part === main;
  const { carrier, kind } = part as Under;
  const base = () => baseOf(kinds, losses);

  const open = (kind: TransportKind, fall?: Fall) => ({ at: "opening", carrier: ++count, kind, fall }) as const;
  /** Looks for something better than `active`, now or after a rest. */
  const seek = (active: TransportKind) => {
    const better = nextCandidate(kinds, active, learned, random);
    if (!better || "carrier" in candidate) return;
    if (!better.delay) candidate = open(better.kind);
    // What may be tried sooner does not wait for what rests for long.
    else if (!("kind" in candidate) || candidate.kind !== better.kind) candidate = { at: "waiting", ...better };
  };
  /** Opens what passes everywhere. Beside it something better is opened at the very first, so that nobody waits for a transport that does not pass, and where the base may hang. */
  const attach = (fall?: Fall) => {
    // What fell silent was perhaps forgotten on the way, and so may be what the browser keeps open for requests; a WebSocket has a connection of its own.
    const isBeside = !count || (fall && part.at === "attached" && event === "timeout");
    fellAt ||= now;
    main = open(base(), fall);
    sender = idle;
    if (isBeside) seek(base());
  };
  const carry = (since = now) => {
    main = { at: "attached", since, carrier, kind };
    sender = idle;
    seek(kind);
  };
  const name = () => {
    candidate = { at: "naming", carrier, kind, as: ++count };
  };
  const lose = () => {
    if (part === candidate) {
      candidate = idle;
      // While nothing else passes either, the network is away, and that is no verdict against a transport.
      if (!("since" in main)) return;
      learned = failed(learned, kind);
      // Where the server has gone, if it heard the name, nothing will come.
      if (part.at === "naming") attach();
      else seek(main.kind);
      return;
    }
    const { kind: lost, since = now + 1 } = main as Attached;
    const age = now - since;
    const isFall = "since" in main && lost !== base();
    // A POST that is lost, or a page that woke up with nothing, says that the way was; of what received it says nothing.
    const fall = part.at === "attached" && silence < asleep ? { kind: lost, age, silence } : undefined;
    if (isFall) {
      learned = eased(learned, lost, age, now - fellAt);
      fellAt = now;
    }
    if (!isFall) losses = age < (lost.oneShot ? 1_000 : 10_000) ? losses + 1 : 0;
    const delay = !isFall && attachDelay(losses, random);
    if (delay) {
      main = { at: "waiting", delay, fall };
      sender = idle;
    } else attach(fall);
  };

  if (event === "evicted") {
    if ("kind" in candidate && !candidate.kind.duplex) candidate = idle;
    // With a higher number than any that was named.
    if ("since" in main && !main.kind.duplex) attach();
  }
  switch (`${part.at} ${event}` as const) {
    case "waiting timeout":
    case "waiting wake":
      if (isMain) attach((part as Waiting).fall);
      else candidate = open(kind);
      break;
    case "opening greeted": {
      // The server can be reached, by one or the other.
      const { fall } = main as Opening;
      if (fall) {
        learned = judge(learned, base(), fall);
        main = { ...(main as Opening), fall: undefined };
      }
      if (isMain) carry((main as Opening).since);
      // What brought the greeting may still swallow what is sent on it, or hold back what follows.
      else candidate = { at: "proving", carrier, kind, pongs: 0 };
      break;
    }
    case "proving answered":
      if (!isMain) candidate = { ...(part as Proving), at: "due" };
      break;
    case "proving ponged":
    case "due ponged": {
      const pongs = (part as Proving).pongs + 1;
      if (isMain) main = { ...(main as Attached), at: "attached" };
      else if (kind.duplex || pongs === proofs) name();
      else candidate = { at: "proving", carrier, kind, pongs };
      break;
    }
    case "due timeout": {
      const pongs = (part as Proving).pongs - 1;
      if (pongs === refutation) lose();
      else candidate = { ...(part as Proving), at: "late", pongs };
      break;
    }
    case "late ponged":
      candidate = { ...(part as Proving), at: "proving" };
      break;
    case "naming started":
      candidate = idle;
      losses = 0;
      learned = passed(learned, kind);
      carry();
      break;
    case "attached completed":
    case "proving completed":
      // Another with a higher number would call the server back from what was just named.
      if (!isMain || candidate.at === "naming") break;
      if (kind.oneShot) {
        main = { ...(main as Attached), carrier: ++count };
        // Other tabs may have left the connection by now.
        seek(kind);
      } else if (!kind.duplex && kinds.includes(kind)) {
        // It has carried enough, and nothing is wrong with it.
        main = { ...open(kind), since: (main as Attached).since };
      } else attach();
      break;
    case "naming completed":
      // Something with a higher number has taken over.
      candidate = idle;
      if ("since" in main) attach();
      break;
    case "attached wake":
      // One look at once, instead of waiting for a timer that slept.
      if (kind.oneShot) attach();
      else main = { ...(main as Attached), at: "proving" };
      break;
    case "idle renew":
    case "waiting renew":
      learned = {};
      candidate = idle;
      if ("since" in main) seek(main.kind);
      break;
    case "idle send":
      sender = { at: "sending", carrier: ++count };
      break;
    case "sending completed":
      sender = idle;
      break;
    default:
      if (event === "lost" || event === "timeout") lose();
      if (event === "rest") {
        main = { at: "waiting", delay: patience };
        candidate = sender = idle;
      }
  }
  return { main, candidate, sender, count, losses, learned, fellAt };
}

/**
 * Milliseconds for what may be slow, for what has shown that it is not, and for a pong that is due: what holds each piece of a stream back for longer is worse than
 * polls (stock haproxy: 205 ms).
 */
const patience = 10_000;
const impatience = 5_000;
const promptness = 150;

/**
 * How many milliseconds may pass in this state. With "attached" they count from whatever was heard last.
 *
 * @param paceOf milliseconds between two words of the server's on such a carrier
 */
export function timeIn(part: Part, paceOf: (kind: TransportKind) => number): number {
  const { at } = part;
  if (at === "idle") return Infinity;
  if (at === "waiting") return part.delay;
  if (at === "attached") return paceOf(part.kind) + patience;
  if (at === "due") return promptness;
  return at === "opening" || at === "sending" ? patience : impatience;
}
