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

  /** @param isFresh not merely the next poll of an attempt that goes on */
  begin(transport: TransportName, takesOver: boolean, isFresh: boolean): Attempt {
    const running = this.attempts.find((attempt) => attempt.transport === transport && attempt.duration === undefined);
    if (running && !isFresh) {
      running.requests++;
      return running;
    }
    const attempt: Attempt = { transport, takesOver, startedAt: this.clock.now(), requests: 1 };
    if (this.attempts.push(attempt) > kept) this.attempts.shift();
    return attempt;
  }

  heard(attempt: Attempt): void {
    attempt.heardAfter ??= this.clock.now() - attempt.startedAt;
  }

  end(attempt: Attempt, code: number, cause: string): void {
    attempt.duration ??= this.clock.now() - attempt.startedAt;
    attempt.code ??= code;
    attempt.cause ??= cause;
  }
}
