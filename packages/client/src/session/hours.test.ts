import { describe, expect, it } from "vitest";
import type { TransportKind } from "../transports/transport.ts";
import { initialState, type Part, type SessionEvent, step, timeIn } from "./state.ts";

const kind = (name: string, traits: Partial<TransportKind> = {}) =>
  ({ name, duplex: false, oneShot: false, ...traits }) as TransportKind;

const kinds = [
  kind("websocket", { duplex: true }),
  kind("fetch-stream"),
  kind("event-source"),
  kind("iframe-stream"),
  kind("xhr-poll", { oneShot: true }),
];
const minute = 60_000;

interface Change {
  readonly at: number;
  /** What carries from then on. */
  readonly name: string;
}

/** Lets a session live for hours where all kinds but polls prove themselves and are cut after `lives()` milliseconds. */
function changesIn(hours: number, lives: (kind: TransportKind) => number, random: () => number): Change[] {
  let state = initialState();
  const changes: Change[] = [];
  let carried: TransportKind | undefined;
  const pace = ({ oneShot }: TransportKind) => (oneShot ? 25_000 : 20_000);
  const happen = (now: number, part: Part, event: SessionEvent) => {
    const before = state;
    state = step(state, part, event, { kinds, now, silence: 0, random: random() });
    const { main } = state;
    const carries = "since" in main ? main.kind : carried;
    if (carries !== carried) {
      carried = carries;
      changes.push({ at: now, name: carries!.name });
    }
    for (const role of ["main", "candidate"] as const) {
      const next = state[role];
      if (next === before[role] || next.at === "idle") continue;
      const { at } = next;
      if (at === "waiting") plan(now + timeIn(next, pace), next, "timeout");
      else if (at === "opening") plan(now + 50, next, "greeted");
      else if (at === "proving") plan(now + 50, next, "ponged");
      else if (at === "naming") plan(now + 50, next, "started");
      else if (next.kind.oneShot) plan(now + 25_000, next, "completed");
      else if (at === "attached") plan(now + lives(next.kind), next, "lost");
    }
  };
  const planned: { at: number; part: Part; event: SessionEvent }[] = [];
  const plan = (at: number, part: Part, event: SessionEvent) => planned.push({ at, part, event });
  happen(0, state.main, "timeout");
  for (;;) {
    planned.sort((a, b) => a.at - b.at);
    const { at, part, event } = planned.shift()!;
    if (at > hours * 60 * minute) return changes;
    if (part === state.main || part === state.candidate) happen(at, part, event);
  }
}

describe("over hours on a network that cuts everything but polls", () => {
  it.each<[string, (kind: TransportKind) => number]>([
    ["at once", () => 1],
    ["after half a minute", () => 30_000],
    ["after two minutes", () => 2 * minute],
    ["each kind after another time", ({ name }) => name.length * 4_000],
  ])("%s, what carries changes a handful of times an hour", (_, lives) => {
    for (const luck of [0, 0.5, 0.999]) {
      const changes = changesIn(8, lives, () => luck);
      const inHour = (hour: number) => changes.filter(({ at }) => Math.floor(at / 60 / minute) === hour).length;
      // The first poll; then up and down again, for learning; later three times at the most.
      expect(inHour(0)).toBeLessThanOrEqual(12);
      for (let hour = 1; hour < 8; hour++) expect(inHour(hour)).toBeLessThanOrEqual(6);
    }
  });

  it.each([100, 5_000, 30_000, 5 * minute])(
    "a sound stream is what carries where a WebSocket is cut after %d ms, and that is tried seldom",
    (life) => {
      for (const luck of [0, 0.5, 0.999]) {
        const hours = 8;
        const lives = ({ name }: TransportKind) => (name === "websocket" ? life : 1_000 * hours * 60 * minute);
        const changes = changesIn(hours, lives, () => luck);
        const end = { at: hours * 60 * minute, name: "" };
        const onPolls = changes.reduce(
          (sum, { at, name }, i) => sum + (name === "xhr-poll" ? (changes[i + 1] ?? end).at - at : 0),
          0,
        );
        expect(onPolls / end.at).toBeLessThan(0.05);
        expect(changes.length / hours).toBeLessThan(5);
      }
    },
  );

  it("a WebSocket that lives for an hour is back within a second of its end", () => {
    const changes = changesIn(
      10,
      () => 60 * minute,
      () => 0.5,
    );
    const away = changes.flatMap(({ at }, i) => (i % 2 === 0 && i > 0 ? [changes[i + 1]!.at - at] : []));
    expect(away.length).toBeGreaterThan(8);
    expect(Math.max(...away)).toBeLessThan(1_500);
  });
});
