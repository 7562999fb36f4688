import { beforeEach } from "vitest";
import { ManualPage } from "../../page/testing/manual-page.ts";
import { type Exchange, type Link, type Network, useNetwork } from "../../transports/testing/network.ts";
import { webSocket } from "../../transports/websocket.ts";
import { xhrPoll } from "../../transports/xhr-poll.ts";
import { EnckeSocket } from "../encke-socket.ts";
import type { EnckeSocketOptions } from "../options.ts";

// The server's side of PROTOCOL.md, written by hand: what a client's own code wrote would agree with what that code reads.

export function record(type: string, payload: string): string {
  return `${type}${payload.length}:${payload}`;
}

export function greeting(changes: Record<string, string | number> = {}): string {
  const parameters = { v: 1, hold: 25_000, ping: 20_000, window: 60_000, max: 16_777_216, ...changes };
  return record(
    "g",
    new URLSearchParams(Object.entries(parameters).map(([key, value]) => [key, `${value}`])).toString(),
  );
}

export function ending(code: number, reason = "", retry?: number): string {
  return record("x", `code=${code}${reason && `&reason=${reason}`}${retry === undefined ? "" : `&retry=${retry}`}`);
}

/** What the last record of a body says, if it is the end of the session; what precedes it. */
export function endIn(body: string): { before: string; code?: number; reason?: string } {
  const match = /^(.*)x\d+:(.*)$/s.exec(body);
  if (!match) return { before: body };
  const parameters = new URLSearchParams(match[2]);
  return { before: match[1]!, code: Number(parameters.get("code")), reason: parameters.get("reason") ?? "" };
}

/** A page with sockets in it, and a network whose other side the test plays. */
export class SocketPage {
  /** `env` as a socket gets it. */
  env!: ManualPage;

  constructor(readonly network: Network) {}

  /** A socket, and what it tells, in order. */
  connect(options: EnckeSocketOptions = {}, protocols: string | string[] = [], url = "/encke") {
    const socket = new EnckeSocket(url, protocols, { transports: [webSocket, xhrPoll], ...options }, this.env);
    const log: unknown[] = [];
    socket.onopen = () => log.push("open");
    socket.onmessage = ({ data }) => log.push(data);
    socket.onerror = () => log.push("error");
    socket.onclose = ({ code, reason, wasClean, retryAfter }) => log.push({ code, reason, wasClean, retryAfter });
    socket.ontransport = () => log.push(`transport ${socket.transport}`);
    return { socket, log };
  }

  /** A socket that polls, with one poll held; its WebSocket was refused. */
  async connectPolling(options: EnckeSocketOptions = {}) {
    const connected = this.connect(options);
    await this.settled();
    this.network.links[0]?.lose();
    this.network.exchanges[0]!.answer(`${greeting()}a0:`);
    await this.settled();
    connected.log.length = 0;
    return connected;
  }

  /** A socket that has moved to its WebSocket, which it has heard out. */
  async connectWebSocket(options: EnckeSocketOptions = {}) {
    const connected = this.connect(options);
    await this.settled();
    this.network.exchanges[0]!.answer(`${greeting()}a0:`);
    await this.settled();
    await this.promote(this.link);
    connected.log.length = 0;
    this.link.heard.length = 0;
    return connected;
  }

  /** Greets a candidate, answers its ping, and begins to send on it. */
  async promote(link: Link, acknowledged = 0, start = 1): Promise<void> {
    link.say(`${greeting()}a${acknowledged}:`);
    await this.settled();
    const ping = /p(\d+):/.exec(link.heard.join(""))![1];
    link.say(`q${ping}:`);
    await this.settled();
    link.say(`s${start}:`);
    await this.settled();
  }

  /** The latest POST. */
  get exchange(): Exchange {
    return this.network.exchanges.at(-1)!;
  }

  /** The latest WebSocket. */
  get link(): Link {
    return this.network.links.at(-1)!;
  }

  get held(): Exchange[] {
    return this.network.exchanges.filter(({ isHeld }) => isHeld);
  }

  settled(): Promise<void> {
    return this.network.settled();
  }

  /** The server's answer to the latest POST, taken in. */
  async answer(body: string, status?: number, contentType?: string): Promise<void> {
    this.exchange.answer(body, status, contentType);
    await this.settled();
  }

  /** Lets time pass. After each timer the network has its turn. */
  async pass(ms: number): Promise<void> {
    const { clock } = this.env;
    const end = clock.now() + ms;
    await this.settled();
    for (let next = clock.next; next !== undefined && clock.now() + next <= end; next = clock.next) {
      clock.advance(next);
      await this.settled();
    }
    clock.advance(end - clock.now());
    await this.settled();
  }
}

/** A page for each test of a file. */
export function usePage(): SocketPage {
  const page = new SocketPage(useNetwork());
  beforeEach(() => {
    page.env = new ManualPage(page.network.WebSocket, page.network.XMLHttpRequest);
  });
  return page;
}
