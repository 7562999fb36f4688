/**
 * From `connect` to the first MESSAGE of a subscription to which the page itself publishes, at round trips of 100 ms, on a page that was
 * loaded over the same path. Medians of alternating rounds, each in a profile of its own. The middlebox cannot delay the handshake of TCP, so the new
 * connection that a WebSocket needs costs a round trip less here than on a real path of that length.
 *
 *     node bench/first-message.mjs [--rounds N]
 */
import { median, printTable, quantile } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";
import { Stage } from "./lib/stage.mjs";

const rounds = Number(option("--rounds") ?? 15);
const ONE_WAY = 50;

const stage = await Stage.open();
const rows = [
  { name: "stompjs", who: "stompjs", webSocket: "pass" },
  { name: "encke", who: "encke", webSocket: "pass" },
  { name: "encke, WebSocket refused", who: "encke", webSocket: "refuse" },
  { name: "encke, WebSocket black-holed", who: "encke", webSocket: "black-hole" },
].map((row) => ({ ...row, times: [] }));

for (let round = 0; round < rounds; round++) {
  for (const { who, webSocket, times } of rows) {
    await stage.tell("box", { delay: ONE_WAY, webSocket });
    const page = await stage.page(`${stage.boxUrl}/${who}.html`);
    times.push(await page.evaluate(who === "encke" ? withEncke : withStompjs));
    await page.context().close();
  }
}
await stage.close();

const peer = median(rows[0].times);
const ms = (number) => `${Math.round(number)} ms`;
printTable([
  ["first MESSAGE, round trips of 100 ms", "median", "min", "max", "× stompjs"],
  ...rows.map(({ name, times }) => [
    name,
    ms(median(times)),
    ms(quantile(times, 0)),
    ms(quantile(times, 1)),
    (median(times) / peer).toFixed(2),
  ]),
]);

// In the page

function withEncke() {
  return new Promise((resolve) => {
    const start = performance.now();
    const client = Encke.connect("/encke");
    client.subscribe("/topic/first", () => resolve(performance.now() - start));
    client.publish("/topic/first", "hello");
  });
}

function withStompjs() {
  return new Promise((resolve) => {
    const start = performance.now();
    const client = new StompJs.Client({ brokerURL: `ws://${location.host}/stomp`, reconnectDelay: 0 });
    client.onConnect = () => {
      client.subscribe("/topic/first", () => resolve(performance.now() - start));
      client.publish({ destination: "/topic/first", body: "hello" });
    };
    client.activate();
  });
}
