import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type IMessage } from "@stomp/stompjs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Broker } from "./broker/broker.ts";
import { acceptStompWebSocket, chooseStompSubprotocol, stompSubprotocols } from "./stomp-web-socket.ts";

const CONNECT = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";

let broker: Broker;
let http: Server;
let url: string;

beforeEach(async () => {
  broker = new Broker();
  http = createServer();
  const sockets = new WebSocketServer({ server: http, path: "/stomp", handleProtocols: chooseStompSubprotocol });
  sockets.on("connection", (socket) => acceptStompWebSocket(socket, broker));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/stomp`;
});

afterEach(() => {
  http.closeAllConnections();
  http.close();
});

/** An open WebSocket and what it received, text as strings. */
async function open(): Promise<{ socket: WebSocket; received: (string | Buffer)[]; next(): Promise<unknown> }> {
  const socket = new WebSocket(url, [...stompSubprotocols]);
  const received: (string | Buffer)[] = [];
  socket.on("message", (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()));
  await once(socket, "open");
  return { socket, received, next: () => once(socket, "message") };
}

test("the best subprotocol on offer is chosen", () => {
  expect(chooseStompSubprotocol(new Set(["v10.stomp", "v11.stomp"]))).toBe("v11.stomp");
  expect(chooseStompSubprotocol(new Set(["mqtt"]))).toBe(false);
});

test("frames sent within one turn share a message, text and octets apart", async () => {
  const { socket, received, next } = await open();
  expect(socket.protocol).toBe("v12.stomp");
  socket.send(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0`);
  await next();
  for (const body of ["1", "2", Uint8Array.of(255), Uint8Array.of(254), "3"]) broker.publish("/topic/x", body);
  while (received.length < 4) await next();
  expect(received.map((message) => (typeof message === "string" ? "text" : "octets"))).toEqual([
    ...["text", "text", "octets", "text"],
  ]);
  expect(received.map((message) => message.toString("latin1" as never).split("MESSAGE\n").length - 1)).toEqual([
    0, 2, 2, 1,
  ]);
  socket.close();
});

test("octets sent as a binary message arrive", async () => {
  const { socket, received, next } = await open();
  socket.send(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0`);
  await next();
  socket.send(Buffer.from("SEND\ndestination:/topic/x\n\nbytes\0"));
  await next();
  expect(received[1]).toMatch(/\n\nbytes\0$/);
  socket.close();
});

test("ERROR comes before the close, which has its code and 4100", async () => {
  const { socket, received } = await open();
  socket.send(`${CONNECT}SEND\n\n\0`);
  const [code, reason] = await once(socket, "close");
  expect([code, String(reason)]).toEqual([4100, "HEADER_MISSING"]);
  expect(received.join("")).toContain("ERROR\nmessage:HEADER_MISSING\n");
});

test("a client that goes is forgotten", async () => {
  const { socket, next } = await open();
  socket.send(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0`);
  await next();
  socket.terminate();
  while (broker.stats.connections > 0) await new Promise(setImmediate);
  expect(broker.stats).toMatchObject({ topics: 0, subscriptions: 0 });
});

test("@stomp/stompjs publishes, subscribes, acknowledges and disconnects", async () => {
  Object.assign(globalThis, { WebSocket });
  const client = new Client({ brokerURL: url, reconnectDelay: 0 });
  const problems: unknown[] = [];
  client.onStompError = (frame) => problems.push(frame.headers);
  const connected = new Promise<void>((resolve) => (client.onConnect = () => resolve()));
  client.activate();
  await connected;
  expect(client.connectedVersion).toBe("1.2");

  const texts: string[] = [];
  const octets: number[][] = [];
  const all = new Promise<void>((resolve) => {
    client.subscribe("/topic/x", (message: IMessage) => {
      if (message.headers.kind === "octets") octets.push([...message.binaryBody]);
      else texts.push(message.body);
      if (texts.length + octets.length === 101) resolve();
    });
  });
  for (let i = 0; i < 100; i++) client.publish({ destination: "/topic/x", body: `☄ ${i}` });
  client.publish({ destination: "/topic/x", binaryBody: Uint8Array.of(0, 255), headers: { kind: "octets" } });
  await all;
  expect(texts).toEqual(Array.from({ length: 100 }, (_, i) => `☄ ${i}`));
  expect(octets).toEqual([[0, 255]]);

  const acknowledged = new Promise<void>((resolve) => {
    client.subscribe(
      "/queue/x",
      (message) => {
        message.ack({ receipt: "acked" });
        client.watchForReceipt("acked", () => resolve());
      },
      { ack: "client-individual" },
    );
  });
  client.publish({ destination: "/queue/x", body: "job" });
  await acknowledged;
  expect(broker.stats.queuedMessages).toBe(0);

  await client.deactivate();
  expect(problems).toEqual([]);
  while (broker.stats.connections > 0) await new Promise(setImmediate);
});
