import { EnckeError } from "../errors.ts";
import type { Environment } from "../page/environment.ts";
import type { SessionSettings } from "../session/session.ts";
import { eventSource } from "../transports/event-source.ts";
import { fetchStream } from "../transports/fetch-stream.ts";
import { iframeStream } from "../transports/iframe-stream.ts";
import type { TransportKind } from "../transports/transport.ts";
import { webSocket } from "../transports/websocket.ts";
import { xhrPoll } from "../transports/xhr-poll.ts";

/** How an `EnckeSocket` connects. */
export interface EnckeSocketOptions {
  /**
   * What may carry the session, best first. One that polls, if listed, is what it starts on; the others are tried beside it.
   * @default [webSocket, fetchStream, eventSource, iframeStream, xhrPoll]
   */
  transports?: readonly TransportKind[];
  /**
   * Octets that may wait for the server's acknowledgement; `send` throws `OUTBOX_FULL` over it.
   * @default 16 MiB
   */
  maxBuffered?: number;
}

export interface ResolvedSocketOptions extends SessionSettings {
  readonly maxBuffered: number;
}

/**
 * What to connect to, and how.
 *
 * @param endpoint a path such as "/encke", or an http, https, ws or wss URL
 * @throws {EnckeError} `BAD_OPTION`, `UNSUPPORTED`
 */
export function resolveSocketOptions(
  endpoint: string,
  protocols: string | readonly string[],
  {
    transports = [webSocket, fetchStream, eventSource, iframeStream, xhrPoll],
    maxBuffered = 16 * 1024 * 1024,
  }: EnckeSocketOptions,
  env: Environment,
): ResolvedSocketOptions {
  const check = (isSo: unknown, what: string) => {
    if (!isSo) throw new EnckeError("BAD_OPTION", what);
  };
  let base = "";
  try {
    base = new URL(endpoint, env.baseUrl).href.replace(/^ws/, "http").replace(/\/$/, "");
  } catch {}
  check(/^https?:[^?#]+$/.test(base), "endpoint: an http(s) URL without a query");
  check(maxBuffered > 0, "maxBuffered: above 0");
  check(transports[0] && transports.every?.((kind) => kind?.open), "transports: a list");
  const kinds = transports.filter((kind) => kind.isSupported(env));
  if (!kinds.length) throw new EnckeError("UNSUPPORTED", "None of the transports");
  return { base, kinds, maxBuffered, protocols: [protocols].flat() };
}
