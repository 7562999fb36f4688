import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach } from "vitest";
import { WebSocketServer } from "ws";
import type { ManualClock } from "../../testing/manual-clock.ts";
import { createMiddlebox, Middlebox, type MiddleboxOptions } from "../middlebox.ts";

export const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** One end of a TCP connection, which remembers what happened to it. */
export class Peer {
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
export async function tcpTarget() {
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
export async function httpTarget() {
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

export async function listening(options: MiddleboxOptions, clock?: ManualClock): Promise<Middlebox> {
  const box = clock ? new Middlebox(options, clock) : createMiddlebox(options);
  await box.listen();
  ends.push(() => box.close());
  return box;
}

export async function open(box: Middlebox): Promise<Peer> {
  const socket = connect({ port: box.port, host: "127.0.0.1", allowHalfOpen: true });
  const peer = new Peer(socket);
  await once(socket, "connect");
  return peer;
}

/** Both ends of a connection through a box. */
export async function pair(options: Partial<MiddleboxOptions> = {}, clock?: ManualClock) {
  const target = await tcpTarget();
  const box = await listening({ target: target.url, ...options }, clock);
  const client = await open(box);
  return { box, client, server: await target.next(), target };
}

/** Lets all that is under way in this process arrive; sockets need some rounds. */
export const settle = async () => {
  for (let i = 0; i < 20; i++) await turn();
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
