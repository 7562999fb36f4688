import { once } from "node:events";
import { createServer as createApp, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createServer, type EnckeServer } from "../server.ts";

let app: Server;
let server: EnckeServer;
let appUrl: string;

beforeEach(async () => {
  app = createApp((request, response) => {
    response.setHeader("X-App", "yes");
    response.end(`${request.method} ${request.url} for ${request.headers.host}`);
  });
  const sockets = new WebSocketServer({ server: app });
  sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`echo ${data}`)));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  server = createServer({ port: 0, proxy: appUrl });
  await server.listen();
});
afterEach(async () => {
  await server.close();
  app.close();
  app.closeAllConnections();
});

describe("with --proxy", () => {
  it("what is not encke's comes from the app, which sees the page's own host", async () => {
    const response = await fetch(`${server.url}/shop?x=1`, { method: "POST", body: "x" });
    expect(response.headers.get("x-app")).toBe("yes");
    expect(await response.text()).toBe(`POST /shop?x=1 for ${new URL(server.url).host}`);
  });

  it("what is encke's does not", async () => {
    expect(await (await fetch(`${server.url}/healthz`)).text()).toBe("ok\n");
    expect((await fetch(`${server.url}/publish/topic/a`, { method: "POST", body: "x" })).status).toBe(204);
    const poll = await fetch(`${server.url}/encke/a-session-of-a-test-0123/poll?v=1&c=1&r=0&o=1&t=1&h=0`, {
      method: "POST",
    });
    expect(await poll.text()).toMatch(/^g\d+:/);
  });

  it("the app's WebSockets work", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/live`);
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("echo hello");
    socket.close();
  });

  it("an app that is away is a 502 that says so", async () => {
    app.close();
    app.closeAllConnections();
    const response = await fetch(`${server.url}/shop`);
    expect(response.status).toBe(502);
    expect(await response.text()).toMatch(/^APP_GONE: /);
  });
});
