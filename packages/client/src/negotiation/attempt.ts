import type { TransportName } from "../transports/transport.ts";

/**
 * What ends an attempt, as far as it can be told from here.
 *
 * | cause | |
 * | --- | --- |
 * | `upgrade refused` | something on the way, or the server, wants no WebSocket |
 * | `upgrade swallowed` | the WebSocket was never answered, or opened and brought nothing: not the greeting, or not the pong |
 * | `buffered` | something holds the stream back: the greeting or the pong did not come in time |
 * | `unanswered` | a poll was not answered in time |
 * | `cut`, `cut when idle` | the connection was lost; after nothing had come for 5 s or more |
 * | `silent` | nothing came any more, though pings were due |
 * | `CORS`, `CSP`, `mixed content` | the browser did not let it through: the server allows no other origin (`--origin`), or not this one; the page's Content-Security-Policy; http from https |
 * | `HTTP 403` and others | the answer's status |
 * | `refused` | an EventSource was not answered as one; the browser does not say how |
 * | `server gone` | there was no answer at all |
 * | `not encke` | the answer was somebody else's: a captive portal, an error page |
 * | `moved`, `replaced`, `closed` | nothing was wrong: something better took over, the page woke, was put aside or gave the connection to another tab, the session is over |
 */
export type Cause =
  | "upgrade refused"
  | "upgrade swallowed"
  | "buffered"
  | "unanswered"
  | "cut"
  | "cut when idle"
  | "silent"
  | "CORS"
  | "CSP"
  | "mixed content"
  | "refused"
  | "server gone"
  | "not encke"
  | "moved"
  | "replaced"
  | "closed"
  | (string & {});

/** One attempt to carry the session. A run of polls that follow each other is one attempt. */
export interface Attempt {
  readonly transport: TransportName;
  /** Opened because nothing carried; otherwise beside what carried, to see if it is better. */
  readonly takesOver: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Requests made: 1, or the number of polls. */
  requests: number;
  /** What has come on it, text in UTF-16 code units. */
  bytes: number;
  /** Milliseconds until the server's greeting came; absent if none did. */
  heardAfter?: number;
  /** Milliseconds from start to end; absent while it is open. */
  duration?: number;
  /** WebSocket close code, a code of the protocol, or 1006. */
  code?: number;
  /** Why it ended: what is known of it, or else what the other side or the browser said. */
  cause?: Cause;
}

/** So many attempts are kept, the last ones. */
export const attemptsKept = 50;

/**
 * Why something ended that was not ended here.
 *
 * @param code as in `TransportEnd`
 * @param silence milliseconds since anything was heard
 * @param isMixed an http URL in an https page
 */
export function causeOf(
  { heardAfter }: Attempt,
  code: number,
  reason: string,
  silence: number,
  isMixed: boolean,
): Cause {
  // What ends in order says why.
  if (/^HTTP [^2]|^not/.test(reason) || code > 1006) return reason;
  if (heardAfter !== undefined) return silence < 5_000 ? "cut" : "cut when idle";
  return isMixed ? "mixed content" : reason || "upgrade refused";
}
