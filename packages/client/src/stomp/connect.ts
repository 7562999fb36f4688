import { EnckeError } from "../errors.ts";
import { type Environment, pageEnvironment } from "../page/environment.ts";
import { Client } from "./client.ts";
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
  env: Environment = pageEnvironment(),
): Client {
  if (typeof endpoint === "function") return new Client(endpoint as () => StompSocket, options, env);
  const { WebSocket } = env;
  if (!/^wss?:/.test(endpoint)) {
    throw new EnckeError(
      "BAD_OPTION",
      "The endpoint is not a ws or wss URL.",
      'For encke\'s own protocol, `connect` is in "encke".',
    );
  }
  if (!WebSocket)
    throw new EnckeError("UNSUPPORTED", "There is no WebSocket here.", "Give a function that opens a socket.");
  return new Client(() => new WebSocket(endpoint, subprotocols) as unknown as StompSocket, options, env);
}
