import {
  baseOf,
  type Failures,
  nextCandidate,
  provenAge,
  reattachDelay,
  youngAge,
  youngDelay,
} from "../negotiation/policy.ts";
import type { TransportKind } from "../transports/transport.ts";

/** A request or a WebSocket under way. */
interface Under {
  readonly carrier: number;
  readonly kind: TransportKind;
}

/** What carries now. */
export type Main =
  | { readonly at: "idle" }
  /** A taking-over attach is on its way. `failures`: those before it that heard nothing. */
  | ({ readonly at: "attaching"; readonly failures: number } & Under)
  /** The server sends on this carrier, or on others of its kind before it, since that time. */
  | ({ readonly at: "attached"; readonly since: number } & Under)
  /** As attached, but the page has just woken: the carrier owes a pong. */
  | ({ readonly at: "probing"; readonly since: number } & Under)
  /** The last poll was answered after a candidate was named: nothing is under way, and the candidate will speak next. */
  | { readonly at: "handing"; readonly kind: TransportKind; readonly since: number }
  | { readonly at: "waiting"; readonly failures: number; readonly delay: number }
  | { readonly at: "over" };

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
  /** Carriers in a row that were heard and died young. */
  readonly youngDeaths: number;
}

export type SessionEvent =
  | { readonly type: "start" | "wake" | "over" }
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

export const initialState: SessionState = {
  main: { at: "idle" },
  candidate: none,
  count: 0,
  failures: {},
  youngDeaths: 0,
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
  const end = (carrier: number) => effects.push({ do: "end", carrier });

  /** Looks for something better than `active`, now or after a rest. */
  const seek = (active: TransportKind) => {
    if (state.candidate.at !== "none") return;
    const better = nextCandidate(kinds, active, state.failures, random);
    if (better?.delay) change({ candidate: { at: "resting", ...better } });
    else if (better) tryOut(better.kind);
  };
  const tryOut = (kind: TransportKind) => change({ candidate: { at: "opening", ...open(kind, false, true) } });
  const judge = ({ name }: TransportKind, failed: boolean) =>
    change({ failures: { ...state.failures, [name]: failed ? (state.failures[name] ?? 0) + 1 : 0 } });

  /** Opens what passes everywhere, and beside it what may be better, so that nobody waits for a transport that does not pass. */
  const attach = (failures = 0) => {
    effects.push({ do: "detach" });
    change({ main: { at: "attaching", failures, ...open(base, true, true) } });
    if (!failures) seek(base);
  };
  const wait = (failures: number, delay: number) => {
    effects.push({ do: "detach" });
    change({ main: { at: "waiting", failures, delay } });
  };
  const carry = (under: Under) => {
    effects.push({ do: "move", carrier: under.carrier });
    change({ main: { at: "attached", since: now, carrier: under.carrier, kind: under.kind } });
    seek(under.kind);
  };
  const name = ({ carrier, kind }: Under) => {
    change({ candidate: { at: "naming", carrier, kind } });
    effects.push({ do: "name", carrier, as: nextNumber() });
  };

  const candidateFailed = (kind: TransportKind) => {
    const { main } = state;
    change({ candidate: none });
    // While nothing else passes either, the network is away, and that is no verdict against a transport.
    if (!("since" in main)) return;
    judge(kind, true);
    if (main.at === "handing") attach();
    else seek(main.kind);
  };
  const mainEnded = (complete: boolean) => {
    const { main, candidate } = state;
    if (main.at === "attaching") wait(main.failures + 1, reattachDelay(main.failures, random));
    else if ("since" in main) {
      const { kind, since } = main;
      if (kind.oneShot && complete) {
        // A poll with a higher number would call the server back from the carrier that was just named.
        if (candidate.at === "naming") change({ main: { at: "handing", kind, since } });
        else change({ main: { at: "attached", since, ...open(kind, true, false) } });
        return;
      }
      change({ youngDeaths: now - since < youngAge ? state.youngDeaths + 1 : 0 });
      // Back from something better to what passes everywhere is no repetition; the base dying young is.
      const delay = kind === base ? youngDelay(state.youngDeaths, random) : 0;
      if (kind !== base) judge(kind, now - since < provenAge);
      if (delay) wait(0, delay);
      else attach();
    }
  };
  const ended = (carrier: number, complete: boolean) => {
    const { main, candidate } = state;
    if ("carrier" in candidate && candidate.carrier === carrier) candidateFailed(candidate.kind);
    else if ("carrier" in main && main.carrier === carrier) mainEnded(complete);
  };

  const { main, candidate } = state;
  const isCandidate = "carrier" in event && "carrier" in candidate && candidate.carrier === event.carrier;
  const isMain = "carrier" in event && "carrier" in main && main.carrier === event.carrier;
  switch (event.type) {
    case "start":
      attach();
      break;
    case "greeted":
      if (isMain && main.at === "attaching") carry(main);
      else if (isCandidate && candidate.at === "opening") {
        // A WebSocket that brought the greeting may still swallow what is sent on it. What is receive-only sends by POST, which is proven.
        if (candidate.kind.duplex) {
          change({ candidate: { ...candidate, at: "proving" } });
          effects.push({ do: "ping", carrier: event.carrier });
        } else name(candidate);
      }
      break;
    case "ponged":
      if (isMain && main.at === "probing") change({ main: { ...main, at: "attached" } });
      else if (isCandidate && candidate.at === "proving") name(candidate);
      break;
    case "started":
      if (isCandidate && candidate.at === "naming") {
        change({ candidate: none });
        carry(candidate);
        if ("carrier" in main) end(main.carrier);
      }
      break;
    case "ended":
      ended(event.carrier, event.complete);
      break;
    case "timeout": {
      const { of } = event;
      if ("carrier" in of) {
        end(of.carrier);
        ended(of.carrier, false);
      } else if (of.at === "waiting") attach(of.failures);
      else if (of.at === "resting") tryOut(of.kind);
      break;
    }
    case "wake":
      // One look at once instead of waiting for a timer that slept.
      if (main.at === "waiting") attach(main.failures);
      else if (main.at === "attached") {
        if (main.kind.duplex) {
          change({ main: { ...main, at: "probing" } });
          effects.push({ do: "ping", carrier: main.carrier });
        } else {
          end(main.carrier);
          attach();
        }
      }
      break;
    case "over":
      change({ main: { at: "over" }, candidate: none });
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
