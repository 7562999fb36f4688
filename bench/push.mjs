/**
 * Messages of 100 octets a second from the server to a page's handler, and the CPU that the page takes for each. From the first octet of the publisher to the
 * last message in the page; medians of interleaved rounds. CPU is that of the page's process, all its threads: `SystemInfo.getProcessInfo` of the
 * DevTools protocol.
 *
 *     node bench/push.mjs [--rounds N]
 */
import { median, messages, printTable, whole } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";
import { Stage } from "./lib/stage.mjs";
import { transports } from "./lib/transports.mjs";

const rounds = Number(option("--rounds") ?? 3);
const COUNT = 20_000;

const stage = await Stage.open();
const publisher = await stage.publisher();
const bodies = messages(COUNT);
const bare = (destination) => () => stage.tell("push", { destination, count: COUNT });
const broker = (destination) => publisher.prepare(destination, bodies);

const rows = [
  { name: "bare WebSocket, a message each", kind: "bareWebSocket", argument: stage.bareUrl, push: bare },
  { name: "stompjs, a frame a message", kind: "stompjs", argument: `${stage.bareUrl}/stomp`, push: bare },
  { name: "stompjs, joined frames", kind: "stompjs", argument: stage.stompUrl, push: broker },
  ...Object.entries(transports).map(([name, argument]) => ({ name, kind: "encke", argument, push: broker })),
].map((row, i) => ({ ...row, destination: `/topic/push${i}`, rates: [], pageCpu: [], serverCpu: [] }));

for (const row of rows) {
  const { kind, argument, destination } = row;
  row.start = row.push(destination);
  row.page = await stage.page();
  await row.page.evaluate(open, { kind, argument, destination });
}
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const row of rows) {
    await row.page.evaluate(expectMessages, COUNT);
    const before = await stage.cpu();
    const start = Date.now();
    row.start();
    const end = await row.page.evaluate(() => globalThis.allReceived);
    const after = await stage.cpu();
    if (round === 0) continue;
    row.rates.push((COUNT * 1000) / (end - start));
    row.pageCpu.push(((after.page - before.page) * 1e6) / COUNT);
    row.serverCpu.push(((after.server - before.server) * 1e6) / COUNT);
  }
}
publisher.close();
await stage.close();

const peer = median(rows[0].rates);
printTable([
  ["pushed to the page, 100 B", "messages/s", "× bare", "page CPU", "server CPU"],
  ...rows.map(({ name, rates, pageCpu, serverCpu }) => [
    name,
    whole(median(rates)),
    (median(rates) / peer).toFixed(1),
    `${median(pageCpu).toFixed(1)} µs`,
    `${median(serverCpu).toFixed(1)} µs`,
  ]),
]);

// In the page

async function open({ kind, argument, destination }) {
  globalThis.contender = await contenders[kind](argument, destination)((text) => globalThis.onText(text));
}

function expectMessages(count) {
  let next = 0;
  globalThis.allReceived = new Promise((resolve, reject) => {
    globalThis.onText = (text) => {
      if (Number(text.slice(0, 8)) !== next || text.length !== 100) reject(new Error(`${text}, and not ${next}`));
      if (++next === count) resolve(Date.now());
    };
  });
}
