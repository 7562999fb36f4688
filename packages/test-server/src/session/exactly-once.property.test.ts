import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestFate, SocketFate, Tells, Weather } from "../testing/simulated-network.ts";
import { type Happening, type Schedule, SimulatedRun } from "../testing/simulated-run.ts";

/** Schedules that each property tries; `ENCKE_RUNS=100000` for a long run. */
const runs = Number(process.env.ENCKE_RUNS ?? 1_000);

const ms = (max: number) => fc.integer({ min: 0, max });
const soon = fc.oneof({ weight: 4, arbitrary: ms(100) }, { weight: 3, arbitrary: ms(2_000) }, ms(12_000));
/** Above one batch, seldom above what the server puts into a network that does not take it. Negative: binary. */
const size = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: -300, max: 300 }) },
  { weight: 4, arbitrary: fc.constantFrom(0, 1, -1) },
  { weight: 1, arbitrary: fc.constantFrom(70_000, -70_000, 150_000) },
);
const sizes = fc.oneof(
  { weight: 8, arbitrary: fc.array(size, { minLength: 1, maxLength: 6 }) },
  fc.array(size, { minLength: 1, maxLength: 300, size: "max" }),
);
const part = fc.constantFrom(0, 0.3, 0.7, 1);
const tells = fc.constantFrom<Tells>("both", "client", "server", "nobody");

const requestFate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<RequestFate>({ is: "passed", up: 0, down: 0 }) },
  fc.record({ is: fc.constant("passed" as const), up: soon, down: soon }),
  fc.constant<RequestFate>({ is: "refused" }),
  fc.constant<RequestFate>({ is: "lost" }),
  fc.record({ is: fc.constant("unanswered" as const), isTold: fc.boolean() }),
  fc.record({ is: fc.constant("cut" as const), after: soon }),
  fc.record({ is: fc.constant("doubled" as const), again: soon, answer: fc.constantFrom(0 as const, 1 as const) }),
  fc.record({
    is: fc.constant("intercepted" as const),
    status: fc.constantFrom(200, 204, 302, 502),
    body: fc.constantFrom("", "<html>Sign in</html>", "a"),
  }),
);
const socketFate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<SocketFate>({ is: "passed" }) },
  fc.constant<SocketFate>({ is: "refused" }),
  fc.constant<SocketFate>({ is: "unheard" }),
  fc.record({ is: fc.constant("swallowed" as const), after: soon, up: fc.boolean(), down: fc.boolean() }),
  fc.record({ is: fc.constant("cut" as const), after: soon, part, tells }),
  fc.record({ is: fc.constant("intercepted" as const), body: fc.constantFrom("", "<html>Sign in</html>", "a") }),
);

const wait = soon;
const sending = fc.oneof(
  fc.record({ wait, what: fc.constant("client sends" as const), sizes }),
  fc.record({ wait, what: fc.constant("server sends" as const), sizes }),
);
const trouble = fc.oneof(
  fc.record({ wait, what: fc.constant("delays become" as const), up: soon, down: soon }),
  fc.record({
    wait,
    what: fc.constant("weather" as const),
    weather: fc.constantFrom<Weather>("refuses", "loses", "holds"),
    for: ms(20_000),
  }),
  fc.record({ wait, what: fc.constant("all is cut" as const), part, tells }),
  fc.record({ wait, what: fc.constant("page wakes" as const) }),
);
const restart = fc.record({ wait, what: fc.constant("server restarts" as const), down: ms(3_000) });

function scheduleOf(happening: fc.Arbitrary<Happening>): fc.Arbitrary<Schedule> {
  return fc.record({
    seed: fc.nat(),
    requests: fc.array(requestFate, { maxLength: 12 }),
    sockets: fc.array(socketFate, { maxLength: 5 }),
    happenings: fc.array(happening, { maxLength: 14 }),
    echoes: fc.boolean(),
  });
}

const withoutEnd = scheduleOf(
  fc.oneof({ weight: 5, arbitrary: sending }, { weight: 3, arbitrary: trouble }) as fc.Arbitrary<Happening>,
);

/** Long enough that no outage of a schedule ends a session. */
const patient = { window: 600_000 };

describe("a session whose network does what it likes", () => {
  it("delivers each message once and in order, both ways, and soon after the trouble is over", async () => {
    await fc.assert(
      fc.asyncProperty(withoutEnd, async (schedule) => {
        const run = new SimulatedRun(schedule, patient);
        const { client } = run;
        await run.play();
        run.calm();
        const calmAt = run.time.now;
        await run.pass(90_000, () => run.isSettled && client.wasOpened);
        expect(run.violations.list).toEqual([]);
        expect(client.end).toBeUndefined();
        expect(summary(run)).toMatchObject({ clientOwes: 0, serverOwes: 0, bufferedByClient: 0, bufferedByServer: 0 });
        void calmAt;
      }),
      { numRuns: runs },
    );
  }, 600_000);
});

function summary({ client, application }: SimulatedRun) {
  return {
    clientOwes: client.sent.length - (application?.incoming.arrived ?? 0),
    serverOwes: application ? application.outgoing.sent.length - application.outgoing.arrived : 0,
    bufferedByClient: client.session.bufferedOctets,
    bufferedByServer: application?.channel.bufferedAmount ?? 0,
    carriers: client.carriers.slice(-5),
  };
}
void restart;
