import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createServer, type EnckeServer, type ServerOptions } from "./server.ts";
import { StompSocket } from "./testing/stomp-socket.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A folder with a page in it, and a secret beside it. */
let folder: string;

beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), "encke-server-"));
  ends.push(() => rmSync(parent, { recursive: true }));
  folder = join(parent, "public");
  mkdirSync(join(folder, "sub"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<p>page</p>");
  writeFileSync(join(folder, "sub", "script.js"), "script");
  writeFileSync(join(parent, "secret.txt"), "secret");
});

async function listen(options: ServerOptions = {}): Promise<EnckeServer> {
  const server = createServer({ port: 0, staticDirectory: folder, ...options });
  await server.listen();
  ends.push(() => server.close());
  return server;
}

/** The answer to a request for just this path, which `fetch` would tidy up. */
async function get({ url }: EnckeServer, path: string, headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { path, headers, agent: false }, resolve).on("error", reject).end();
  });
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

const session = "a-session-of-a-test-0123";

async function poll({ url }: EnckeServer, number: number, parameters: string, body = ""): Promise<Response> {
  const query = `v=1&c=${number}&t=1&${parameters}`;
  return fetch(`${url}/encke/${session}/poll?${query}`, { method: "POST", body });
}

/** One message as a record. */
const text = (message: string) => `t${message.length}:${message}`;
const CONNECT = text("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
const SUBSCRIBE = text("SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0");

async function publish(server: EnckeServer, body: string): Promise<void> {
  const socket = await StompSocket.open(server.stompPort!);
  ends.push(() => socket.close());
  socket.write(`CONNECT\naccept-version:1.2\nhost:x\n\n\0SEND\ndestination:/topic/x\nreceipt:1\n\n${body}\0`);
  await socket.until(({ frames }) => frames.length === 2);
}

describe("a server", () => {
  it("listens on a free port if that is 0, on this host only", async () => {
    const server = await listen();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(server.stompPort).toBeUndefined();
  });

  it("says why it cannot listen", async () => {
    const server = await listen();
    const port = Number(new URL(server.url).port);
    await expect(createServer({ port }).listen()).rejects.toThrow("EADDRINUSE");
  });

  it("does not listen at all if the STOMP port is taken", async () => {
    const first = await listen({ stompPort: 0 });
    const second = createServer({ port: 0, stompPort: first.stompPort! });
    await expect(second.listen()).rejects.toThrow("EADDRINUSE");
    expect(() => second.url).toThrow();
  });

  it("speaks STOMP over TCP where that is asked for, with the same broker behind it", async () => {
    const server = await listen({ stompPort: 0 });
    await poll(server, 1, "r=0&o=1&h=0", `s1:${CONNECT}${SUBSCRIBE}`);
    const answer = poll(server, 2, "r=1");
    await publish(server, "hello");
    expect(await (await answer).text()).toContain("hello\0");
    await poll(server, 3, "r=2&h=0");
  });

  it("speaks STOMP over a bare WebSocket at /stomp, and no other protocol there", async () => {
    const server = await listen();
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/stomp`, ["v11.stomp", "v12.stomp"]);
    ends.push(() => socket.terminate());
    const frame = new Promise<string>((resolve, reject) => {
      socket.on("message", (data) => resolve(String(data))).on("error", reject);
    });
    socket.on("open", () => socket.send("CONNECT\naccept-version:1.2\nhost:x\n\n\0"));
    expect(await frame).toMatch(/^CONNECTED\n/);
    expect(socket.protocol).toBe("v12.stomp");
  });

  it.each([
    ["/stomp", { origin: "https://evil.test" }],
    ["/elsewhere", {}],
    ["/", {}],
  ])("opens no WebSocket at %s with %j", async (path, headers) => {
    const server = await listen();
    const socket = new WebSocket(`${server.url.replace("http", "ws")}${path}`, { headers });
    const error = await new Promise<Error>((resolve) => socket.on("error", resolve));
    expect(error.message).toBeTruthy();
    expect((await get(server, "/healthz")).body).toBe("ok\n");
  });

  it("opens one at /stomp to an origin that is listed", async () => {
    const server = await listen({ origins: ["https://listed.test"] });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/stomp`, { origin: "https://listed.test" });
    ends.push(() => socket.terminate());
    await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  });
});

describe("what it says of itself", () => {
  it("is ok", async () => {
    expect(await get(await listen(), "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  });

  it("is in figures, in Prometheus' format, and names no session and no destination", async () => {
    const server = await listen();
    const secret = text("SUBSCRIBE\nid:1\ndestination:/topic/secret\n\n\0");
    await poll(server, 1, "r=0&o=1&h=0", `s1:${CONNECT}${secret}`);
    await poll(server, 2, "r=1&h=0");
    const { headers, body } = await get(server, "/metrics");
    expect(headers["content-type"]).toMatch(/^text\/plain; version=/);
    expect(body).toMatch(/^# HELP encke_sessions /m);
    expect(body).toMatch(/^encke_sessions 1$/m);
    expect(body).toMatch(/^encke_broker_subscriptions 1$/m);
    expect(body).not.toContain(session);
    expect(body).not.toContain("secret");
  });
});

describe("the files that it serves", () => {
  it("come under a content security policy", async () => {
    const { status, headers, body } = await get(await listen(), "/");
    expect({ status, body }).toEqual({ status: 200, body: "<p>page</p>" });
    expect(headers["content-type"]).toMatch("text/html");
    expect(headers["content-security-policy"]).toBe("default-src 'self'");
  });

  it("are those below the folder", async () => {
    const server = await listen();
    expect(await get(server, "/sub/script.js?v=1")).toMatchObject({ status: 200, body: "script" });
  });

  it.each([
    "/secret.txt",
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/sub/..%2f..%2fsecret.txt",
    "/..%5csecret.txt",
    "//../secret.txt",
    "/%00/../../secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
  ])("are no others: %s", async (path) => {
    const server = await listen();
    const { status, body } = await get(server, path);
    expect(status).toBe(404);
    expect(body).toMatch(/^NOT_FOUND: .*\n$/);
    expect((await get(server, "/healthz")).status).toBe(200);
  });

  it.each(["/%", "/%zz", "/\\", "/?", "/sub", "/enckefake", "/encke"])("are not confused by %s", async (path) => {
    const server = await listen();
    expect([200, 404]).toContain((await get(server, path)).status);
    expect((await get(server, "/healthz")).status).toBe(200);
  });

  it("may be none", async () => {
    const server = await listen({ staticDirectory: join(folder, "nowhere") });
    expect(await get(server, "/")).toMatchObject({ status: 404, body: expect.stringMatching(/^NOT_FOUND: /) });
  });
});

describe("a request that is too much", () => {
  it("has a header block of 16 KiB: 431, and the others do not notice", async () => {
    const server = await listen();
    const { status } = await get(server, "/healthz", { "x-long": "x".repeat(20_000) });
    expect(status).toBe(431);
    expect((await get(server, "/healthz")).status).toBe(200);
  });

  it("is no HTTP at all: 400, and the others do not notice", async () => {
    const server = await listen();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1").setEncoding("utf8");
    socket.end("\0\x01\x02 what?\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get(server, "/healthz")).status).toBe(200);
  });

  it("goes away before it is whole, and the others do not notice", async () => {
    const server = await listen();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    const path = `/encke/${session}/poll?v=1&c=1&r=0&t=1&o=1`;
    await new Promise((resolve) => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ns1:`, resolve);
    });
    socket.resetAndDestroy();
    expect((await get(server, "/healthz")).status).toBe(200);
    expect((await get(server, "/metrics")).body).toMatch(/^encke_sessions 0$/m);
  });
});

describe("a server that goes down", () => {
  /** A session that is subscribed, and was answered. */
  async function subscribed(server: EnckeServer): Promise<void> {
    const answer = await poll(server, 1, "r=0&o=1&h=0", `s1:${CONNECT}${SUBSCRIBE}`);
    expect(await answer.text()).toContain("CONNECTED");
  }

  it("tells a session to come back later, behind what it has for it", async () => {
    const server = await listen({ stompPort: 0 });
    await subscribed(server);
    await publish(server, "last words");
    const closed = server.close();
    const records = await (await poll(server, 2, "r=1")).text();
    expect(records).toMatch(/s2:t\d+:MESSAGE\n[\s\S]*last words\0x\d+:/);
    const end = new URLSearchParams(records.slice(records.lastIndexOf(":") + 1));
    expect(end.get("code")).toBe("4006");
    expect(Number(end.get("retry"))).toBeGreaterThan(0);
    await closed;
    await expect(poll(server, 3, "r=1")).rejects.toThrow();
  });

  it("answers a poll that is held, and closes a WebSocket behind what it has for it", async () => {
    const server = await listen();
    await poll(server, 1, "r=0&o=1", `s1:${CONNECT}`);
    const held = poll(server, 2, "r=1").then((response) => response.text());
    const url = `${server.url.replace("http", "ws")}/encke/another-${session}/websocket?v=1&c=1&r=0&t=1&o=1`;
    const socket = new WebSocket(url);
    const heard: string[] = [];
    socket.on("message", (data) => heard.push(String(data)));
    const code = new Promise((resolve) => socket.on("close", resolve));
    await new Promise((resolve) => socket.once("message", resolve));
    await server.close();
    expect(await held).toContain("code=4006");
    expect(await code).toBe(4006);
    expect(heard.at(-1)).toContain("code=4006");
  });

  it("sends a long answer to its end, even to a client that reads slowly", async () => {
    const server = await listen({ stompPort: 0 });
    await subscribed(server);
    const long = "x".repeat(4_000_000);
    await publish(server, long);
    const closed = server.close();
    const response = await poll(server, 2, "r=1");
    await new Promise(setImmediate);
    expect((await response.text()).length).toBeGreaterThan(long.length);
    await closed;
  });

  it("opens no session meanwhile, and says when to come back", async () => {
    const server = await listen({ stompPort: 0 });
    await subscribed(server);
    await publish(server, "last words");
    const closed = server.close();
    const other = await fetch(`${server.url}/encke/another-${session}/poll?v=1&c=1&r=0&t=1&o=1`, { method: "POST" });
    expect(await other.text()).toMatch(/^x\d+:code=4006&.*retry=\d+$/);
    expect((await get(server, "/healthz")).body).toBe("draining\n");
    await (await poll(server, 2, "r=1")).text();
    await closed;
  });

  it("closes its STOMP port and its bare WebSockets, too", async () => {
    const server = await listen({ stompPort: 0 });
    const peer = await StompSocket.open(server.stompPort!);
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/stomp`);
    await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
    const code = new Promise((resolve) => socket.on("close", resolve));
    const { stompPort } = server;
    await server.close();
    await peer.until(({ isEnded }) => isEnded);
    expect(await code).toBe(1001);
    await expect(StompSocket.open(stompPort!)).rejects.toThrow("ECONNREFUSED");
  });

  it("may be told so twice", async () => {
    const server = await listen();
    const [one, other] = [server.close(), server.close()];
    expect(other).toBe(one);
    await one;
  });
});
