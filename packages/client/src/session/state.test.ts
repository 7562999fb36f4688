import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { initialState, type SessionEvent, type SessionState, step, timeIn } from "./state.ts";

function kind(name: string, traits: Partial<TransportKind> = {}): TransportKind {
  return { name, path: name, duplex: false, oneShot: false, isSupported: () => true, ...traits } as TransportKind;
}

const websocket = kind("websocket", { duplex: true });
const stream = kind("fetch-stream");
const poll = kind("xhr-poll", { oneShot: true });
const pace = ({ oneShot }: TransportKind) => (oneShot ? 25_000 : 20_000);
const roles = ["main", "candidate", "sender"] as const;
type Role = (typeof roles)[number];

/** An event and the part that it happens to; a number lets milliseconds pass. */
type Happening = `${SessionEvent} ${Role}` | number;

const carrierOf = (state: SessionState, role: Role) => (state[role] as { carrier?: number }).carrier;
const carriersOf = (state: SessionState) =>
  roles.flatMap((role) => (carrierOf(state, role) === undefined ? [] : [carrierOf(state, role)!])).sort();

/** What follows from one state after another, in words. */
function consequences(before: SessionState, after: SessionState): string[] {
  const words: string[] = [];
  for (const role of roles) {
    const part = after[role];
    if (part === before[role] || !("carrier" in part) || part.carrier === undefined) continue;
    const { carrier, at } = part;
    if (carrier > before.count) {
      words.push(`open ${carrier} ${"kind" in part ? part.kind.name : "send"}${at === "attached" ? " at length" : ""}`);
    } else if (part.at === "naming") words.push(`name ${carrier} as ${part.as}`);
    else if (at === "proving") words.push(`ping ${carrier}`);
  }
  const kept = carriersOf(after);
  for (const number of carriersOf(before)) if (!kept.includes(number)) words.push(`end ${number}`);
  return words;
}

/** A session's state, and what it has asked for. */
class Play {
  state = initialState();
  now = 0;
  /** Of whatever something happens to. */
  silence = 0;
  /** Of the last event. */
  did: string[] = [];

  constructor(
    readonly kinds: readonly TransportKind[] = [websocket, poll],
    readonly random = 0.5,
  ) {}

  happen(...happenings: Happening[]): this {
    for (const happening of happenings) {
      if (typeof happening === "number") this.now += happening;
      else {
        const before = this.state;
        const [event, role] = happening.split(" ") as [SessionEvent, Role];
        this.state = step(before, before[role], event, this.context);
        this.did = consequences(before, this.state);
      }
    }
    return this;
  }

  get context() {
    return { kinds: this.kinds, now: this.now, silence: this.silence, random: this.random };
  }

  get at(): string {
    return roles.map((role) => this.state[role].at).join(", ");
  }
}

const polling: Happening[] = ["timeout main", "greeted main"];
const naming: Happening[] = [...polling, "greeted candidate", "ponged candidate"];
const onWebSocket: Happening[] = [...naming, "started candidate"];
const namingStream: Happening[] = [...naming, "ponged candidate", "ponged candidate"];
const onStream: Happening[] = [...namingStream, "started candidate"];
const sending: Happening[] = [...polling, "send sender"];

describe("the state of a session", () => {
  it.each<[what: string, before: Happening[], event: Happening, at: string, did: string[]]>([
    [
      "opens what passes everywhere, and beside it what may be better",
      [],
      "timeout main",
      "opening, opening, idle",
      ["open 1 xhr-poll", "open 2 websocket"],
    ],
    ["is carried by the poll once it is greeted", ["timeout main"], "greeted main", "attached, opening, idle", []],
    [
      "lets poll follow poll, each with a new number",
      polling,
      "completed main",
      "attached, opening, idle",
      ["open 3 xhr-poll at length", "end 1"],
    ],
    ["pings a WebSocket that has greeted", polling, "greeted candidate", "attached, proving, idle", ["ping 2"]],
    [
      "names it once it has answered",
      [...polling, "greeted candidate"],
      "ponged candidate",
      "attached, naming, idle",
      ["name 2 as 3"],
    ],
    ["moves there once the server has", naming, "started candidate", "attached, idle, idle", ["end 1"]],
    ["does not poll again while the server is about to move", naming, "completed main", "attached, naming, idle", []],
    ["moves from there, too", [...naming, "completed main"], "started candidate", "attached, idle, idle", ["end 1"]],
    [
      "attaches anew if the named WebSocket breaks before the server has moved",
      naming,
      "lost candidate",
      "opening, idle, idle",
      ["open 4 xhr-poll", "end 1", "end 2"],
    ],
    [
      "gives up a WebSocket that never greets, and goes on polling",
      polling,
      "timeout candidate",
      "attached, waiting, idle",
      ["end 2"],
    ],
    [
      "gives up a WebSocket that swallows its ping",
      [...polling, "greeted candidate"],
      "timeout candidate",
      "attached, waiting, idle",
      ["end 2"],
    ],
    [
      "tries it again after a rest",
      [...polling, "lost candidate"],
      "timeout candidate",
      "attached, opening, idle",
      ["open 3 websocket"],
    ],
    [
      "attaches at once when a WebSocket that was good breaks",
      [...onWebSocket, 60_000],
      "lost main",
      "opening, idle, idle",
      ["open 4 xhr-poll", "end 2"],
    ],
    [
      "tries it again soon, once it is known that the network is there",
      [...onWebSocket, 60_000, "lost main"],
      "greeted main",
      "attached, waiting, idle",
      [],
    ],
    [
      "attaches at once when a WebSocket that was good is lost",
      [...onWebSocket, 60_000],
      "lost main",
      "opening, idle, idle",
      ["open 4 xhr-poll", "end 2"],
    ],
    ["waits a moment where nothing passes", ["timeout main"], "lost main", "waiting, opening, idle", ["end 1"]],
    [
      "tries again after it, with nothing beside it that failed as well",
      ["timeout main", "lost candidate", "lost main"],
      "timeout main",
      "opening, idle, idle",
      ["open 3 xhr-poll"],
    ],
    ["asks a WebSocket for a pong when the page wakes", onWebSocket, "wake main", "proving, idle, idle", ["ping 2"]],
    ["asks only once", [...onWebSocket, "wake main"], "wake main", "proving, idle, idle", []],
    ["goes on with one that answers", [...onWebSocket, "wake main"], "ponged main", "attached, idle, idle", []],
    [
      "replaces one that does not",
      [...onWebSocket, 60_000, "wake main"],
      "timeout main",
      "opening, idle, idle",
      ["open 4 xhr-poll", "end 2"],
    ],
    [
      "replaces a poll when the page wakes, as there is no asking",
      [...polling, "lost candidate", 1_000],
      "wake main",
      "opening, waiting, idle",
      ["open 3 xhr-poll", "end 1"],
    ],
    [
      "does not wait any longer when the page wakes",
      ["timeout main", "lost candidate", "lost main"],
      "wake main",
      "opening, idle, idle",
      ["open 3 xhr-poll"],
    ],
    [
      "lets an attach that is under way be when the page wakes",
      ["timeout main"],
      "wake main",
      "opening, opening, idle",
      [],
    ],
    ["sends beside what only receives", polling, "send sender", "attached, opening, sending", ["open 3 send"]],
    ["sends one thing at a time", sending, "send sender", "attached, opening, sending", []],
    ["may send again once that was answered", sending, "completed sender", "attached, opening, idle", ["end 3"]],
    [
      "attaches anew where what it sends is lost: the way is, too",
      [...sending, 1_000],
      "lost sender",
      "opening, opening, idle",
      ["open 4 xhr-poll", "end 1", "end 3"],
    ],
    [
      "does not wait for an answer any longer once it has moved",
      [...sending, "greeted candidate", "ponged candidate"],
      "started candidate",
      "attached, idle, idle",
      ["end 1", "end 3"],
    ],
  ])("%s", (_, before, event, at, did) => {
    const play = new Play().happen(...before, event);
    expect(play.at).toBe(at);
    expect(play.did).toEqual(did);
  });

  it("asks a stream for a pong, too, by a POST", () => {
    const play = new Play([stream, poll]).happen("timeout main", "greeted main", "greeted candidate");
    expect(play.did).toEqual(["ping 2"]);
    // One may be chance.
    expect(play.happen("ponged candidate").did).toEqual(["ping 2"]);
    expect(play.happen("answered candidate", "ponged candidate").did).toEqual(["ping 2"]);
    expect(play.happen("ponged candidate").did).toEqual(["name 2 as 3"]);
  });

  it("gives up a stream whose pongs come much later than the answers to those POSTs: polls are faster", () => {
    const asked: Happening[] = ["timeout main", "greeted main", "greeted candidate", "answered candidate"];
    expect(new Play([stream, poll]).happen(...asked).at).toBe("attached, due, idle");
    expect(new Play([stream, poll]).happen(...asked, "ponged candidate").at).toBe("attached, proving, idle");
    // One that is late may be chance, too. Nothing is asked before it has come: it would be taken for the answer.
    const late = new Play([stream, poll]).happen(...asked, "timeout candidate");
    expect([late.at, late.did]).toEqual(["attached, late, idle", []]);
    expect(late.happen("ponged candidate").did).toEqual(["ping 2"]);
    expect(late.happen("answered candidate", "timeout candidate").did).toEqual(["end 2"]);
    expect(new Play([stream, poll]).happen(...asked, "timeout candidate", "timeout candidate").did).toEqual(["end 2"]);
  });

  it("asks once more for each pong of a stream that was late", () => {
    const prompt: Happening[] = ["answered candidate", "ponged candidate"];
    const play = new Play([stream, poll]).happen("timeout main", "greeted main", "greeted candidate", ...prompt);
    play.happen("answered candidate", "timeout candidate", "ponged candidate", ...prompt);
    expect(play.happen(...prompt).did).toEqual(["ping 2"]);
    expect(play.happen(...prompt).did).toEqual(["name 2 as 3"]);
  });

  it("is followed by the next of its kind, without a verdict, when a stream has carried enough", () => {
    const play = new Play([stream, poll]).happen(...onStream, 1_000, "completed main");
    expect(play.did).toEqual(["open 4 fetch-stream", "end 2"]);
    expect(play.happen("greeted main").at).toBe("attached, idle, idle");
    expect(play.state.learned).toEqual({});
    // Also when the page is just looking whether it is there; and by polls if it does not come.
    expect(new Play([stream, poll]).happen(...onStream, "wake main", "completed main").did).toEqual([
      "open 4 fetch-stream",
      "end 2",
    ]);
    const lost = new Play([stream, poll]).happen(...onStream, "completed main", "lost main");
    expect(lost.did).toEqual(["open 5 xhr-poll", "end 4"]);
  });

  it("gives a named candidate up that something else has overtaken", () => {
    const overtaken = new Play().happen(...naming, "wake main", "completed candidate");
    expect([overtaken.at, overtaken.did]).toEqual(["opening, idle, idle", ["end 2"]]);
    expect(new Play().happen(...naming, "completed candidate").did).toEqual(["open 4 xhr-poll", "end 1", "end 2"]);
  });

  it("tries soon what may be tried soon, though something else rests for long", () => {
    const play = new Play([websocket, stream, poll]).happen(...polling);
    for (let count = 0; count < 6; count++) play.happen("lost candidate", 4_000_000);
    play.state = { ...play.state, candidate: { at: "waiting", delay: 3_000_000, kind: websocket } };
    play.state = { ...play.state, learned: { websocket: 7, falls: 1 } };
    play.happen("wake main", "greeted main");
    expect(play.state.candidate).toMatchObject({ at: "waiting", kind: stream, delay: 750 });
  });

  it("does not blame what was silent for longer than it is watched: the page slept", () => {
    const play = new Play().happen(...onWebSocket, 3_600_000);
    play.silence = 3_600_000;
    expect(play.happen("timeout main", "greeted main").state.learned).toEqual({});
  });

  it("tries everything again at once when the network may be another one", () => {
    const play = new Play().happen(...polling, "lost candidate", "renew candidate");
    expect(play.state.learned).toEqual({});
    expect(play.did).toEqual(["open 3 websocket"]);
    expect(play.happen("renew candidate").did).toEqual([]);
    expect(new Play().happen("timeout main", "lost candidate", "renew candidate").at).toBe("opening, idle, idle");
  });

  it("gives its connection up at once when other tabs need it", () => {
    const evicted = (kinds: TransportKind[], ...happenings: Happening[]) =>
      new Play(kinds).happen(...happenings, "evicted main").did;
    expect(evicted([stream, poll], ...onStream)).toEqual(["open 4 xhr-poll", "end 2"]);
    expect(evicted([stream, poll], ...namingStream)).toEqual(["open 4 xhr-poll", "end 1", "end 2"]);
    expect(evicted([stream, poll], "timeout main")).toEqual(["end 2"]);
    expect(evicted([websocket, poll], ...polling)).toEqual(["open 3 xhr-poll", "end 1"]);
    // What is no HTTP request takes none of the six.
    expect(evicted([websocket, poll], ...onWebSocket)).toEqual([]);
  });

  it("starts on a WebSocket where nothing else is listed", () => {
    const play = new Play([websocket]).happen("timeout main");
    expect(play.did).toEqual(["open 1 websocket"]);
    expect(play.happen("greeted main").at).toBe("attached, idle, idle");
  });

  it("tries nothing beside what is listed first", () => {
    expect(new Play([poll, websocket]).happen(...polling).at).toBe("attached, idle, idle");
  });

  it("has no verdict against a WebSocket while nothing else passes either", () => {
    expect(new Play().happen("timeout main", "lost candidate").state.learned).toEqual({});
    expect(new Play().happen(...polling, "lost candidate").state.learned).toEqual({ websocket: 1 });
  });

  it("blames what was lost only if the server can be reached then", () => {
    const lost = [...onWebSocket, 1_000, "lost main"] as const;
    expect(new Play().happen(...lost, "greeted main").state.learned).toEqual({ websocket: 2, falls: 1 });
    const away = new Play().happen(...lost, "lost main", "timeout main", "greeted main");
    expect(away.state.learned).toEqual({});
  });

  it("tries a WebSocket beside the base at once where one fell silent, and learns from whichever is greeted", () => {
    const play = new Play().happen(...onWebSocket, 100_000);
    play.silence = 30_000;
    expect(play.happen("timeout main").did).toEqual(["open 4 xhr-poll", "open 5 websocket", "end 2"]);
    expect(play.happen("greeted candidate").state.learned).toEqual({ idle: 12_500 });
    expect(play.happen("ponged candidate", "started candidate").at).toBe("attached, idle, idle");
  });

  it("does not blame what a page that slept finds dead", () => {
    const play = new Play().happen(...onWebSocket, 1_000, "wake main", "timeout main", "greeted main");
    expect(play.state.learned).toEqual({});
  });

  it("learns from what is lost when it has long been silent that something cuts what is idle", () => {
    const play = new Play().happen(...onWebSocket, 100_000);
    play.silence = 10_000;
    expect(play.happen("lost main", "greeted main").state.learned).toEqual({ idle: 12_500 });
  });

  it("forgets the losses of what passes everywhere once something else has passed", () => {
    const play = new Play().happen("timeout main", "lost main", "timeout main", "greeted main");
    expect(play.state.losses).toBe(1);
    expect(play.happen("greeted candidate", "ponged candidate", "started candidate").state.losses).toBe(0);
  });
});

describe("the time that may pass", () => {
  it.each<[what: string, happenings: Happening[], role: Role, ms: number]>([
    ["until an attach is answered: 10 s", ["timeout main"], "main", 10_000],
    ["until a poll is answered: its hold time and 10 s", polling, "main", 35_000],
    ["between two words of a WebSocket: the ping interval and 10 s", onWebSocket, "main", 30_000],
    ["until the pong that a waking page asks for: 5 s", [...onWebSocket, "wake main"], "main", 5_000],
    ["until a candidate's pong: 5 s", [...polling, "greeted candidate"], "candidate", 5_000],
    [
      "until the pong of a stream whose ping is known to be there: 150 ms",
      [...polling, "greeted candidate", "answered candidate"],
      "candidate",
      150,
    ],
    ["until a named candidate takes over: 5 s", naming, "candidate", 5_000],
    ["until what was sent is answered: 10 s", sending, "sender", 10_000],
  ])("%s", (_, happenings, role, ms) => {
    expect(timeIn(new Play().happen(...happenings).state[role], pace)).toBe(ms);
  });

  it("while nothing is tried or sent beside: any", () => {
    const { candidate, sender } = new Play().happen(...onWebSocket).state;
    expect([timeIn(candidate, pace), timeIn(sender, pace)]).toEqual([Infinity, Infinity]);
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
  const events = ["greeted", "ponged", "answered", "started", "completed", "lost", "timeout"] as const;
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    {
      weight: 10,
      arbitrary: fc
        .tuple(fc.constantFrom(...events), fc.constantFrom(...roles))
        .map((words) => words.join(" ") as Happening),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...(["wake main", "rest main", "evicted main", "renew candidate"] satisfies Happening[]),
      ),
    },
    { weight: 2, arbitrary: fc.constant("send sender" as const) },
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
  /** Whether that can happen: a timer runs only in a state that has one, and only what is under way is heard of. */
  const canHappen = (state: SessionState, event: string, role: Role) => {
    const part = state[role];
    if (["wake", "rest", "evicted", "renew"].includes(event)) return true;
    if (event === "send") return "since" in state.main;
    if (event === "timeout") return timeIn(part, pace) < Infinity;
    if (!("carrier" in part)) return false;
    return event !== "completed" || role === "sender" || "since" in part;
  };
  /** Plays it and looks after each event. */
  const always = (look: (play: Play, before: SessionState, happening: `${SessionEvent} ${Role}`) => void) => {
    fc.assert(
      fc.property(
        listed,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.array(happening),
        (...all) => {
          const [kinds, random, happenings] = all;
          const play = new Play(kinds, random);
          for (const it of ["timeout main" as const, ...happenings]) {
            const before = play.state;
            if (typeof it === "number") play.happen(it);
            else if (canHappen(before, ...(it.split(" ") as [string, Role]))) look(play.happen(it), before, it);
          }
        },
      ),
    );
  };

  it("numbers only rise, over carriers and names alike", () => {
    always(({ state }, before) => {
      const fresh = roles.flatMap((role) => {
        const part = state[role];
        if (part === before[role]) return [];
        return [carrierOf(state, role), "as" in part ? part.as : undefined].filter(
          (number) => number !== undefined && number > before.count,
        );
      });
      expect(new Set(fresh).size).toBe(fresh.length);
      expect(state.count).toBe(before.count + fresh.length);
    });
  });

  it("no carrier has two parts, and what waits has none", () => {
    always(({ state }) => {
      const numbers = carriersOf(state);
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const role of roles) {
        const { at } = state[role];
        expect(carrierOf(state, role) === undefined).toBe(at === "idle" || at === "waiting");
      }
    });
  });

  it("there is a way forward: something has a time in which it must happen", () => {
    always(({ state: { main } }) => {
      const time = timeIn(main, pace);
      expect(time).toBeGreaterThanOrEqual(0);
      expect(time).toBeLessThanOrEqual(60_000);
    });
  });

  it("nothing is sent by POST while nothing carries", () => {
    always(({ state: { main, sender } }) => {
      if (!("since" in main)) expect(sender.at).toBe("idle");
    });
  });

  it("a step depends on nothing but what it is given, and changes none of it", () => {
    always((play, before, happening) => {
      const [event, role] = happening.split(" ") as [SessionEvent, Role];
      const context = frozen({ ...play.context });
      expect(step(frozen(before), before[role], event, context)).toEqual(play.state);
    });
  });

  it("news that come too late or again leave every part as it is", () => {
    always(({ context, state }) => {
      const same = ({ main, candidate, sender }: SessionState) => [main, candidate, sender];
      for (const event of ["greeted", "ponged", "started"] as const) {
        const settled = step(state, state.main, event, context);
        expect(same(step(settled, settled.main, event, context))).toEqual(same(settled));
      }
      if (state.sender.at === "idle") return;
      for (const event of ["greeted", "ponged", "started", "send"] as const) {
        expect(step(state, state.sender, event, context)).toEqual(state);
      }
    });
  });
});
