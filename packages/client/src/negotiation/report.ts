import type { TransportName } from "../transports/transport.ts";

/** One attempt to carry the session. A run of polls that follow each other is one attempt. */
export interface Attempt {
  readonly transport: TransportName;
  /** `takes-over`: opened because nothing carried; `candidate`: opened beside what carried, to see if it is better. */
  readonly role: "takes-over" | "candidate";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds until the server's first record came; absent if none did. */
  heardAfter?: number;
  /** Requests made: 1, or the number of polls. */
  requests: number;
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

  begin(transport: TransportName, role: Attempt["role"], now: number): Attempt {
    const attempt: Attempt = { transport, role, startedAt: now, requests: 1 };
    this.attempts.push(attempt);
    if (this.attempts.length > kept) this.attempts.shift();
    return attempt;
  }

  heard(attempt: Attempt, now: number): void {
    attempt.heardAfter ??= now - attempt.startedAt;
  }

  /** The attempt with this transport that has not ended. */
  running(transport: TransportName): Attempt | undefined {
    return this.attempts.find((attempt) => attempt.transport === transport && attempt.duration === undefined);
  }

  end(attempt: Attempt, code: number, cause: string, now: number): void {
    if (attempt.duration !== undefined) return;
    attempt.duration = now - attempt.startedAt;
    attempt.code = code;
    attempt.cause = cause;
  }
}
