import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ManualClock } from "../testing/manual-clock.ts";
import { createMiddlebox, Middlebox, type MiddleboxOptions } from "./middlebox.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** One end of a TCP connection, which remembers what happened to it. */
class Peer {
  text = "";
  end: "ended" | "reset" | undefined;
  #wake = () => {};

  constructor(readonly socket: Socket) {
    const ended = (end: "ended" | "reset") => {
      this.end ??= end;
      this.#wake();
    };
    socket
      .on("data", (data) => {
        this.text += data;
        this.#wake();
      })
      .on("end", () => ended("ended"))
      .on("error", () => ended("reset"))
      .on("close", () => ended("ended"));
    ends.push(() => socket.destroy());
  }

  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** A server over TCP, with the connections that reached it. */
async function tcpTarget() {
  const peers: Peer[] = [];
  let wake = () => {};
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    peers.push(new Peer(socket));
    wake();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  const next = async () => {
    while (peers.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return peers.shift()!;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, next };
}

/** A server over HTTP that echoes on WebSockets. */
async function httpTarget() {
  const server = createHttpServer((request, response) => response.end(`hello ${request.url}`)).listen(0, "127.0.0.1");
  new WebSocketServer({ server }).on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  await once(server, "listening");
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function listening(options: MiddleboxOptions, clock?: ManualClock): Promise<Middlebox> {
  const box = clock ? new Middlebox(options, clock) : createMiddlebox(options);
  await box.listen();
  ends.push(() => box.close());
  return box;
}

async function open(box: Middlebox): Promise<Peer> {
  const socket = connect({ port: box.port, host: "127.0.0.1", allowHalfOpen: true });
  const peer = new Peer(socket);
  await once(socket, "connect");
  return peer;
}

/** Both ends of a connection through a box. */
async function pair(options: Partial<MiddleboxOptions> = {}, clock?: ManualClock) {
  const target = await tcpTarget();
  const box = await listening({ target: target.url, ...options }, clock);
  const client = await open(box);
  return { box, client, server: await target.next(), target };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

function webSocket(box: Middlebox): WebSocket {
  const socket = new WebSocket(box.url.replace("http", "ws"));
  ends.push(() => socket.terminate());
  return socket;
}

async function outcome(socket: WebSocket): Promise<string> {
  return new Promise((resolve) =>
    socket.on("open", () => resolve("open")).on("error", (error) => resolve(error.message)),
  );
}

test("passes octets and ends of both directions", async () => {
  const { client, server, box } = await pair();
  client.socket.end("question");
  await server.until(({ end }) => end === "ended");
  expect(server.text).toBe("question");
  server.socket.end("answer");
  await client.until(({ end }) => end === "ended");
  expect(client.text).toBe("answer");
  await until(() => box.connections === 0);
});

test("passes a reset of either side", async () => {
  const { client, server, box, target } = await pair();
  client.socket.resetAndDestroy();
  await server.until(({ end }) => end === "reset");
  const other = await open(box);
  (await target.next()).socket.resetAndDestroy();
  await other.until(({ end }) => end === "reset");
  await until(() => box.connections === 0);
});

test("resets its client when the target cannot be reached", async () => {
  const target = await tcpTarget();
  await ends.pop()!();
  const client = await open(await listening({ target: target.url }));
  await client.until(({ end }) => end === "reset");
});

test("passes much more than it may hold to one who reads late, without holding it", async () => {
  const { client, server } = await pair();
  // More than four buffers of the system hold, too.
  const much = Buffer.alloc(64 * 1024 * 1024, "x");
  client.socket.pause();
  let isTaken = false;
  server.socket.write(much, () => (isTaken = true));
  for (let i = 0; i < 1000; i++) await turn();
  expect(isTaken).toBe(false);
  let octets = 0;
  client.socket.removeAllListeners("data").on("data", ({ length }) => (octets += length));
  client.socket.resume();
  await until(() => octets === much.length);
});

test("refuses a target that is not http", () => {
  expect(() => createMiddlebox({ target: "https://127.0.0.1:1" })).toThrow(TypeError);
});

test("a delay holds each chunk and the end for its time, in each direction", async () => {
  const clock = new ManualClock();
  const { client, server } = await pair({ delay: 50 }, clock);
  client.socket.write("one ");
  await until(() => clock.pending === 1);
  clock.advance(30);
  client.socket.write("two");
  client.socket.end();
  await turn();
  expect(server.text).toBe("");
  clock.advance(20);
  await server.until(({ text }) => text !== "");
  expect(server.text).toBe("one ");
  await until(() => {
    clock.advance(1);
    return server.end === "ended";
  });
  expect(server.text).toBe("one two");
  expect(clock.now()).toBeGreaterThanOrEqual(1_000_080);

  server.socket.write("back");
  await until(() => clock.pending === 1);
  clock.advance(49);
  await turn();
  expect(client.text).toBe("");
  clock.advance(1);
  await client.until(({ text }) => text === "back");
});

test("a shorter delay lets nothing overtake", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({ delay: 50 }, clock);
  client.socket.write("one ");
  await until(() => clock.pending === 1);
  box.delay = 0;
  client.socket.write("two");
  clock.advance(49);
  for (let i = 0; i < 10; i++) await turn();
  expect(server.text).toBe("");
  clock.advance(1);
  await server.until(({ text }) => text === "one two");
});

test("a stall holds both directions until it is over", async () => {
  const { client, server, box } = await pair();
  box.stall = true;
  client.socket.write("up");
  server.socket.write("down");
  for (let i = 0; i < 10; i++) await turn();
  expect([client.text, server.text]).toEqual(["", ""]);
  box.stall = false;
  await server.until(({ text }) => text === "up");
  await client.until(({ text }) => text === "down");
});

test("a cut resets all connections on both sides, and new ones pass", async () => {
  const { client, server, box, target } = await pair();
  expect(box.cut()).toBe(1);
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  expect(box.connections).toBe(0);
  const next = await open(box);
  next.socket.write("again");
  await (await target.next()).until(({ text }) => text === "again");
});

test("while it is down every connection is reset", async () => {
  const { client, server, box, target } = await pair();
  box.down = true;
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  const refused = new Peer(connect(box.port, "127.0.0.1"));
  await refused.until(({ end }) => end === "reset");
  box.down = false;
  await open(box);
  await target.next();
});

test("closing cuts what is open, stalled or not", async () => {
  const { client, server, box } = await pair();
  box.stall = true;
  client.socket.resetAndDestroy();
  await turn();
  await box.close();
  await server.until(({ end }) => end !== undefined);
});

test("a WebSocket passes behind requests on the same connection, and is cut alone", async () => {
  const box = await listening({ target: (await httpTarget()).url });
  const client = await open(box);
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";
  client.socket.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await client.until(({ text }) => text.includes("hello /a"));
  client.socket.write(`GET /b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`);
  await client.until(({ text }) => text.includes("101 Switching Protocols"));
  const other = await open(box);
  other.socket.write("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  await other.until(({ text }) => text.includes("hello /c"));

  expect(box.cutWebSockets()).toBe(1);
  await client.until(({ end }) => end === "reset");
  other.socket.write("GET /d HTTP/1.1\r\nHost: x\r\n\r\n");
  await other.until(({ text }) => text.includes("hello /d"));
});

test("messages of a WebSocket pass both ways", async () => {
  const socket = webSocket(await listening({ target: (await httpTarget()).url }));
  await once(socket, "open");
  socket.send("☄".repeat(100_000));
  const [data] = await once(socket, "message");
  expect(String(data)).toBe("☄".repeat(100_000));
});

test("refused WebSockets get 403, reset ones nothing, and all else passes", async () => {
  const box = await listening({ target: (await httpTarget()).url, webSocket: "refuse" });
  expect(await outcome(webSocket(box))).toBe("Unexpected server response: 403");
  box.webSocket = "reset";
  expect(await outcome(webSocket(box))).toMatch(/ECONNRESET|socket hang up/);
  expect(await (await fetch(`${box.url}/a`)).text()).toBe("hello /a");
  box.webSocket = "pass";
  expect(await outcome(webSocket(box))).toBe("open");
});

test("a black hole swallows the request for a WebSocket and what follows, and keeps the connection", async () => {
  const { client, server, box } = await pair({ webSocket: "black-hole" });
  client.socket.write("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  await server.until(({ end }) => end === "ended");
  client.socket.write("more");
  for (let i = 0; i < 10; i++) await turn();
  expect([server.text, client.text, client.end, box.connections]).toEqual(["", "", undefined, 1]);
  client.socket.end();
  await client.until(({ end }) => end === "ended");
  await until(() => box.connections === 0);
});

test("a black hole ends with a cut", async () => {
  const { client, server, box } = await pair({ webSocket: "black-hole" });
  client.socket.write("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  await server.until(({ end }) => end === "ended");
  expect(box.cutWebSockets()).toBe(1);
  await client.until(({ end }) => end === "reset");
});
