import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** All requests that servers of this process get, as `METHOD /path`, from now until `stop`. Upgrades are not among them. */
export function recordRequests(port: number): { requests: string[]; stop(): void } {
  const requests: string[] = [];
  const name = "http.server.request.start";
  const note = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    if (request.socket.localPort === port) requests.push(`${request.method} ${request.url}`);
  };
  channel(name);
  subscribe(name, note);
  return { requests, stop: () => unsubscribe(name, note) };
}
