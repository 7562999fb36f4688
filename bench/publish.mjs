/**
 * Messages of 100 octets a second that a page publishes, all in one turn of its event loop, until it has the server's word that the last has arrived.
 * Medians of interleaved rounds.
 *
 *     node bench/publish.mjs [--rounds N]
 */
import { median, messages, printTable, whole } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";
import { Stage } from "./lib/stage.mjs";
import { transports } from "./lib/transports.mjs";

const rounds = Number(option("--rounds") ?? 3);
const COUNT = 20_000;

const stage = await Stage.open();
const rows = [
  { name: "bare WebSocket", kind: "bareWebSocket", argument: stage.bareUrl },
  { name: "stompjs", kind: "stompjs", argument: stage.stompUrl },
  ...Object.entries(transports).map(([name, argument]) => ({ name, kind: "encke", argument })),
].map((row, i) => ({
  ...row,
  destination: `/topic/publish${i}`,
  // What asks for the server's word is a message as well, where a broker counts.
  ...(row.kind === "bareWebSocket"
    ? { count: "bareReceived", questions: 0 }
    : { count: "brokerReceived", questions: 1 }),
  rates: [],
  pageCpu: [],
  serverCpu: [],
}));

for (const row of rows) {
  const { kind, argument, destination } = row;
  row.page = await stage.page();
  await row.page.evaluate(open, { kind, argument, destination, bodies: messages(COUNT) });
}
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const row of rows) {
    const received = await stage.tell(row.count, row.destination);
    const before = await stage.cpu();
    const seconds = await row.page.evaluate(publishAll);
    const after = await stage.cpu();
    const arrived = (await stage.tell(row.count, row.destination)) - received - row.questions;
    if (arrived !== COUNT) throw new Error(`${row.name}: ${arrived} messages of ${COUNT} arrived`);
    if (round === 0) continue;
    row.rates.push(COUNT / seconds);
    row.pageCpu.push(((after.page - before.page) * 1e6) / COUNT);
    row.serverCpu.push(((after.server - before.server) * 1e6) / COUNT);
  }
}
await stage.close();

const peer = median(rows[0].rates);
printTable([
  ["published by the page, 100 B", "messages/s", "× bare", "page CPU", "server CPU"],
  ...rows.map(({ name, rates, pageCpu, serverCpu }) => [
    name,
    whole(median(rates)),
    (median(rates) / peer).toFixed(1),
    `${median(pageCpu).toFixed(1)} µs`,
    `${median(serverCpu).toFixed(1)} µs`,
  ]),
]);

// In the page

async function open({ kind, argument, destination, bodies }) {
  globalThis.bodies = bodies;
  globalThis.contender = await contenders[kind](argument, destination)();
}

async function publishAll() {
  const start = performance.now();
  for (const body of globalThis.bodies) globalThis.contender.publish(body);
  await globalThis.contender.taken();
  return (performance.now() - start) / 1000;
}
