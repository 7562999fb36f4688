import { setTimeout as pause } from "node:timers/promises";
import { atRandom, type Middlebox } from "encke-server";
import { randomFrom } from "../packages/test-server/src/testing/random-from.ts";
import { expect, test } from "./testing/browser.ts";
import { StompTcp } from "./testing/stomp-tcp.ts";

/** Publishes with a receipt; `ENCKE_PUBLISHES=100000` for a long run. */
const publishes = Number(process.env.ENCKE_PUBLISHES ?? 10_000);
/** In a millisecond. */
const pace = 0.4;
const window = 1.2;

/** What is done to the way between page and server, and for how long. The longer ones outlive the session. */
const faults: readonly { readonly lasts: number; readonly strike: (box: Middlebox, random: () => number) => void }[] = [
  { lasts: 300, strike: (box) => void box.cut() },
  { lasts: 300, strike: (box) => void box.cut("black-hole") },
  { lasts: 300, strike: (box) => void box.cut("reset-client") },
  { lasts: 300, strike: (box) => void box.cut("reset-target") },
  { lasts: 400, strike: (box) => Object.assign(box, { stall: true }) },
  { lasts: 400, strike: (box) => Object.assign(box, { stall: "up" }) },
  { lasts: 400, strike: (box) => Object.assign(box, { stall: "down" }) },
  { lasts: 400, strike: (box) => Object.assign(box, { down: true }) },
  { lasts: 2_500, strike: (box) => Object.assign(box, { down: true }) },
  { lasts: 2_500, strike: (box) => Object.assign(box, { stall: true }) },
  { lasts: 800, strike: (box, random) => Object.assign(box, { request: atRandom(0.5, 502, random) }) },
  { lasts: 800, strike: (box, random) => Object.assign(box, { request: atRandom(0.3, "reset", random) }) },
  { lasts: 600, strike: (box) => void Object.assign(box, { webSocket: "refuse" }).cutWebSockets() },
  { lasts: 600, strike: (box) => void Object.assign(box, { webSocket: { after: "client-data" } }).cutWebSockets() },
];

test(`of ${publishes} publishes over faults of the network and restarts of the server, none is told what the broker's log does not say`, async ({
  startServer,
  startMiddlebox,
  openClient,
}) => {
  test.setTimeout(60_000 + publishes * 20);
  // The broker outlives the servers, and a program in it keeps the log.
  const broker = await startServer({ stompPort: 0 });
  const log = await StompTcp.connect(broker.stompPort!);
  await log.subscribe("/topic/log");
  const options = { relay: `stomp://127.0.0.1:${broker.stompPort}`, resumeWindow: window };
  let server = await startServer(options);
  const port = Number(new URL(server.url).port);
  const box = await startMiddlebox({ target: server.url, delay: 2 });
  const { client } = await openClient(box.url, { maxOutboxAge: 1_500, receiptTimeout: 4_000 });

  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed: ${seed}`);
  const random = randomFrom(seed);
  let isOver = false;
  const breaking = (async () => {
    while (!isOver) {
      await pause(200 + 600 * random());
      const choice = Math.floor(random() * (faults.length + 1));
      const fault = faults[choice];
      if (fault) {
        fault.strike(box, random);
        await pause(fault.lasts);
        Object.assign(box, { stall: false, down: false, request: "pass", webSocket: "pass" });
      } else {
        await server.close();
        server = await startServer({ ...options, port });
      }
    }
  })();

  const outcomes = await client.evaluate(
    async (it, { publishes, pace }) => {
      // So that it soon comes back to what was cut, and is cut there again.
      Math.random = () => 0;
      it.age();
      const start = performance.now();
      for (let number = 1; number <= publishes; number++) {
        it.ask("/topic/log", String(number), { retry: number % 10 > 0 });
        if (number % 100 === 0) {
          it.age();
          dispatchEvent(new Event("online"));
        }
        const early = number / pace - (performance.now() - start);
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      }
      await it.untilDecided(publishes);
      return it.seen.outcomes;
    },
    { publishes, pace },
  );
  isOver = true;
  await breaking;
  await log.settle();

  const times = new Map<string, number>();
  for (const body of log.bodies) times.set(body, (times.get(body) ?? 0) + 1);
  /** How often the broker has what was told so. */
  const table: Record<string, Record<number, number>> = {};
  for (const [body, outcome] of Object.entries(outcomes)) {
    const count = times.get(body) ?? 0;
    table[outcome] ??= {};
    table[outcome][count] = (table[outcome][count] ?? 0) + 1;
  }
  console.log(JSON.stringify(table));
  const { delivered = {}, "not-sent": notSent = {}, unknown = {}, ...others } = table;
  expect(others).toEqual({});
  expect(Object.keys(delivered)).toEqual(["1"]);
  expect(Object.keys(notSent).filter((count) => count !== "0")).toEqual([]);
  expect(Object.keys(unknown).filter((count) => Number(count) > 1)).toEqual([]);
  // Or nothing was tried.
  expect(delivered[1]).toBeGreaterThan(publishes / 10);
  expect(unknown[0] ?? 0).toBeGreaterThan(0);
  expect(notSent[0] ?? 0).toBeGreaterThan(0);
  log.close();
});
