import { EnckeError } from "../errors.ts";
import { type StompEnvironment, stompEnvironment } from "../page/environment.ts";
import type { Client } from "./client.ts";
import { createClient } from "./create-client.ts";
import type { StompOptions } from "./options.ts";
import type { SocketLike, StompSocket } from "./socket-like.ts";

/** Where STOMP is: a ws(s) URL, or a function that opens anything shaped like a WebSocket. */
export type StompEndpoint = string | (() => SocketLike);

/** The subprotocols of STOMP over WebSocket. */
const subprotocols = ["v12.stomp", "v11.stomp", "v10.stomp"];

/** What opens a socket there; undefined if that is no endpoint of plain STOMP. @throws {EnckeError} `UNSUPPORTED` */
export function openerOf(endpoint: StompEndpoint, { WebSocket }: StompEnvironment): (() => StompSocket) | undefined {
  if (typeof endpoint === "function") return endpoint as () => StompSocket;
  if (!/^wss?:/.test(endpoint)) return undefined;
  if (!WebSocket) throw new EnckeError("UNSUPPORTED", endpoint);
  return () => new WebSocket(endpoint, subprotocols) as unknown as StompSocket;
}

/**
 * Connects over a plain WebSocket or whatever the function returns.
 *
 * @throws {EnckeError} `BAD_OPTION`, `UNSUPPORTED`
 */
export function connect(
  endpoint: StompEndpoint,
  options: StompOptions = {},
  env: StompEnvironment = stompEnvironment(),
): Client {
  const open = openerOf(endpoint, env);
  if (!open) throw new EnckeError("BAD_OPTION", `${endpoint}`);
  return createClient(open, options, env);
}
