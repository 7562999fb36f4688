/**
 * How long a message of 100 octets takes from a page to the server and back to the page's handler, at 100 messages a second. In interleaved rounds.
 *
 *     node bench/echo.mjs [--rounds N]
 */
import { median, printTable, quantile } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";
import { Stage } from "./lib/stage.mjs";
import { transports } from "./lib/transports.mjs";

const rounds = Number(option("--rounds") ?? 5);
const COUNT = 100;
const INTERVAL_MS = 10;

const stage = await Stage.open();
const rows = [
  { name: "bare WebSocket", kind: "bareWebSocket", argument: stage.bareUrl },
  { name: "stompjs", kind: "stompjs", argument: stage.stompUrl },
  ...Object.entries(transports).map(([name, argument]) => ({ name, kind: "encke", argument })),
].map((row, i) => ({ ...row, destination: `/topic/echo${i}`, times: [] }));

for (const row of rows) {
  const { kind, argument, destination } = row;
  row.page = await stage.page();
  await row.page.evaluate(open, { kind, argument, destination });
}
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const { page, times } of rows) {
    const measured = await page.evaluate(echo, { count: COUNT, intervalMs: INTERVAL_MS });
    if (round > 0) times.push(...measured);
  }
}
await stage.close();

const peer = median(rows[0].times);
const ms = (number) => `${number.toFixed(1)} ms`;
printTable([
  ["echo at 100/s, 100 B", "p50", "p99", "p50 × bare"],
  ...rows.map(({ name, times }) => [
    name,
    ms(median(times)),
    ms(quantile(times, 0.99)),
    (median(times) / peer).toFixed(1),
  ]),
]);

// In the page

async function open({ kind, argument, destination }) {
  globalThis.contender = await contenders[kind](argument, destination)((text) => globalThis.onText(text));
}

async function echo({ count, intervalMs }) {
  const sent = [];
  const times = [];
  const finished = new Promise((resolve, reject) => {
    globalThis.onText = (text) => {
      if (Number(text.slice(0, 8)) !== times.length) reject(new Error(`${text}, and not ${times.length}`));
      times.push(performance.now() - sent[times.length]);
      if (times.length === count) resolve();
    };
  });
  const start = performance.now();
  const next = () => {
    const body = `${sent.length}`.padStart(8, "0").padEnd(100, "x");
    sent.push(performance.now());
    globalThis.contender.publish(body);
    if (sent.length < count) setTimeout(next, start + sent.length * intervalMs - performance.now());
  };
  next();
  await finished;
  return times;
}
