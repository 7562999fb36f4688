import { expect, test } from "vitest";
import { atRandom, type RequestFault } from "./faults.ts";
import type { RequestHead } from "./heads.ts";
import { httpTarget, listening, open, pair, settle } from "./testing/ends.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

async function outcome(url: string, init?: RequestInit): Promise<number | string> {
  return fetch(url, init).then(
    ({ status }) => status,
    () => "failed",
  );
}

test("requests may be refused, answered with a status, or reset, until they may pass again", async () => {
  const box = await listening({ target: (await httpTarget()).url, request: "refuse" });
  expect(await outcome(`${box.url}/a`)).toBe(403);
  box.request = 502;
  expect(await outcome(`${box.url}/a`)).toBe(502);
  expect(await outcome(`${box.url}/a`, { method: "HEAD" })).toBe(502);
  expect(await outcome(`${box.url}/a`, { method: "POST", body: "x".repeat(1_000_000) })).toBe(502);
  box.request = "reset";
  expect(await outcome(`${box.url}/a`)).toBe("failed");
  box.request = "pass";
  expect(await outcome(`${box.url}/a`)).toBe(200);
});

test("a function says what becomes of each request, one for a WebSocket included", async () => {
  const heads: RequestHead[] = [];
  const request = (head: RequestHead): RequestFault => {
    heads.push(head);
    return head.path.startsWith("/no") || head.isWebSocket ? 404 : "pass";
  };
  const box = await listening({ target: (await httpTarget()).url, request });
  const client = await open(box);
  client.socket.write(
    `POST /yes?x HTTP/1.1\r\nHost: x\r\nX-A: b\r\nContent-Length: ${get("/no").length}\r\n\r\n${get("/no")}`,
  );
  await client.until(({ text }) => text.includes("hello /yes?x"));
  client.socket.write(get("/no"));
  await client.until(({ end, text }) => end === "ended" && text.includes("404 Not Found"));
  expect(heads.map(({ method, path, headers }) => [method, path, headers.get("x-a")])).toEqual([
    ["POST", "/yes?x", "b"],
    ["GET", "/no", undefined],
  ]);
  const other = await open(box);
  other.socket.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n");
  await other.until(({ text }) => text.includes("404 Not Found"));
});

test("the box answers after what the target has to answer before", async () => {
  const { client, server } = await pair({ request: ({ path }) => (path === "/no" ? 503 : "pass") });
  client.socket.write(get("/one") + get("/two") + get("/no"));
  await server.until(({ text }) => text === get("/one") + get("/two"));
  server.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
  await client.until(({ text }) => text.endsWith("one"));
  await settle();
  expect(client.text).not.toContain("503");
  server.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
  await client.until(({ end }) => end === "ended");
  expect(client.text).toMatch(/one.*two.*503/s);
  await server.until(({ end }) => end === "ended");
});

test("a reset takes nothing from the answers before it", async () => {
  const { client, server } = await pair({ request: ({ path }) => (path === "/no" ? "reset" : "pass") });
  client.socket.write(get("/one") + get("/no"));
  await server.until(({ text }) => text === get("/one"));
  server.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
  await client.until(({ end }) => end !== undefined);
  expect(client.text).toMatch(/one$/);
});

test("a swallowed request is never answered", async () => {
  const { client, server, box } = await pair({ request: "black-hole" });
  client.socket.write(get("/"));
  await server.until(({ end }) => end === "ended");
  await settle();
  expect([client.text, client.end, server.text, box.connections]).toEqual(["", undefined, "", 1]);
});

test("what is no HTTP is no request", async () => {
  const { client, server } = await pair({ request: "reset" });
  client.socket.write("CONNECT\naccept-version:1.2\n\n\0");
  await server.until(({ text }) => text.endsWith("\0"));
});

test("a fault at random meets its share, the same requests for the same numbers", () => {
  const numbers = [0.1, 0.3, 0.29, 0.999, 0];
  const fault = atRandom(0.3, 502, () => numbers.shift()!);
  expect(Array.from({ length: 5 }, fault)).toEqual([502, "pass", 502, "pass", 502]);
  expect(atRandom(0, "reset", () => 0)()).toBe("pass");
  expect(atRandom(1, "reset")()).toBe("reset");
});
