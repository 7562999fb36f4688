import type { Clock } from "../page/clock.ts";
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

const kept = 50;

/** What was tried, how it went and why it ended. Only the last 50 attempts are kept. */
export class Report {
  readonly attempts: Attempt[] = [];

  constructor(readonly clock: Clock) {}

  begin(transport: TransportName, takesOver: boolean): Attempt {
    const attempt = { transport, takesOver, startedAt: this.clock.now(), requests: 0 };
    if (this.attempts.push(attempt) > kept) this.attempts.shift();
    return attempt;
  }

  /** Milliseconds since the attempt began. */
  age({ startedAt }: Attempt): number {
    return this.clock.now() - startedAt;
  }

  end(attempt: Attempt, code: number, cause: string): void {
    if (attempt.code) return;
    Object.assign(attempt, { duration: this.age(attempt), code, cause });
  }
}
