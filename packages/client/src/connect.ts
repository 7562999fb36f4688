import { pageEnvironment } from "./page/environment.ts";
import { EnckeSocket } from "./socket/encke-socket.ts";
import { type EnckeSocketOptions, resolveSocketOptions } from "./socket/options.ts";
import type { Client } from "./stomp/client.ts";
import { openerOf, type StompEndpoint } from "./stomp/connect.ts";
import { createClient } from "./stomp/create-client.ts";
import type { StompOptions } from "./stomp/options.ts";
import type { StompSocket } from "./stomp/socket-like.ts";

/** Everything that `connect` takes; what is about transports counts for encke's own protocol only. */
export interface ConnectOptions extends StompOptions, EnckeSocketOptions {}

/**
 * Opens a client that is usable at once: what is called before there is a connection is kept, and what is called in the same turn of the event loop
 * travels with the first request.
 *
 * @param endpoint a path or http(s) URL: encke's own protocol, as "/encke" · a ws(s) URL: plain STOMP over WebSocket · a function that
 * returns a WebSocket-shaped object: STOMP over that
 * @throws {EnckeError} `BAD_OPTION`, `UNSUPPORTED`
 */
export function connect(endpoint: StompEndpoint, options: ConnectOptions = {}): Client {
  const env = pageEnvironment();
  let open = openerOf(endpoint, env);
  if (!open) {
    // Said here and now, and not at each attempt to connect.
    resolveSocketOptions(endpoint as string, [], options, env);
    open = () => new EnckeSocket(endpoint as string, [], options, env) as unknown as StompSocket;
  }
  return createClient(open, options, env);
}
