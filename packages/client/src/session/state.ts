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

/** What carries now. */
export type Main =
  | { readonly at: "idle" }
  /** A taking-over attach is on its way. `failures`: those before it that heard nothing. */
  | { readonly at: "attaching"; readonly carrier: number; readonly kind: TransportKind; readonly failures: number }
  /** The server sends on this carrier. */
  | { readonly at: "attached"; readonly carrier: number; readonly kind: TransportKind; readonly since: number }
  /** As attached, but the page has just woken: the carrier owes a pong. */
  | { readonly at: "probing"; readonly carrier: number; readonly kind: TransportKind; readonly since: number }
  /** The last poll was answered after a candidate was named: nothing is under way, and the candidate will speak next. */
  | { readonly at: "handing"; readonly kind: TransportKind; readonly since: number }
  | { readonly at: "waiting"; readonly failures: number; readonly delay: number }
  | { readonly at: "over" };

/** What is tried beside it. */
export type Candidate =
  | { readonly at: "none" }
  | { readonly at: "resting"; readonly kind: TransportKind; readonly delay: number }
  | { readonly at: "opening"; readonly carrier: number; readonly kind: TransportKind }
  /** It was greeted and owes a pong. */
  | { readonly at: "proving"; readonly carrier: number; readonly kind: TransportKind }
  /** The server was told to send here, and has not begun to. */
  | { readonly at: "naming"; readonly carrier: number; readonly kind: TransportKind; readonly as: number };

export type SessionEvent =
  | { readonly type: "start" }
  | { readonly type: "greeted"; readonly carrier: number }
  | { readonly type: "ponged"; readonly carrier: number }
  /** The server stated where it goes on, on a carrier that was named. */
  | { readonly type: "started"; readonly carrier: number }
  /** `complete`: an answer that came whole. */
  | { readonly type: "ended"; readonly carrier: number; readonly complete: boolean }
  /** The time of `main` or of `candidate` is over. */
  | { readonly type: "mainTimeout" }
  | { readonly type: "candidateTimeout" }
  /** The client cannot use this carrier any longer. */
  | { readonly type: "lost"; readonly carrier: number }
  | { readonly type: "wake" }
  | { readonly type: "over" };

export type Effect =
  | {
      readonly do: "open";
      readonly carrier: number;
      readonly kind: TransportKind;
      readonly takesOver: boolean;
      readonly isFresh: boolean;
    }
  | { readonly do: "end"; readonly carrier: number }
  | { readonly do: "ping"; readonly carrier: number }
  | { readonly do: "name"; readonly carrier: number; readonly as: number }
  /** From here on the client sends where the server does. */
  | { readonly do: "move"; readonly carrier: number; readonly kind: TransportKind }
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

export const initialState: SessionState = {
  main: { at: "idle" },
  candidate: { at: "none" },
  count: 0,
  failures: {},
  youngDeaths: 0,
};

/** Pure: the next state and what to do about it. A pair of state and event that means nothing returns the same state. */
export function step(state: SessionState, event: SessionEvent, context: StepContext): [SessionState, Effect[]] {
  switch (event.type) {
    case "start":
      return state.main.at === "idle" ? attach(state, 0, context) : [state, []];
    case "greeted":
      return greeted(state, event.carrier, context);
    case "ponged":
      return ponged(state, event.carrier);
    case "started":
      return started(state, event.carrier, context);
    case "ended":
      return ended(state, event.carrier, event.complete, context);
    case "lost":
      return withEffects([{ do: "end", carrier: event.carrier }], ended(state, event.carrier, false, context));
    case "mainTimeout":
      return mainTimeout(state, context);
    case "candidateTimeout":
      return candidateTimeout(state, context);
    case "wake":
      return wake(state, context);
    case "over":
      return [{ ...state, main: { at: "over" }, candidate: { at: "none" } }, []];
    default:
      return event satisfies never;
  }
}

type Next = [SessionState, Effect[]];

function withEffects(first: Effect[], [state, effects]: Next): Next {
  return [state, [...first, ...effects]];
}

const carrierOf = (main: Main): number | undefined => ("carrier" in main ? main.carrier : undefined);

/** Opens what passes everywhere, and beside it what may be better, so that nobody waits for a transport that does not pass. */
function attach(state: SessionState, failures: number, context: StepContext): Next {
  const kind = baseOf(context.kinds);
  const carrier = state.count + 1;
  const next: SessionState = { ...state, count: carrier, main: { at: "attaching", carrier, kind, failures } };
  return withEffects(
    [{ do: "detach" }, { do: "open", carrier, kind, takesOver: true, isFresh: true }],
    failures === 0 ? seek(next, kind, context) : [next, []],
  );
}

/** Looks for something better than `active`, now or after a rest. */
function seek(state: SessionState, active: TransportKind, { kinds, random }: StepContext): Next {
  if (state.candidate.at !== "none") return [state, []];
  const better = nextCandidate(kinds, active, state.failures, random);
  if (!better) return [state, []];
  if (better.rest > 0) return [{ ...state, candidate: { at: "resting", kind: better.kind, delay: better.rest } }, []];
  return openCandidate(state, better.kind);
}

function openCandidate(state: SessionState, kind: TransportKind): Next {
  const carrier = state.count + 1;
  return [
    { ...state, count: carrier, candidate: { at: "opening", carrier, kind } },
    [{ do: "open", carrier, kind, takesOver: false, isFresh: true }],
  ];
}

function greeted(state: SessionState, carrier: number, context: StepContext): Next {
  const { main, candidate } = state;
  if (main.at === "attaching" && main.carrier === carrier) {
    const { kind } = main;
    const next: SessionState = { ...state, main: { at: "attached", carrier, kind, since: context.now } };
    return withEffects([{ do: "move", carrier, kind }], seek(next, kind, context));
  }
  if (candidate.at === "opening" && candidate.carrier === carrier) {
    const { kind } = candidate;
    // A WebSocket that brought the greeting may still swallow what is sent on it. What is receive-only sends by POST, which is proven.
    if (kind.duplex) return [{ ...state, candidate: { at: "proving", carrier, kind } }, [{ do: "ping", carrier }]];
    return name(state, carrier, kind);
  }
  return [state, []];
}

function name(state: SessionState, carrier: number, kind: TransportKind): Next {
  const as = state.count + 1;
  return [{ ...state, count: as, candidate: { at: "naming", carrier, kind, as } }, [{ do: "name", carrier, as }]];
}

function ponged(state: SessionState, carrier: number): Next {
  const { main, candidate } = state;
  if (main.at === "probing" && main.carrier === carrier) return [{ ...state, main: { ...main, at: "attached" } }, []];
  if (candidate.at === "proving" && candidate.carrier === carrier) return name(state, carrier, candidate.kind);
  return [state, []];
}

function started(state: SessionState, carrier: number, context: StepContext): Next {
  const { main, candidate } = state;
  if (candidate.at !== "naming" || candidate.carrier !== carrier) return [state, []];
  const { kind } = candidate;
  const before = carrierOf(main);
  const next: SessionState = {
    ...state,
    main: { at: "attached", carrier, kind, since: context.now },
    candidate: { at: "none" },
  };
  const moved: Effect[] = [{ do: "move", carrier, kind }];
  if (before !== undefined) moved.push({ do: "end", carrier: before });
  return withEffects(moved, seek(next, kind, context));
}

function ended(state: SessionState, carrier: number, complete: boolean, context: StepContext): Next {
  const { main, candidate } = state;
  if ("carrier" in candidate && candidate.carrier === carrier) return candidateFailed(state, candidate, context);
  if (carrierOf(main) !== carrier) return [state, []];
  switch (main.at) {
    case "attaching":
      return wait(state, main.failures + 1, reattachDelay(main.failures, context.random));
    case "attached":
    case "probing":
      return main.kind.oneShot && complete ? pollAgain(state, main) : loseMain(state, main, context);
  }
  return [state, []];
}

function wait(state: SessionState, failures: number, delay: number): Next {
  return [{ ...state, main: { at: "waiting", failures, delay } }, [{ do: "detach" }]];
}

function pollAgain(state: SessionState, { kind, since }: { kind: TransportKind; since: number }): Next {
  // A poll with a higher number would call the server back from the carrier that was just named.
  if (state.candidate.at === "naming") return [{ ...state, main: { at: "handing", kind, since } }, []];
  const carrier = state.count + 1;
  return [
    { ...state, count: carrier, main: { at: "attached", carrier, kind, since } },
    [{ do: "open", carrier, kind, takesOver: true, isFresh: false }],
  ];
}

/** The carrier that the server sent on is gone: its kind is judged by its age, and the session attaches anew. */
function loseMain(state: SessionState, main: { kind: TransportKind; since: number }, context: StepContext): Next {
  const age = context.now - main.since;
  const isBase = main.kind === baseOf(context.kinds);
  const youngDeaths = age < youngAge ? state.youngDeaths + 1 : 0;
  const next: SessionState = {
    ...state,
    youngDeaths,
    failures: isBase ? state.failures : judge(state.failures, main.kind, age < provenAge),
  };
  // Back from something better to what passes everywhere is no repetition; the base dying young is.
  const delay = isBase ? youngDelay(youngDeaths, context.random) : 0;
  return delay > 0 ? wait(next, 0, delay) : attach(next, 0, context);
}

function judge(failures: Failures, { name }: TransportKind, failed: boolean): Failures {
  return { ...failures, [name]: failed ? (failures[name] ?? 0) + 1 : 0 };
}

function candidateFailed(state: SessionState, { kind }: { kind: TransportKind }, context: StepContext): Next {
  const { main } = state;
  // While nothing else passes either, the network is away, and that is no verdict against a transport.
  const isVerdict = main.at === "attached" || main.at === "probing" || main.at === "handing";
  const next: SessionState = {
    ...state,
    candidate: { at: "none" },
    failures: isVerdict ? judge(state.failures, kind, true) : state.failures,
  };
  if (main.at === "handing") return attach(next, 0, context);
  return isVerdict ? seek(next, main.kind, context) : [next, []];
}

function mainTimeout(state: SessionState, context: StepContext): Next {
  const { main } = state;
  switch (main.at) {
    case "waiting":
      return attach(state, main.failures, context);
    case "attaching":
    case "attached":
    case "probing":
      return withEffects([{ do: "end", carrier: main.carrier }], ended(state, main.carrier, false, context));
    case "idle":
    case "handing":
    case "over":
      return [state, []];
    default:
      return main satisfies never;
  }
}

function candidateTimeout(state: SessionState, context: StepContext): Next {
  const { candidate } = state;
  switch (candidate.at) {
    case "resting":
      return openCandidate({ ...state, candidate: { at: "none" } }, candidate.kind);
    case "opening":
    case "proving":
    case "naming":
      return withEffects([{ do: "end", carrier: candidate.carrier }], candidateFailed(state, candidate, context));
    case "none":
      return [state, []];
    default:
      return candidate satisfies never;
  }
}

/** One look at once instead of waiting for a timer that slept. */
function wake(state: SessionState, context: StepContext): Next {
  const { main } = state;
  if (main.at === "waiting") return attach(state, main.failures, context);
  if (main.at !== "attached") return [state, []];
  if (main.kind.duplex)
    return [{ ...state, main: { ...main, at: "probing" } }, [{ do: "ping", carrier: main.carrier }]];
  return withEffects([{ do: "end", carrier: main.carrier }], attach(state, 0, context));
}

/** What the times depend on beside the state: the greeting's figures, and when the carrier was heard last. All in milliseconds. */
export interface Pace {
  readonly hold: number;
  readonly ping: number;
}

/** The grace that a network gets on top of what was agreed. */
const grace = 10_000;
const attachDeadline = 10_000;
const candidateDeadline = 10_000;
const namingDeadline = 3_000;
const probeDeadline = 5_000;

/** How long `main` may stay as it is; undefined: for ever. On a streaming carrier it counts anew from whatever was heard. */
export function mainTime(main: Main, pace: Pace): number | undefined {
  switch (main.at) {
    case "attaching":
      return attachDeadline;
    case "attached":
      return (main.kind.oneShot ? pace.hold : pace.ping) + grace;
    case "probing":
      return probeDeadline;
    case "waiting":
      return main.delay;
    case "idle":
    case "handing":
    case "over":
      return undefined;
    default:
      return main satisfies never;
  }
}

/** How long `candidate` may stay as it is; undefined: for ever. */
export function candidateTime(candidate: Candidate): number | undefined {
  switch (candidate.at) {
    case "resting":
      return candidate.delay;
    case "opening":
    case "proving":
      return candidateDeadline;
    case "naming":
      return namingDeadline;
    case "none":
      return undefined;
    default:
      return candidate satisfies never;
  }
}
