import { attachDelay, baseOf, type Failures, judge, nextCandidate } from "../negotiation/policy.ts";
import type { TransportKind } from "../transports/transport.ts";

/** A request or a WebSocket under way. */
interface Under {
  readonly carrier: number;
  readonly kind: TransportKind;
}

/** What carries now. */
export type Main =
  /** A taking-over attach is on its way. */
  | ({ readonly at: "attaching" } & Under)
  /** The server sends on this carrier, or on others of its kind before it, since that time. */
  | ({ readonly at: "attached"; readonly since: number } & Under)
  /** As attached, but the page has just woken: the carrier owes a pong. */
  | ({ readonly at: "probing"; readonly since: number } & Under)
  /** The last poll was answered after a candidate was named: nothing is under way, and the candidate will speak next. */
  | { readonly at: "handing"; readonly kind: TransportKind; readonly since: number }
  /** Nothing is under way, for so many milliseconds. */
  | { readonly at: "waiting"; readonly delay: number };

/** What is tried beside it. */
export type Candidate =
  | { readonly at: "none" }
  | { readonly at: "resting"; readonly kind: TransportKind; readonly delay: number }
  | ({ readonly at: "opening" } & Under)
  /** It was greeted and owes a pong. */
  | ({ readonly at: "proving" } & Under)
  /** The server was told to send here, and has not begun to. */
  | ({ readonly at: "naming" } & Under);

/**
 * Which carriers a session has and what it waits for: a value, and `step`, which says what follows from each event. What the messages say and how they
 * are numbered is not here.
 */
export interface SessionState {
  readonly main: Main;
  readonly candidate: Candidate;
  /** The highest carrier number given out. */
  readonly count: number;
  readonly failures: Failures;
}

export type SessionEvent =
  | { readonly type: "wake" }
  /** "ponged": it answered a ping; "started": the server stated where it goes on. */
  | { readonly type: "greeted" | "ponged" | "started"; readonly carrier: number }
  /** `complete`: an answer that came whole. */
  | { readonly type: "ended"; readonly carrier: number; readonly complete: boolean }
  /** The time of `main` or of `candidate` is over. */
  | { readonly type: "timeout"; readonly of: Main | Candidate };

export type Effect =
  /** `isFresh`: the answer is to show that the way is open, and is not held. */
  | ({ readonly do: "open"; readonly takesOver: boolean; readonly isFresh: boolean } & Under)
  | { readonly do: "end" | "ping"; readonly carrier: number }
  | { readonly do: "name"; readonly carrier: number; readonly as: number }
  /** From here on the client sends where the server does. */
  | { readonly do: "move"; readonly carrier: number }
  /** Nothing carries: sending stops until the next move. */
  | { readonly do: "detach" };

export interface StepContext {
  /** Supported kinds, best first. */
  readonly kinds: readonly TransportKind[];
  /** Milliseconds. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

const none: Candidate = { at: "none" };

/** It waits for nothing but its first turn to be over. */
export const initialState: SessionState = {
  main: { at: "waiting", delay: 0 },
  candidate: none,
  count: 0,
  failures: {},
};

/** Pure: the next state and what to do about it. A pair of state and event that means nothing returns the same state. */
export function step(
  state: SessionState,
  event: SessionEvent,
  { kinds, now, random }: StepContext,
): [SessionState, Effect[]] {
  const base = baseOf(kinds);
  const effects: Effect[] = [];
  const change = (part: Partial<SessionState>) => {
    state = { ...state, ...part };
  };
  const nextNumber = () => {
    change({ count: state.count + 1 });
    return state.count;
  };
  const open = (kind: TransportKind, takesOver: boolean, isFresh: boolean): Under => {
    const under = { carrier: nextNumber(), kind };
    effects.push({ do: "open", takesOver, isFresh, ...under });
    return under;
  };
  const tell = (what: "end" | "ping" | "move", { carrier }: Under) => effects.push({ do: what, carrier });

  const tryOut = (kind: TransportKind) => change({ candidate: { at: "opening", ...open(kind, false, true) } });
  /** Looks for something better than `active`, now or after a rest. */
  const seek = (active: TransportKind) => {
    const better = state.candidate === none && nextCandidate(kinds, active, state.failures, random);
    if (!better) return;
    if (better.delay) change({ candidate: { at: "resting", ...better } });
    else tryOut(better.kind);
  };
  /** Opens what passes everywhere, and beside it what may be better, so that nobody waits for a transport that does not pass. */
  const attach = () => {
    change({ main: { at: "attaching", ...open(base, true, true) } });
    if (!state.failures[base.name]) seek(base);
  };
  const detach = () => {
    effects.push({ do: "detach" });
    const delay = attachDelay(state.failures[base.name] ?? 0, random);
    if (delay) change({ main: { at: "waiting", delay } });
    else attach();
  };
  const carry = ({ carrier, kind }: Under) => {
    change({ main: { at: "attached", since: now, carrier, kind } });
    tell("move", { carrier, kind });
    seek(kind);
  };
  const name = ({ carrier, kind }: Under) => {
    change({ candidate: { at: "naming", carrier, kind } });
    effects.push({ do: "name", carrier, as: nextNumber() });
  };

  const { main, candidate } = state;
  /** The part that the event is about. */
  const is = (part: Main | Candidate): part is (Main | Candidate) & Under =>
    "carrier" in part && "carrier" in event && part.carrier === event.carrier;

  const ended = (part: Main | Candidate, complete: boolean) => {
    if (part === candidate && "carrier" in candidate) {
      change({ candidate: none });
      // While nothing else passes either, the network is away, and that is no verdict against a transport.
      if (!("since" in main)) return;
      change({ failures: judge(state.failures, kinds, candidate.kind, -1) });
      if (main.at === "handing") detach();
      else seek(main.kind);
    } else if (part === main && "carrier" in main) {
      const { kind } = main;
      const since = "since" in main ? main.since : undefined;
      if (since !== undefined && kind.oneShot && complete) {
        // A poll with a higher number would call the server back from the carrier that was just named.
        if (candidate.at === "naming") change({ main: { at: "handing", kind, since } });
        else change({ main: { at: "attached", since, ...open(kind, true, false) } });
      } else {
        change({ failures: judge(state.failures, kinds, kind, since === undefined ? -1 : now - since) });
        detach();
      }
    }
  };

  switch (event.type) {
    case "greeted":
      if (is(main) && main.at === "attaching") carry(main);
      else if (is(candidate) && candidate.at === "opening") {
        // A WebSocket that brought the greeting may still swallow what is sent on it. What is receive-only sends by POST, which is proven.
        if (candidate.kind.duplex) {
          change({ candidate: { ...candidate, at: "proving" } });
          tell("ping", candidate);
        } else name(candidate);
      }
      break;
    case "ponged":
      if (is(main) && main.at === "probing") change({ main: { ...main, at: "attached" } });
      else if (is(candidate) && candidate.at === "proving") name(candidate);
      break;
    case "started":
      if (is(candidate) && candidate.at === "naming") {
        change({ candidate: none, failures: judge(state.failures, kinds, base, Number.POSITIVE_INFINITY) });
        carry(candidate);
        if ("carrier" in main) tell("end", main);
      }
      break;
    case "ended":
      for (const part of [candidate, main]) if (is(part)) ended(part, event.complete);
      break;
    case "timeout": {
      const { of } = event;
      if ("carrier" in of) {
        tell("end", of);
        ended(of, false);
      } else if (of.at === "waiting") attach();
      else if (of.at === "resting") tryOut(of.kind);
      break;
    }
    case "wake":
      // One look at once instead of waiting for a timer that slept.
      if (main.at === "waiting") attach();
      else if (main.at === "attached") {
        tell(main.kind.duplex ? "ping" : "end", main);
        if (main.kind.duplex) change({ main: { ...main, at: "probing" } });
        else detach();
      }
      break;
    default:
      event satisfies never;
  }
  return [state, effects];
}

/** The greeting's figures that times depend on, in milliseconds. */
export interface Pace {
  readonly hold: number;
  readonly ping: number;
}

/** What a network gets on top of what was agreed, in milliseconds. */
const grace = 10_000;
/** Milliseconds until a carrier that has not done what it is expected to counts as lost. */
const deadlines: Record<string, number> = {
  attaching: 10_000,
  probing: 5_000,
  opening: 10_000,
  proving: 10_000,
  naming: 3_000,
};

/** How many milliseconds may pass in this state; undefined: any. With "attached" they count from whatever was heard last. */
export function timeIn(part: Main | Candidate, { hold, ping }: Pace): number | undefined {
  if ("delay" in part) return part.delay;
  return part.at === "attached" ? (part.kind.oneShot ? hold : ping) + grace : deadlines[part.at];
}
