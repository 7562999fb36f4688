import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { type Effect, initialState, type SessionEvent, type SessionState, step, timeIn } from "./state.ts";

function kind(name: string, traits: Partial<TransportKind> = {}): TransportKind {
  return { name, path: name, duplex: false, oneShot: false, isSupported: () => true, ...traits } as TransportKind;
}

const websocket = kind("websocket", { duplex: true });
const stream = kind("fetch-stream");
const poll = kind("xhr-poll", { oneShot: true });
const pace = { hold: 25_000, ping: 20_000 };

/** Something that happens to the main carrier, the candidate, the page, or the time. */
type Happening =
  | "wake"
  | `${"greeted" | "ponged" | "started" | "completed" | "broken" | "timeout"} ${"main" | "candidate"}`
  | number;

/** A session's state, and what it has asked for. */
class Play {
  state = initialState;
  now = 0;
  /** Of the last event. */
  effects: Effect[] = [];

  constructor(
    readonly kinds: readonly TransportKind[] = [websocket, poll],
    readonly random = 0.5,
  ) {}

  /** What goes on as the happening says; a number lets milliseconds pass. A carrier that is not there is number -1. */
  happen(...happenings: Happening[]): this {
    for (const happening of happenings) {
      if (typeof happening === "number") this.now += happening;
      else this.take(this.event(happening));
    }
    return this;
  }

  event(happening: Exclude<Happening, number>): SessionEvent {
    const [what, which] = happening.split(" ") as [string, "main" | "candidate"];
    if (what === "wake") return { type: "wake" };
    const part = this.state[which];
    if (what === "timeout") return { type: "timeout", of: part };
    const carrier = "carrier" in part ? part.carrier : -1;
    if (what === "completed" || what === "broken") return { type: "ended", carrier, complete: what === "completed" };
    return { type: what as "greeted", carrier };
  }

  take(event: SessionEvent): void {
    const context = { kinds: this.kinds, now: this.now, random: this.random };
    [this.state, this.effects] = step(this.state, event, context);
  }

  /** The effects of the last event, in words. */
  get did(): string[] {
    return this.effects.map((effect) => {
      switch (effect.do) {
        case "open":
          return `open ${effect.carrier} ${effect.kind.name}${effect.takesOver ? " to take over" : ""}${effect.isFresh ? "" : " at length"}`;
        case "name":
          return `name ${effect.carrier} as ${effect.as}`;
        case "detach":
          return "detach";
        default:
          return `${effect.do} ${effect.carrier}`;
      }
    });
  }

  get at(): string {
    return `${this.state.main.at}, ${this.state.candidate.at}`;
  }
}

const polling: Happening[] = ["timeout main", "greeted main"];
const naming: Happening[] = [...polling, "greeted candidate", "ponged candidate"];
const onWebSocket: Happening[] = [...naming, "started candidate"];

describe("the state of a session", () => {
  it.each<[what: string, before: Happening[], event: Happening, at: string, did: string[]]>([
    [
      "opens what passes everywhere, and beside it what may be better",
      [],
      "timeout main",
      "attaching, opening",
      ["open 1 xhr-poll to take over", "open 2 websocket"],
    ],
    ["is carried by the poll once it is greeted", ["timeout main"], "greeted main", "attached, opening", ["move 1"]],
    [
      "lets poll follow poll, each with a new number",
      polling,
      "completed main",
      "attached, opening",
      ["open 3 xhr-poll to take over at length"],
    ],
    ["pings a WebSocket that has greeted", polling, "greeted candidate", "attached, proving", ["ping 2"]],
    [
      "names it once it has answered",
      [...polling, "greeted candidate"],
      "ponged candidate",
      "attached, naming",
      ["name 2 as 3"],
    ],
    ["moves there once the server has", naming, "started candidate", "attached, none", ["move 2", "end 1"]],
    ["does not poll again while the server is about to move", naming, "completed main", "handing, naming", []],
    ["moves from there, too", [...naming, "completed main"], "started candidate", "attached, none", ["move 2"]],
    [
      "attaches anew if the named WebSocket breaks before the server has moved",
      [...naming, "completed main"],
      "broken candidate",
      "attaching, resting",
      ["detach", "open 4 xhr-poll to take over"],
    ],
    [
      "gives up a WebSocket that never greets, and goes on polling",
      polling,
      "timeout candidate",
      "attached, resting",
      ["end 2"],
    ],
    [
      "gives up a WebSocket that swallows its ping",
      [...polling, "greeted candidate"],
      "timeout candidate",
      "attached, resting",
      ["end 2"],
    ],
    [
      "tries it again after a rest",
      [...polling, "broken candidate"],
      "timeout candidate",
      "attached, opening",
      ["open 3 websocket"],
    ],
    [
      "attaches at once when a WebSocket that was good breaks",
      [...onWebSocket, 60_000],
      "broken main",
      "attaching, opening",
      ["detach", "open 4 xhr-poll to take over", "open 5 websocket"],
    ],
    [
      "attaches at once when a WebSocket that was good falls silent, and ends it",
      [...onWebSocket, 60_000],
      "timeout main",
      "attaching, opening",
      ["end 2", "detach", "open 4 xhr-poll to take over", "open 5 websocket"],
    ],
    ["waits a moment where nothing passes", ["timeout main"], "broken main", "waiting, opening", ["detach"]],
    [
      "tries again after it, with nothing beside it that failed as well",
      ["timeout main", "broken candidate", "broken main"],
      "timeout main",
      "attaching, none",
      ["open 3 xhr-poll to take over"],
    ],
    ["asks a WebSocket for a pong when the page wakes", onWebSocket, "wake", "probing, none", ["ping 2"]],
    ["asks only once", [...onWebSocket, "wake"], "wake", "probing, none", []],
    ["goes on with one that answers", [...onWebSocket, "wake"], "ponged main", "attached, none", []],
    [
      "replaces one that does not",
      [...onWebSocket, 60_000, "wake"],
      "timeout main",
      "attaching, opening",
      ["end 2", "detach", "open 4 xhr-poll to take over", "open 5 websocket"],
    ],
    [
      "replaces a poll when the page wakes, as there is no asking",
      [...polling, "broken candidate"],
      "wake",
      "attaching, resting",
      ["end 1", "detach", "open 3 xhr-poll to take over"],
    ],
    [
      "does not wait any longer when the page wakes",
      ["timeout main", "broken candidate", "broken main"],
      "wake",
      "attaching, none",
      ["open 3 xhr-poll to take over"],
    ],
    ["lets an attach that is under way be when the page wakes", ["timeout main"], "wake", "attaching, opening", []],
  ])("%s", (_, before, event, at, did) => {
    const play = new Play().happen(...before, event);
    expect(play.at).toBe(at);
    expect(play.did).toEqual(did);
  });

  it("names what only receives without a ping, as what it sends goes by POST", () => {
    const play = new Play([stream, poll]).happen("timeout main", "greeted main", "greeted candidate");
    expect(play.did).toEqual(["name 2 as 3"]);
  });

  it("starts on a WebSocket where nothing else is listed", () => {
    const play = new Play([websocket]).happen("timeout main");
    expect(play.did).toEqual(["open 1 websocket to take over"]);
    expect(play.happen("greeted main").did).toEqual(["move 1"]);
    expect(play.at).toBe("attached, none");
  });

  it("tries nothing beside what is listed first", () => {
    expect(new Play([poll, websocket]).happen(...polling).at).toBe("attached, none");
  });

  it("has no verdict against a WebSocket while nothing else passes either", () => {
    expect(new Play().happen("timeout main", "broken candidate").state.failures).toEqual({});
    expect(new Play().happen(...polling, "broken candidate").state.failures).toEqual({ websocket: 1 });
  });

  it("forgives what passes everywhere its failures once something has passed", () => {
    const play = new Play().happen("timeout main", "broken main", "timeout main", "greeted main");
    expect(play.state.failures).toEqual({ "xhr-poll": 1 });
    expect(play.happen("greeted candidate", "ponged candidate", "started candidate").state.failures).toMatchObject({
      "xhr-poll": 0,
    });
  });
});

describe("the time that may pass", () => {
  it.each([
    ["until an attach is answered: 10 s", ["timeout main"], "main", 10_000],
    ["until a poll is answered: its hold time and 10 s", polling, "main", 35_000],
    ["between two words of a WebSocket: the ping interval and 10 s", onWebSocket, "main", 30_000],
    ["until the pong that a waking page asks for: 5 s", [...onWebSocket, "wake"] as Happening[], "main", 5_000],
    ["until a named candidate takes over: 3 s", naming, "candidate", 3_000],
  ] as [string, Happening[], "main" | "candidate", number][])("%s", (_, happenings, which, ms) => {
    expect(timeIn(new Play().happen(...happenings).state[which], pace)).toBe(ms);
  });

  it("while nothing is tried beside: any", () => {
    expect(timeIn(new Play().happen(...onWebSocket).state.candidate, pace)).toBeUndefined();
  });
});

/** Makes every attempt to change it throw. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) if (typeof part !== "function") frozen(part);
  }
  return value;
}

describe("whatever happens", () => {
  const whats = ["greeted", "ponged", "started", "completed", "broken", "timeout"] as const;
  const which = fc.constantFrom("main" as const, "candidate" as const);
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    { weight: 10, arbitrary: fc.tuple(fc.constantFrom(...whats), which).map((words) => words.join(" ") as Happening) },
    { weight: 1, arbitrary: fc.constant("wake" as const) },
    { weight: 3, arbitrary: fc.nat(120_000) },
  );
  const listed = fc.constantFrom(
    [websocket, poll],
    [websocket],
    [poll],
    [websocket, stream, poll],
    [poll, websocket],
    [stream, websocket],
  );
  /** Plays it and looks after each event. */
  const always = (look: (play: Play, before: SessionState, event: SessionEvent) => void) => {
    fc.assert(
      fc.property(
        listed,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.array(happening),
        (...all) => {
          const [kinds, random, happenings] = all;
          const play = new Play(kinds, random);
          for (const it of ["timeout main" as const, ...happenings]) {
            if (typeof it === "number") {
              play.happen(it);
              continue;
            }
            const before = play.state;
            // A timer runs only in a state that has one.
            if (it === "timeout main" && timeIn(before.main, pace) === undefined) continue;
            if (it === "timeout candidate" && timeIn(before.candidate, pace) === undefined) continue;
            const event = play.event(it);
            play.take(event);
            look(play, before, event);
          }
        },
      ),
    );
  };

  it("numbers only rise, over carriers and names alike", () => {
    let last = 0;
    always(({ effects, state }, before) => {
      if (before === initialState) last = 0;
      for (const effect of effects) {
        const number = effect.do === "open" ? effect.carrier : effect.do === "name" ? effect.as : undefined;
        if (number === undefined) continue;
        expect(number).toBeGreaterThan(last);
        last = number;
      }
      expect(state.count).toBe(last);
    });
  });

  it("what is under way is the main carrier and the candidate, and nothing else", () => {
    let underWay = new Set<number>();
    always(({ effects, state }, before, event) => {
      if (before === initialState) underWay = new Set();
      if (event.type === "ended") underWay.delete(event.carrier);
      for (const effect of effects) {
        if (effect.do === "open") underWay.add(effect.carrier);
        else if (effect.do === "end") underWay.delete(effect.carrier);
        else if (effect.do !== "detach") expect(underWay).toContain(effect.carrier);
      }
      const known = [state.main, state.candidate].flatMap((part) => ("carrier" in part ? [part.carrier] : []));
      expect([...underWay].sort()).toEqual(known.sort());
    });
  });

  it("there is a way forward: something has a time in which it must happen", () => {
    always(({ state: { main, candidate } }) => {
      const times = [timeIn(main, pace), main.at === "handing" ? timeIn(candidate, pace) : undefined];
      const time = times.find((ms) => ms !== undefined);
      expect(time).toBeGreaterThanOrEqual(0);
      expect(time).toBeLessThanOrEqual(60_000);
    });
  });

  it("only one that the state knows is moved to, and from then on it is the main one", () => {
    always(({ effects, state }) => {
      const moves = effects.filter((effect) => effect.do === "move");
      expect(moves.length).toBeLessThan(2);
      for (const { carrier } of moves) expect(state.main).toMatchObject({ at: "attached", carrier });
    });
  });

  it("a step depends on nothing but what it is given, and changes none of it", () => {
    always((play, before, event) => {
      const context = frozen({ kinds: play.kinds, now: play.now, random: play.random });
      const [state, effects] = step(frozen(before), frozen(event), context);
      expect(step(before, event, context)).toEqual([state, effects]);
      expect([state, effects]).toEqual([play.state, play.effects]);
    });
  });

  it("news of a carrier that is no more change nothing", () => {
    always(({ kinds, now, random, state }) => {
      for (const type of ["greeted", "ponged", "started", "ended"] as const) {
        const event = { type, carrier: state.count + 1, complete: false } as SessionEvent;
        expect(step(state, event, { kinds, now, random })).toEqual([state, []]);
      }
    });
  });
});
