/**
 * From `connect` to the first message on networks that treat WebSockets or streams badly, at round trips of 100 ms, on a page that was loaded over the same path,
 * so that an HTTP connection is there: encke, sockjs-client below stompjs, and Socket.IO, each with its defaults. With the first two, the message is one that
 * the page publishes itself, to a destination to which it has subscribed; with Socket.IO the server emits it as soon as the client has connected, which is a way
 * less. Medians of interleaved rounds, each in a profile of its own. "Never" is: not within 15 s. The middlebox cannot delay the handshake of TCP,
 * so each new connection costs a round trip less here than on a real path of that length.
 *
 *     node bench/faults.mjs [--rounds N] [--spread]
 */
import { median, printTable, quantile } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";
import { Stage } from "./lib/stage.mjs";

const rounds = Number(option("--rounds") ?? 9);
const ONE_WAY = 50;
const NEVER_MS = 15_000;

const faults = {
  "no fault": {},
  "WebSocket refused": { webSocket: "refuse" },
  "black-holed": { webSocket: "black-hole" },
  "reset at server's frame": { webSocket: { after: "server-data" } },
  "at client's frame": { webSocket: { after: "client-data" } },
  "black-holed, streams held": { webSocket: "black-hole", hold: {} },
};
const stage = await Stage.open({ limit: 900_000 });
const rows = [
  { name: "encke", who: "encke", url: `${stage.boxUrl}/encke.html` },
  { name: "sockjs-client, stompjs", who: "sockjs", url: `${stage.peersBoxUrl}/sockjs.html` },
  { name: "Socket.IO", who: "socketIo", url: `${stage.peersBoxUrl}/socket.io.html` },
].map((row) => ({ ...row, times: Object.keys(faults).map(() => []) }));

// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const [column, fault] of Object.values(faults).entries()) {
    await stage.tell("box", { delay: ONE_WAY, webSocket: "pass", hold: null, ...fault });
    for (const { who, url, times } of rows) {
      const cell = times[column];
      // So often that no other round can change the median.
      if (cell.filter((time) => time === Infinity).length * 2 > rounds) continue;
      const page = await stage.page(url);
      const time = await page.evaluate(firstMessage, { who, limit: NEVER_MS });
      await page.context().close();
      if (round > 0) cell.push(time ?? Infinity);
    }
  }
}
await stage.close();

const ms = (number) => (number === Infinity ? "never" : Math.round(number).toLocaleString("en"));
const show = (cell) =>
  process.argv.includes("--spread")
    ? `${ms(median(cell))} (${ms(quantile(cell, 0))}–${ms(quantile(cell, 1))})`
    : ms(median(cell));
printTable([
  ["first message, ms", ...Object.keys(faults)],
  ...rows.map(({ name, times }) => [name, ...times.map(show)]),
]);

// In the page

/** Milliseconds; null if it does not come in time. */
function firstMessage({ who, limit }) {
  return new Promise((resolve) => {
    setTimeout(resolve, limit, null);
    const start = performance.now();
    starts[who](() => resolve(performance.now() - start), "/topic/first");
  });
}
