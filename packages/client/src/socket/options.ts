import { EnckeError } from "../errors.ts";
import type { Environment } from "../page/environment.ts";
import type { TransportKind } from "../transports/transport.ts";
import { webSocket } from "../transports/websocket.ts";
import { xhrPoll } from "../transports/xhr-poll.ts";

/** Best first. */
const defaultTransports: readonly TransportKind[] = [webSocket, xhrPoll];

/** How an `EnckeSocket` connects. */
export interface EnckeSocketOptions {
  /**
   * What may carry the session, best first. One that polls, if listed, is what it starts on; the others are tried beside it.
   * @default [webSocket, xhrPoll]
   */
  transports?: readonly TransportKind[];
  /**
   * Octets that may wait for the server's acknowledgement; `send` throws `OUTBOX_FULL` over it.
   * @default 16 MiB
   */
  maxBuffered?: number;
}

/** The options with their defaults, and checked. */
export interface ResolvedSocketOptions {
  readonly kinds: readonly TransportKind[];
  readonly maxBuffered: number;
}

/** @throws {EnckeError} `BAD_OPTION`, `UNSUPPORTED` */
export function resolveSocketOptions(options: EnckeSocketOptions, env: Environment): ResolvedSocketOptions {
  const { transports = defaultTransports, maxBuffered = 16 * 1024 * 1024 } = options;
  if (!Array.isArray(transports) || !transports.length || transports.some((kind) => typeof kind?.open !== "function")) {
    throw new EnckeError(
      "BAD_OPTION",
      "`transports` is not a list of transports.",
      "List some, as in [webSocket, xhrPoll].",
    );
  }
  if (!(maxBuffered > 0)) throw new EnckeError("BAD_OPTION", "`maxBuffered` is not a number of octets above 0.");
  const kinds = transports.filter((kind) => kind.isSupported(env));
  if (kinds.length === 0) {
    const names = transports.map((kind) => kind.name).join(", ");
    throw new EnckeError("UNSUPPORTED", `This browser has none of: ${names}.`, "List more transports.");
  }
  return { kinds, maxBuffered };
}
