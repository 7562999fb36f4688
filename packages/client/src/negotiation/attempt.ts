import type { TransportName } from "../transports/transport.ts";

/** One attempt to carry the session. A run of polls that follow each other is one attempt. */
export interface Attempt {
  readonly transport: TransportName;
  /** Opened because nothing carried; otherwise beside what carried, to see if it is better. */
  readonly takesOver: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Requests made: 1, or the number of polls. */
  requests: number;
  /** Milliseconds until the server's greeting came; absent if none did. */
  heardAfter?: number;
  /** Milliseconds from start to end; absent while it is open. */
  duration?: number;
  /** WebSocket close code, a code of the protocol, or 1006. */
  code?: number;
  /** Why it ended, for people. */
  cause?: string;
}

/** So many attempts are kept, the last ones. */
export const attemptsKept = 50;
