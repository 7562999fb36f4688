/**
 * The servers of a benchmark, in a process of their own: encke's, its peers', a middlebox in front of each, and a bare one for WebSockets, which is also
 * the smallest broker that stompjs can talk to. `stage.mjs` starts it and talks to it by IPC.
 */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { WebSocketServer } from "ws";
import { createMiddlebox, createServer } from "../../packages/test-server/dist/index.js";
import { messages } from "./numbers.mjs";
import { startPeers } from "./peers.mjs";

const server = createServer({ port: 0, stompPort: 0, staticDirectory: process.argv[2] });
await server.listen();
const peers = await startPeers(process.argv[2], server.stompPort);
const box = createMiddlebox({ target: server.url });
const peersBox = createMiddlebox({ target: peers.url });
await box.listen();
await peersBox.listen();

/** Who listens to what at the bare server: functions that write one message. */
const listeners = new Map();
/** How many messages came to what destination of the bare server. */
const counts = new Map();
const bare = createHttpServer().listen(0, "127.0.0.1");
await once(bare, "listening");
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
bare.on("upgrade", (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    if (request.url === "/stomp") serveStomp(webSocket);
    else serveText(webSocket, request.url);
  });
});

/** Sends back what comes to an echo, and counts all else. */
function serveText(webSocket, destination) {
  const isEcho = destination.includes("echo");
  listeners.set(destination, (text) => webSocket.send(text));
  webSocket.on("message", (data) => {
    const text = data.toString();
    if (text === "taken?") webSocket.send("taken");
    else if (isEcho) webSocket.send(text);
    else counts.set(destination, (counts.get(destination) ?? 0) + 1);
  });
}

/** STOMP as brokers send it, one frame a WebSocket message. It knows as much of it as stompjs says here. */
function serveStomp(webSocket) {
  webSocket.on("message", (data) => {
    const text = data.toString();
    const header = (name) => new RegExp(`\n${name}:(.*)`).exec(text)?.[1];
    if (text.startsWith("CONNECT")) webSocket.send("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0");
    const id = header("id");
    if (text.startsWith("SUBSCRIBE")) {
      const destination = header("destination");
      let count = 0;
      listeners.set(destination, (body) =>
        webSocket.send(
          `MESSAGE\nsubscription:${id}\nmessage-id:m.${++count}\ndestination:${destination}\ncontent-length:${body.length}\n\n${body}\0`,
        ),
      );
    }
    const receipt = header("receipt");
    if (receipt) webSocket.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
  });
}

const commands = {
  push({ destination, count }) {
    const listener = listeners.get(destination);
    for (const message of messages(count)) listener(message);
  },
  box(settings) {
    for (const each of [box, peersBox]) Object.assign(each, settings);
  },
  toAll: peers.toAll,
  bareReceived: (destination) => counts.get(destination) ?? 0,
  async brokerReceived() {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/encke_broker_published_total (\d+)/.exec(metrics)[1]);
  },
  usage: () => process.cpuUsage(),
};
process.on("message", async ({ id, command, argument }) =>
  process.send({ id, result: await commands[command](argument) }),
);
process.once("disconnect", () => process.exit());
process.send({
  url: server.url,
  boxUrl: box.url,
  peersBoxUrl: peersBox.url,
  bareUrl: `ws://127.0.0.1:${bare.address().port}`,
  stompUrl: `${server.url.replace("http", "ws")}/stomp`,
  stompPort: server.stompPort,
});
