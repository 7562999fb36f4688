import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Fate, WebSocketLimit } from "./faults.ts";
import type { Middlebox } from "./middlebox.ts";
import { ends, httpTarget, listening, open, pair, settle, until } from "./testing/ends.ts";

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
  await settle();
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

test("a request for a WebSocket may be answered with any status", async () => {
  const box = await listening({ target: (await httpTarget()).url, webSocket: 426 });
  expect(await outcome(webSocket(box))).toBe("Unexpected server response: 426");
});

const asked = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

/** Both ends of a WebSocket whose 101 comes together with some of the server's data. The texts leave out the heads. */
async function opened(fault: WebSocketLimit, withData = "", clock?: ManualClock) {
  const ends = await pair({ webSocket: fault }, clock);
  ends.client.socket.write(asked);
  await ends.server.until(({ text }) => text === asked);
  ends.server.socket.write(agreed + withData);
  await ends.client.until(({ text }) => text.startsWith(agreed));
  return {
    ...ends,
    texts: () => [ends.client.text.slice(agreed.length), ends.server.text.slice(asked.length)],
    ended: () => [ends.client.end, ends.server.end],
    /** Node tells of a reset that comes together with data as of an end, so only the server is sure to see which it was. */
    async reset() {
      await ends.client.until(({ end }) => end !== undefined);
      await ends.server.until(({ end }) => end === "reset");
    },
  };
}

test("a WebSocket may be reset as soon as it is open", async () => {
  const { texts, reset } = await opened({ after: "upgrade" }, "data");
  await reset();
  expect(texts()).toEqual(["", ""]);
});

test("a WebSocket may be reset in place of the server's first octet", async () => {
  const { client, server, texts, reset } = await opened({ after: "server-data" });
  client.socket.write("up");
  await server.until(({ text }) => text.endsWith("up"));
  server.socket.write("down");
  await reset();
  expect(texts()).toEqual(["", "up"]);
});

test("the server's first octet may come with the 101", async () => {
  const { texts, reset } = await opened({ after: "server-data" }, "down");
  await reset();
  expect(texts()).toEqual(["", ""]);
});

test("a WebSocket may be reset in place of the client's first octet", async () => {
  const { client, texts, reset } = await opened({ after: "client-data" }, "down");
  await client.until(({ text }) => text.endsWith("down"));
  client.socket.write("up");
  await reset();
  expect(texts()).toEqual(["down", ""]);
});

test.each<[Fate, string[]]>([
  ["black-hole", ["", ""]],
  ["black-hole-up", ["down", ""]],
  ["black-hole-down", ["", "up"]],
])("a WebSocket may open and then be a %s", async (fate, passed) => {
  const { client, server, texts, ended } = await opened({ after: "upgrade", fate });
  client.socket.write("up");
  server.socket.write("down");
  await until(() => texts().join() === passed.join());
  await settle();
  expect(texts()).toEqual(passed);
  expect(ended()).toEqual([undefined, undefined]);
});

test("data that closes the other direction passes itself", async () => {
  const { client, server, texts } = await opened({ after: "server-data", fate: "black-hole-up" });
  server.socket.write("down");
  await client.until(({ text }) => text.endsWith("down"));
  client.socket.write("up");
  await settle();
  expect(texts()).toEqual(["down", ""]);
});

test("a WebSocket may be reset after a number of octets, in the midst of a frame", async () => {
  const { client, server, texts, reset } = await opened({ after: { bytes: 7 } });
  client.socket.write("four");
  await server.until(({ text }) => text.endsWith("four"));
  server.socket.write("seven");
  await reset();
  expect(texts()).toEqual(["sev", "four"]);
});

test("a WebSocket may be struck after a time, busy or not", async () => {
  const clock = new ManualClock();
  const { client, server, texts } = await opened({ after: 5_000, fate: "end" }, "", clock);
  clock.advance(4_999);
  client.socket.write("up");
  await server.until(({ text }) => text.endsWith("up"));
  clock.advance(1);
  await client.until(({ end }) => end === "ended");
  await server.until(({ end }) => end === "ended");
  expect(texts()).toEqual(["", "up"]);
});

test("a limit of WebSockets leaves requests alone, and a WebSocket that the server refuses", async () => {
  const { client, server } = await pair({ webSocket: { after: "upgrade" } });
  client.socket.write(asked);
  await server.until(({ text }) => text === asked);
  server.socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  await client.until(({ text }) => text.includes("404"));
  client.socket.write("GET /next HTTP/1.1\r\n\r\n");
  await server.until(({ text }) => text.includes("/next"));
  server.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
  await client.until(({ text }) => text.endsWith("next"));
});

test("what looks like a request on a WebSocket is none", async () => {
  const { client, server, box, texts } = await opened({ after: "server-data" });
  box.request = "reset";
  for (const part of ["G", "ET /a HTTP/1.1\r\n\r\n"]) {
    client.socket.write(part);
    await server.until(({ text }) => text.endsWith(part));
  }
  expect(texts()).toEqual(["", "GET /a HTTP/1.1\r\n\r\n"]);
});

test("WebSockets alone may be forgotten", async () => {
  const box = await listening({ target: (await httpTarget()).url });
  const socket = webSocket(box);
  await once(socket, "open");
  const other = await open(box);
  expect(box.cutWebSockets("black-hole")).toBe(1);
  let heard = 0;
  socket.on("message", () => heard++).on("close", () => heard++);
  socket.send("lost");
  other.socket.write("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  await other.until(({ text }) => text.includes("hello /c"));
  await settle();
  expect(heard).toBe(0);
});
