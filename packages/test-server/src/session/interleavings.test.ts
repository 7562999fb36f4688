import { describe, expect, it } from "vitest";
import { browserOn } from "../testing/simulated-browser.ts";
import { type Happening, type Schedule, SimulatedRun } from "../testing/simulated-run.ts";

const patient = { window: 600_000 };

/** A run of what happens, in a good network unless it says otherwise. */
function runOf(happenings: Happening[] = [], schedule: Partial<Schedule> = {}): SimulatedRun {
  return new SimulatedRun(
    {
      seed: 0,
      requests: [],
      streams: [],
      sockets: [],
      echoes: "nobody",
      transports: ["websocket", "xhr-poll"],
      hasFetch: true,
      ...schedule,
      happenings,
    },
    patient,
  );
}

/** What the property tests beside this have found, each in the fewest events that show it. */
describe("a session in which things cross", () => {
  it("goes on when something that is not encke answers its WebSocket", async () => {
    const run = runOf([{ wait: 0, what: "client sends", sizes: [3] }], {
      sockets: [{ is: "intercepted", body: "<html>Sign in</html>" }],
    });
    await run.play();
    await run.pass(10_000);
    expect(run.client.session.report().attempts[1]).toMatchObject({ transport: "websocket", code: 1006 });
    expect(run.summary()).toMatchObject({ isOpen: true, clientOwes: 0, bufferedByClient: 0 });
  });

  it("hears that its messages have arrived even if it moves while it is being told", async () => {
    const run = runOf([
      { wait: 0, what: "client sends", sizes: [1] },
      { wait: 60, what: "server sends", sizes: [0] },
    ]);
    await run.play();
    await run.pass(10_000);
    expect(run.client.carriers).toEqual(["xhr-poll", "websocket"]);
    expect(run.client.session.bufferedOctets).toBe(0);
  });

  it("hears that its messages have arrived even if a POST repeats them behind its back", async () => {
    const run = runOf(
      [
        { wait: 51, what: "client sends", sizes: [-1] },
        { wait: 10_000, what: "page wakes", isOnline: false },
      ],
      {
        requests: [
          { is: "passed", up: 0, down: 0 },
          { is: "doubled", again: 1, answer: 0 },
        ],
      },
    );
    await run.play();
    expect(run.client.session.bufferedOctets).toBe(0);
  });

  it("ends behind messages that are still on their way in another request", async () => {
    const run = runOf([{ wait: 0, what: "client sends", sizes: [0] }], {
      requests: [
        { is: "passed", up: 0, down: 0 },
        { is: "passed", up: 1, down: 0 },
      ],
      sockets: [{ is: "cut", after: 0, part: 0, tells: "both" }],
    });
    await run.play();
    run.end("client closes");
    await run.pass(10_000);
    expect(run.client.end).toMatchObject({ code: 3001, wasClean: true });
    expect(run.summary()).toMatchObject({ clientOwes: 0 });
  });

  it("repeats a POST that failed without waiting for the next poll", async () => {
    const passed = { is: "passed", up: 0, down: 0 } as const;
    const run = runOf([{ wait: 5_000, what: "client sends", sizes: [1] }], {
      transports: ["xhr-poll"],
      requests: [passed, passed, { is: "refused" }],
    });
    await run.play();
    await run.pass(1_000);
    expect(run.summary()).toMatchObject({ clientOwes: 0, bufferedByClient: 0 });
  });

  it("leaves no timer where its end comes together with messages", async () => {
    const run = runOf();
    await run.pass(5_000);
    run.application?.send(20);
    run.end("server closes");
    await run.pass(100);
    expect(run.client.end).toMatchObject({ code: 4100, wasClean: true });
    expect(run.client.clock.pending).toBe(0);
  });

  it("streams on where nothing that polls is listed, whatever other tabs want", async () => {
    const run = runOf(
      [
        { wait: 1_000, what: "other tabs", leave: false },
        { wait: 1_000, what: "all is cut", part: 0, tells: "both" },
      ],
      { transports: ["fetch-stream"] },
    );
    await run.play();
    await run.pass(1_000);
    expect(run.client.carriers).toEqual(["fetch-stream", null, "fetch-stream"]);
  });

  it("does not wait for a WebSocket as for a body that is long under way", async () => {
    const run = runOf(
      [
        { wait: 0, what: "client sends", sizes: [250_000] },
        { wait: 0, what: "weather", weather: "loses", for: 100 },
      ],
      { transports: ["websocket"] },
    );
    await run.play();
    await run.pass(11_000);
    expect(run.summary()).toMatchObject({ isOpen: true, clientOwes: 0 });
  });

  it("gives a POST with a large body the time that it needs", async () => {
    const passed = { is: "passed", up: 0, down: 0 } as const;
    const run = runOf([{ wait: 2_000, what: "client sends", sizes: [250_000] }], {
      transports: ["xhr-poll"],
      requests: [passed, passed, { is: "passed", up: 20_000, down: 0 }],
    });
    await run.play();
    const before = run.client.network.begun.length;
    await run.pass(21_000);
    expect(run.client.network.begun.length - before).toBe(0);
    expect(run.summary()).toMatchObject({ clientOwes: 0, bufferedByClient: 0 });
  });

  it("is not in haste where each stream is called off at once", async () => {
    const run = runOf([], {
      transports: ["fetch-stream"],
      streams: Array(1_000).fill({ is: "doubled", again: 0, answer: 0 }),
    });
    await run.pass(60_000);
    expect(run.client.network.begun.length).toBeLessThan(60);
  });

  it.each(["fetch-stream", "xhr-poll"] as const)(
    "begins with what is sent in its first turn, on %s",
    async (transport) => {
      const run = runOf([], { transports: [transport] });
      run.client.send(10);
      await run.pass(25);
      expect(run.summary()).toMatchObject({ clientOwes: 0 });
    },
  );

  it("stays where it is when an old request comes once more", async () => {
    const run = runOf([], { requests: [{ is: "doubled", again: 5_000, answer: 0 }] });
    await run.pass(10_000);
    expect(run.client.carriers).toEqual(["xhr-poll", "websocket"]);
  });

  it("goes on with the later of two requests that are the same", async () => {
    const run = runOf([], { transports: ["fetch-stream"], streams: [{ is: "doubled", again: 10, answer: 1 }] });
    await run.pass(10_000);
    expect(run.client.carriers).toEqual(["fetch-stream"]);
  });

  it("names the later of two candidates that are the same, as browsers read that", async () => {
    const run = runOf([], {
      transports: ["fetch-stream", "xhr-poll"],
      streams: [{ is: "doubled", again: 10, answer: 1 }],
    });
    await run.pass(1_000);
    expect(run.client.carriers).toEqual(["xhr-poll", "fetch-stream"]);
  });

  it.each(["websocket", "fetch-stream", "event-source", "xhr-poll"] as const)(
    "lives on %s for longer than the window, though nothing is said",
    async (transport) => {
      const run = runOf([], { transports: [transport] });
      await run.pass(2 * patient.window);
      expect(run.client.carriers).toEqual([transport]);
      expect(run.summary()).toMatchObject({ isOpen: true });
    },
  );

  it("takes the next transport where the first does not pass and nothing that polls is listed", async () => {
    const run = runOf([{ wait: 0, what: "client sends", sizes: [10] }], {
      transports: ["websocket", "fetch-stream"],
      always: { websocket: { is: "refused" } },
    });
    await run.play();
    await run.pass(5_000);
    expect(run.client.carriers).toEqual(["fetch-stream"]);
    expect(run.summary()).toMatchObject({ clientOwes: 0 });
  });

  it("comes back to a WebSocket that was cut where no request passes", async () => {
    const run = runOf([{ wait: 5_000, what: "all is cut", part: 0, tells: "both" }], {
      always: { poll: { is: "refused" } },
    });
    await run.play();
    await run.pass(5_000);
    expect(run.client.carriers).toEqual(["websocket", null, "websocket"]);
  });

  it.each<Schedule["always"]>([{}, { websocket: { is: "refused" } }])(
    "streams again once other tabs have left it a seat (%j)",
    async (always) => {
      const transports: Schedule["transports"] = always?.websocket
        ? ["websocket", "fetch-stream", "xhr-poll"]
        : ["fetch-stream", "xhr-poll"];
      const run = runOf(
        [
          { wait: 60_000, what: "other tabs", leave: false },
          { wait: 60_000, what: "other tabs", leave: true },
        ],
        { transports, always },
      );
      await run.play();
      await run.pass(30_000);
      expect(run.client.carriers).toEqual(["xhr-poll", "fetch-stream", null, "xhr-poll", "fetch-stream"]);
    },
  );

  it("is back on a stream at once when that has carried as much as it may", async () => {
    const big = Array<number>(60).fill(250_000);
    const run = runOf([{ wait: 1_000, what: "server sends", sizes: big }], {
      transports: ["fetch-stream", "xhr-poll"],
    });
    await run.play();
    await run.pass(10_000, () => run.isSettled);
    await run.pass(500);
    const { carriers, session } = run.client;
    expect(carriers.filter((name) => name === "fetch-stream").length).toBeGreaterThanOrEqual(3);
    expect(carriers.at(-1)).toBe("fetch-stream");
    expect(session.report()).toMatchObject({ received: 60 });
    expect(run.violations.list).toEqual([]);
  });

  it.each(["", "code=7", "code=1006", "code=5000", "code=3000.5", "code=x"])(
    "ends with 4000 for a client that ends it with %j, and the server goes on",
    async (parameters) => {
      const run = runOf();
      await run.pass(5_000);
      const { WebSocket } = browserOn(run.client.network);
      const socket = new WebSocket("ws://server/encke/anothersessionsomewhere/websocket?v=1&c=1&r=0&t=1&o=1");
      const heard: unknown[] = [];
      socket.onmessage = ({ data }) => heard.push(data);
      socket.onclose = ({ code }) => heard.push(code);
      await run.pass(50);
      socket.send(`x${parameters.length}:${parameters}`);
      await run.pass(1_000);
      expect(heard.at(-1)).toBe(4000);
      expect(heard.at(-2)).toContain("code=4000");
      expect(run.accepted[1]?.closedTimes).toBe(1);
    },
  );
});
