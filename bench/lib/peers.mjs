/**
 * What else connects pages through networks without WebSockets, on an HTTP server with the benchmark's pages: sockjs-node in front of the broker's STOMP port, so
 * that it carries the same frames as encke, and Socket.IO, which has a protocol of its own. Both with their defaults.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { Server as SocketIo } from "socket.io";
import sockjs from "sockjs";

/**
 * @param folder of the pages and their scripts
 * @param stompPort where a broker listens for STOMP over TCP
 */
export async function startPeers(folder, stompPort) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    // The others answer what is theirs.
    if (/^\/(sockjs|socket\.io)\//.test(pathname)) return;
    if (pathname === "/healthz") return response.end("ok");
    const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
    response.setHeader("content-type", type).end(readFileSync(join(folder, basename(pathname))));
  });
  // Its frames would load the script from the Internet.
  const stomp = sockjs.createServer({ sockjs_url: "/sockjs.js", log() {} });
  stomp.on("connection", (session) => {
    const broker = connect({ port: stompPort, host: "127.0.0.1", noDelay: true }).setEncoding("utf8");
    session.on("data", (text) => broker.write(text));
    session.on("close", () => broker.destroy());
    broker.on("data", (text) => session.write(text));
    broker.on("error", () => {});
    broker.on("close", () => session.close());
  });
  stomp.installHandlers(server, { prefix: "/sockjs" });
  const socketIo = new SocketIo(server);
  // What a subscription and a publish bring with STOMP comes here on its own.
  socketIo.on("connection", (socket) => socket.emit("message", "hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    toAll: (text) => socketIo.emit("message", text),
  };
}
