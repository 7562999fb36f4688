import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";
import { refuse } from "./answers.ts";

export interface DevelopmentProxy {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/**
 * Hands what is not encke's to the app's own server, WebSockets included, so that the page and its messages share an origin. For development: in production a
 * server that is made for it does that.
 *
 * @param target http(s) URL
 */
export function proxyTo(target: string): DevelopmentProxy {
  // Host stays as it is: to the app, and to what it checks, this is its own origin.
  const proxy = createProxyServer({ target, xfwd: true });
  const fail = (response: ServerResponse) =>
    refuse(response, { status: 502, code: "APP_GONE", reason: "the app's server (--proxy) did not answer" });
  return {
    request: (request, response) => {
      proxy.web(request, response).catch(() => fail(response));
    },
    upgrade: (request, socket, head) => {
      proxy.ws(request, socket as never, {}, head).catch(() => socket.destroy());
    },
  };
}
