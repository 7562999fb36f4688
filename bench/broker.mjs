/**
 * MESSAGEs per second out of the embedded broker, from SEND frames of 100 B to subscribers in memory, side by side with what
 * encoding each of those MESSAGEs anew would allow. Medians of interleaved rounds.
 *
 *     node bench/broker.mjs [--json] [--rounds N]
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = Number(option("--rounds") ?? 7);
const ROUND_MS = 200;
const BATCH = 100;

const { Broker, encodeFrame } = await bundle(`
  export { Broker } from "./packages/test-server/src/broker/broker.ts";
  export { encodeFrame } from "./packages/test-server/src/shared.ts";`);

const bodies = { text: "x".repeat(100), binary: new Uint8Array(100).fill(255) };
const rows = [];
for (const subscribers of [1, 10, 1000]) {
  for (const [kind, body] of Object.entries(bodies)) {
    rows.push({ name: `${kind}, subscribers: ${subscribers}`, subscribers, runs: runs(subscribers, body), rates: {} });
  }
}
for (let round = 0; round < rounds; round++) {
  for (const row of rows) {
    for (const [who, run] of Object.entries(row.runs)) {
      row.rates[who] ??= [];
      row.rates[who].push(rate(run, row.subscribers));
    }
  }
}
const results = rows.map(({ name, rates }) => {
  const [broker, anew] = [median(rates.broker), median(rates.anew)];
  return { name, broker: Math.round(broker), anew: Math.round(anew), ratio: Number((broker / anew).toFixed(2)) };
});
if (process.argv.includes("--json")) console.log(JSON.stringify(results));
else console.table(results);

/** What each publishes to all subscribers, `BATCH` messages a call. */
function runs(subscribers, body) {
  let received = 0;
  const channel = () => ({ bufferedAmount: 0, close() {}, send: () => received++ });
  const broker = new Broker();
  for (let i = 0; i < subscribers; i++) {
    broker
      .accept(channel())
      .onMessage("CONNECT\naccept-version:1.2\nhost:x\n\n\0SUBSCRIBE\nid:1\ndestination:/topic/prices\n\n\0");
  }
  const publisher = broker.accept(channel());
  publisher.onMessage("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
  const frame = encodeFrame("SEND", { destination: "/topic/prices" }, body, "1.2");
  const batch = typeof frame === "string" ? frame.repeat(BATCH) : Buffer.concat(Array(BATCH).fill(frame));
  const headers = { subscription: "1", destination: "/topic/prices", "message-id": "m0123456.789" };
  received = 0;
  publisher.onMessage(batch);
  if (received !== BATCH * subscribers) throw new Error(`${received} MESSAGEs of ${BATCH * subscribers}`);
  return {
    broker: () => publisher.onMessage(batch),
    anew: () => {
      for (let i = 0; i < BATCH * subscribers; i++) encodeFrame("MESSAGE", headers, body, "1.2");
    },
  };
}

function rate(run, subscribers) {
  const start = performance.now();
  let calls = 0;
  let end = start;
  for (; end - start < ROUND_MS; end = performance.now()) {
    run();
    calls++;
  }
  return (calls * BATCH * subscribers * 1000) / (end - start);
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
}

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
