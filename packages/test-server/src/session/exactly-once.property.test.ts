import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SimulatedKind } from "../testing/simulated-ends.ts";
import type { RequestFate, SocketFate, Tells, Weather } from "../testing/simulated-fates.ts";
import { type Happening, type Schedule, SimulatedRun } from "../testing/simulated-run.ts";

/** Schedules that are tried in all; `ENCKE_RUNS=100000` for a long run. */
const allRuns = Number(process.env.ENCKE_RUNS ?? 2_500);
const timeout = 60_000 + allRuns * 100;

/** What a property checks of a schedule, with a share of all runs. */
function forEach<T>(share: number, arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: Math.ceil(allRuns * share) });
}

const ms = (max: number) => fc.integer({ min: 0, max });
/** Mostly within the moments in which a carrier takes over from another. */
const soon = fc.oneof({ weight: 6, arbitrary: ms(250) }, { weight: 3, arbitrary: ms(2_000) }, ms(15_000));
const delay = fc.oneof({ weight: 4, arbitrary: ms(100) }, { weight: 2, arbitrary: ms(800) }, ms(5_000));
/** Negative: binary. */
const small = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: -80, max: 80 }) }, fc.constantFrom(0, 1, -1));
const sizes = fc.oneof(
  { weight: 16, arbitrary: fc.array(small, { minLength: 1, maxLength: 6 }) },
  // About as many as are acknowledged at once.
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 200, max: 600 }), small)
      .map(([count, size]) => Array<number>(count).fill(size)),
  },
  // A batch and more.
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(10, -10, -2_000, 30_000, -30_000, 70_000), { minLength: 1, maxLength: 8 }),
  },
  // More than the server hands to a network that does not take it.
  { weight: 1, arbitrary: fc.array(fc.constantFrom(10, 250_000), { minLength: 6, maxLength: 24 }) },
);
const part = fc.constantFrom(0, 0.3, 0.7, 1);
const tells = fc.constantFrom<Tells>("both", "client", "server", "nobody");

const intercepted = fc.record({
  is: fc.constant("intercepted" as const),
  status: fc.constantFrom(200, 204, 302, 502),
  body: fc.constantFrom("", "<html>Sign in</html>", "a"),
});
const doubled = fc.record({
  is: fc.constant("doubled" as const),
  again: soon,
  answer: fc.constantFrom(0 as const, 1 as const),
});
const requestFate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<RequestFate>({ is: "passed", up: 0, down: 0 }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("passed" as const), up: soon, down: soon }) },
  fc.constant<RequestFate>({ is: "refused" }),
  fc.constant<RequestFate>({ is: "lost" }),
  fc.record({ is: fc.constant("unanswered" as const), isTold: fc.boolean() }),
  fc.record({ is: fc.constant("cut" as const), after: soon, part, tells }),
  doubled,
  intercepted,
);
/** A stream is cut, ended or held while it carries. */
const soonOrLater = fc.oneof({ weight: 3, arbitrary: soon }, ms(60_000));
const streamFate = fc.oneof(
  { weight: 8, arbitrary: fc.constant<RequestFate>({ is: "passed", up: 0, down: 0 }) },
  fc.record({ is: fc.constant("passed" as const), up: soon, down: soon }),
  fc.constant<RequestFate>({ is: "refused" }),
  fc.constant<RequestFate>({ is: "lost" }),
  fc.record({ is: fc.constant("unanswered" as const), isTold: fc.boolean() }),
  { weight: 3, arbitrary: fc.record({ is: fc.constant("cut" as const), after: soonOrLater, part, tells }) },
  fc.record({ is: fc.constant("ended" as const), after: soonOrLater }),
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("held" as const),
      after: soonOrLater,
      for: fc.oneof(soonOrLater, fc.constant(Infinity)),
      isTaken: fc.boolean(),
    }),
  },
  doubled,
  intercepted,
);
const socketFate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<SocketFate>({ is: "passed" }) },
  fc.constant<SocketFate>({ is: "refused" }),
  fc.constant<SocketFate>({ is: "unheard" }),
  fc.record({ is: fc.constant("swallowed" as const), after: soon, up: fc.boolean(), down: fc.boolean() }),
  fc.record({ is: fc.constant("cut" as const), after: soon, part, tells }),
  fc.record({ is: fc.constant("intercepted" as const), body: fc.constantFrom("", "<html>Sign in</html>", "a") }),
);

/** What may become of all requests or WebSockets of a kind, so that it never carries for long. */
const bad = {
  request: fc.constantFrom<RequestFate>(
    { is: "refused" },
    { is: "lost" },
    { is: "unanswered", isTold: true },
    { is: "unanswered", isTold: false },
    { is: "cut", after: 45, part: 1, tells: "both" },
    { is: "cut", after: 200, part: 1, tells: "both" },
    { is: "cut", after: 1_500, part: 1, tells: "both" },
    { is: "cut", after: 1_500, part: 1, tells: "nobody" },
    { is: "ended", after: 45 },
    { is: "ended", after: 200 },
    { is: "ended", after: 1_500 },
    { is: "held", after: 0, for: Infinity, isTaken: true },
    { is: "held", after: 1_500, for: Infinity, isTaken: true },
    { is: "held", after: 1_500, for: Infinity, isTaken: false },
    { is: "doubled", again: 0, answer: 0 },
    { is: "intercepted", status: 200, body: "" },
    { is: "intercepted", status: 200, body: "<html>Sign in</html>" },
    { is: "intercepted", status: 204, body: "" },
    { is: "intercepted", status: 502, body: "" },
  ),
  socket: fc.constantFrom<SocketFate>(
    { is: "refused" },
    { is: "unheard" },
    { is: "swallowed", after: 0, up: true, down: true },
    { is: "swallowed", after: 1_500, up: true, down: false },
    { is: "swallowed", after: 1_500, up: false, down: true },
    { is: "cut", after: 45, part: 1, tells: "both" },
    { is: "cut", after: 200, part: 1, tells: "both" },
    { is: "cut", after: 1_500, part: 1, tells: "both" },
    { is: "intercepted", body: "<html>Sign in</html>" },
  ),
};

const wait = soon;
const sending = fc.oneof(
  fc.record({ wait, what: fc.constant("client sends" as const), sizes }),
  fc.record({ wait, what: fc.constant("server sends" as const), sizes }),
);
const trouble = fc.oneof(
  fc.record({ wait, what: fc.constant("delays become" as const), up: delay, down: delay }),
  fc.record({
    wait,
    what: fc.constant("weather" as const),
    weather: fc.constantFrom<Weather>("refuses", "loses", "holds"),
    for: ms(20_000),
  }),
  fc.record({ wait, what: fc.constant("all is cut" as const), part, tells }),
  fc.record({ wait, what: fc.constant("page wakes" as const), isOnline: fc.boolean() }),
  fc.record({ wait, what: fc.constant("page rests" as const), for: ms(20_000) }),
  fc.record({ wait, what: fc.constant("other tabs" as const), leave: fc.boolean() }),
);
const restart = fc.record({ wait, what: fc.constant("server restarts" as const), down: ms(3_000) });

type Ending = "client closes" | "server closes" | "page leaves";
const ending = fc.constantFrom<Ending>("client closes", "server closes", "page leaves");

const transports = fc.shuffledSubarray<SimulatedKind>(["websocket", "fetch-stream", "event-source", "xhr-poll"], {
  minLength: 1,
});

function scheduleOf(...also: fc.MaybeWeightedArbitrary<Happening>[]): fc.Arbitrary<Schedule> {
  const happening = fc.oneof({ weight: 50, arbitrary: sending }, { weight: 30, arbitrary: trouble }, ...also);
  return fc.record({
    seed: fc.nat(),
    requests: fc.oneof(fc.constant([]), { weight: 3, arbitrary: fc.array(requestFate, { maxLength: 12 }) }),
    streams: fc.oneof(fc.constant([]), { weight: 3, arbitrary: fc.array(streamFate, { maxLength: 8 }) }),
    sockets: fc.array(socketFate, { maxLength: 5 }),
    happenings: fc.array(happening, { maxLength: 16 }),
    echoes: fc.constantFrom("nobody" as const, "client" as const, "server" as const),
    transports,
    hasFetch: fc.boolean(),
  });
}

/** Long enough that no outage of a schedule ends a session. */
const patient = { window: 600_000 };
/** Until all that was lost without a word is missed, be it twice a body of 256 KiB, and the longest wait is over. */
const recovery = 100_000;
/** Longer than anything that a session may still wait for. */
const aftermath = patient.window + 120_000;

describe("a session whose network does what it likes", () => {
  it(
    "delivers each message once and in order, both ways, and soon after the trouble is over",
    async () => {
      await forEach(0.5, fc.tuple(scheduleOf(), ending), async ([schedule, how]) => {
        const run = new SimulatedRun(schedule, patient);
        const { client } = run;
        await run.play();
        run.calm();
        await run.pass(recovery, () => run.isSettled && client.wasOpened);
        expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });

        // What works is not only what was waiting.
        client.send(10);
        run.application?.send(10);
        await run.pass(recovery, () => run.isSettled);
        expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });

        // A carrier that died without a word is found out in that time. `close` does not wait for that.
        await run.pass(recovery);
        const { length } = client.carriers;
        await run.pass(recovery);
        // From here on nothing breaks: what carries is left for something better at the most.
        expect(client.carriers.slice(length)).not.toContain(null);

        client.send(20);
        run.application?.send(20);
        run.end(how);
        await run.pass(recovery, () => run.isOverForBoth);
        expect(run.violations.list).toEqual([]);
        if (how === "client closes") expect(client.end).toEqual({ code: 3001, reason: "bye", wasClean: true });
        if (how === "server closes") expect(client.end).toMatchObject({ code: 4100, wasClean: true });
        if (how === "server closes") expect(run.summary().serverOwes).toBe(0);
        else expect(run.summary().clientOwes).toBe(0);
        expect(run.application!.closedTimes).toBe(1);
        if (how !== "page leaves") expect(client.clock.pending).toBe(0);
        await expectNothingLeft(run);
      });
    },
    timeout,
  );

  it(
    "ends in the midst of trouble without losing what it says it has delivered",
    async () => {
      await forEach(0.3, fc.tuple(scheduleOf(), ending), async ([schedule, how]) => {
        const run = new SimulatedRun(schedule, patient);
        const { client } = run;
        await run.play();
        run.end(how);
        await run.pass(2_000);
        run.calm();
        await run.pass(recovery, () => run.isOverForBoth);
        expect(run.violations.list).toEqual([]);
        if (how !== "page leaves") expect(client.end).toBeDefined();
        const { clientOwes, serverOwes } = run.summary();
        if (client.end?.code === 3001) expect(clientOwes).toBe(0);
        if (client.end?.code === 4100) expect(serverOwes).toBe(0);
        await expectNothingLeft(run);
      });
    },
    timeout,
  );

  it(
    "says so when the server has forgotten it, and otherwise goes on",
    async () => {
      await forEach(0.15, scheduleOf({ weight: 12, arbitrary: restart }), async (schedule) => {
        const run = new SimulatedRun(schedule, patient);
        const { client } = run;
        await run.play();
        run.calm();
        await run.pass(recovery, () => run.isSettled && (client.wasOpened || client.end !== undefined));
        expect(run.violations.list).toEqual([]);
        if (client.end) expect(client.end).toMatchObject({ code: 4002, wasClean: true });
        else expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });
      });
    },
    timeout,
  );

  it(
    "says so on both sides when it was away for longer than the window",
    async () => {
      await forEach(0.05, fc.tuple(scheduleOf(), ms(150_000)), async ([schedule, away]) => {
        const run = new SimulatedRun(schedule);
        const { client } = run;
        await run.play();
        client.network.weather = "loses";
        await run.pass(away);
        run.calm();
        await run.pass(recovery, () => run.isSettled && (client.wasOpened || client.end !== undefined));
        expect(run.violations.list).toEqual([]);
        if (client.end) {
          expect(client.end).toMatchObject({ code: 4002, wasClean: true });
          expect(run.application!.closedTimes).toBe(1);
        } else expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });
      });
    },
    timeout,
  );

  it(
    "ends up on the first of its transports within half a minute where everything passes",
    async () => {
      const fair = fc.record({
        seed: fc.nat(),
        up: ms(300),
        down: ms(300),
        happenings: fc.array(sending, { maxLength: 6 }),
        echoes: fc.constantFrom("nobody" as const, "client" as const, "server" as const),
        transports,
        hasFetch: fc.boolean(),
      });
      await forEach(0.1, fair, async ({ up, down, ...given }) => {
        const run = new SimulatedRun({ ...given, requests: [], streams: [], sockets: [] }, patient);
        const { client } = run;
        Object.assign(client.network, { up, down });
        await run.pass(30_000, () => client.carriers.at(-1) === given.transports[0]);
        expect(client.carriers.at(-1)).toBe(given.transports[0]);
        await run.play();
        await run.pass(60_000);
        expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });
        // Nor does it leave what carries.
        expect(client.carriers.at(-1)).toBe(given.transports[0]);
        expect(client.carriers).not.toContain(null);
        expect(client.seats.isHeld).toBe(given.transports[0] !== "websocket");
      });
    },
    timeout,
  );

  it(
    "gets on with whatever of its transports passes",
    async () => {
      const partial = transports.chain((listed) =>
        fc.record({
          seed: fc.nat(),
          always: fc.record({
            passes: fc.constantFrom(...listed),
            websocket: bad.socket,
            stream: bad.request,
            events: bad.request,
            poll: bad.request,
          }),
          happenings: fc.array(sending, { maxLength: 6 }),
          echoes: fc.constantFrom("nobody" as const, "client" as const, "server" as const),
          transports: fc.constant(listed),
          hasFetch: fc.boolean(),
        }),
      );
      const path = { "fetch-stream": "stream", "event-source": "events", websocket: "websocket", "xhr-poll": "poll" };
      await forEach(0.1, partial, async (given) => {
        const { passes, ...bad } = given.always;
        // Where no POST passes there is nothing but WebSockets.
        const poll = passes === "websocket" ? bad.poll : undefined;
        const always = { ...bad, poll, [path[passes]]: undefined };
        const run = new SimulatedRun({ ...given, always, requests: [], streams: [], sockets: [] }, patient);
        const { client } = run;
        await run.pass(60_000, () => client.wasOpened);
        await run.play();
        await run.pass(60_000, () => run.isSettled);
        expect(run.summary()).toEqual({ ...nothingOwed, isOpen: true });
        // What swallows all that goes up may swallow this.
        run.end("client closes");
        await run.pass(60_000);
        expect(given.transports.includes("websocket") ? [3001, 1006] : [3001]).toContain(client.end?.code);
        await expectNothingLeft(run);
      });
    },
    timeout,
  );

  it(
    "does not storm a server that cannot be had",
    async () => {
      const failing = fc.record({
        seed: fc.nat(),
        request: bad.request,
        stream: bad.request,
        socket: bad.socket,
        answered: ms(3),
        sends: fc.boolean(),
        transports,
        hasFetch: fc.boolean(),
      });
      await forEach(0.02, failing, async ({ request, stream, socket, answered, sends, ...given }) => {
        const well: RequestFate = { is: "passed", up: 0, down: 0 };
        // One request in so many is answered, or none.
        const requests = Array.from({ length: 3_000 }, (_, at) =>
          answered > 0 && at % (answered + 1) ? well : request,
        );
        const streams = Array<RequestFate>(3_000).fill(stream);
        const sockets = Array<SocketFate>(3_000).fill(socket);
        const run = new SimulatedRun(
          { ...given, requests, streams, sockets, happenings: [], echoes: "nobody" },
          patient,
        );
        const { begun } = run.client.network;
        for (let minute = 0; minute < 5; minute++) {
          const before = begun.length;
          if (sends) run.client.send(10);
          await run.pass(60_000);
          expect(run.violations.list).toEqual([]);
          expect(begun.length - before).toBeLessThan(300);
        }
      });
    },
    timeout,
  );
});

const nothingOwed = { violations: [], clientOwes: 0, serverOwes: 0, bufferedByClient: 0, bufferedByServer: 0 };

/** Both sides forget it, and every timer with it. */
async function expectNothingLeft(run: SimulatedRun): Promise<void> {
  const { client, server } = run;
  await run.pass(aftermath);
  expect(run.violations.list).toEqual([]);
  for (const { closedTimes } of run.accepted) expect(closedTimes).toBe(1);
  expect([server.hub.size, server.clock.pending, client.clock.pending]).toEqual([0, 0, 0]);
  expect(client.network.streams.size).toBe(0);
  // A last word is the browser's, which does not give it up.
  const left = [...client.network.connections].filter(({ purpose }) => purpose !== "beacon");
  expect(left).toEqual([]);
  if (client.isGone) return;
  expect(client.network.open).toMatchObject({ held: 0, carrier: 0, send: 0, word: 0 });
  expect([client.listeners, client.seats.isHeld]).toEqual([0, false]);
}
