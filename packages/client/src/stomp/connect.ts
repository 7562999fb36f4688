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
  if (typeof endpoint === "function") return createClient(endpoint as () => StompSocket, options, env);
  const { WebSocket } = env;
  if (!WebSocket || !/^wss?:/.test(endpoint)) {
    throw new EnckeError(WebSocket ? "BAD_OPTION" : "UNSUPPORTED", endpoint);
  }
  return createClient(() => new WebSocket(endpoint, subprotocols) as unknown as StompSocket, options, env);
}
