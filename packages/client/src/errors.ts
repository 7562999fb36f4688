/**
 * Every error that encke throws, rejects with or reports has one of these codes.
 *
 * | code | when |
 * | --- | --- |
 * | `BAD_OPTION` | an option or argument is not of its form |
 * | `CLOSED` | the client or socket has been closed |
 * | `CONNECTION_LOST` | the STOMP connection ended without being asked to |
 * | `FRAME_TOO_BIG` | a STOMP frame that came in exceeds a bound |
 * | `HEADER_NOT_WRITABLE` | a header holds what the STOMP version in use cannot write |
 * | `MALFORMED_FRAME` | what came in is not STOMP |
 * | `MESSAGE_TOO_BIG` | a message exceeds what the server takes |
 * | `NOT_ACKNOWLEDGEABLE` | `ack` or `nack` on a message that needs none, or whose connection is gone |
 * | `NOT_SENT` | a publish never left and will not |
 * | `OUTBOX_FULL` | more is waiting to be sent than the outbox may hold |
 * | `SERVER_ERROR` | the server answered with an ERROR frame |
 * | `SESSION_ENDED` | the server ended the session; the reason says why |
 * | `UNKNOWN_OUTCOME` | a publish left and its connection ended before the server's word came, or that never came |
 * | `UNSUPPORTED` | this browser lacks all the transports listed |
 */
export type EnckeErrorCode =
  | "BAD_OPTION"
  | "CLOSED"
  | "CONNECTION_LOST"
  | "FRAME_TOO_BIG"
  | "HEADER_NOT_WRITABLE"
  | "MALFORMED_FRAME"
  | "MESSAGE_TOO_BIG"
  | "NOT_ACKNOWLEDGEABLE"
  | "NOT_SENT"
  | "OUTBOX_FULL"
  | "SERVER_ERROR"
  | "SESSION_ENDED"
  | "UNKNOWN_OUTCOME"
  | "UNSUPPORTED";

/** What to do about each. As one text, because the script build would shorten the names of an object. */
const remedies = `
BAD_OPTION See the documentation
CLOSED Connect again
CONNECTION_LOST It will be tried again
FRAME_TOO_BIG Send less at once
HEADER_NOT_WRITABLE Leave line ends out
MALFORMED_FRAME Look at what answers there
MESSAGE_TOO_BIG Split it
NOT_ACKNOWLEDGEABLE Subscribe with ack "client-individual", and answer while connected
NOT_SENT Publish it again
OUTBOX_FULL Publish less, or wait
SERVER_ERROR See the cause
SESSION_ENDED Update the page or the server
UNKNOWN_OUTCOME Publish it again if twice is better than never
UNSUPPORTED List more transports
`;

/** An error with a stable code, what happened, and what to do about it. */
export class EnckeError extends Error {
  override readonly name = "EnckeError";
  /** What the reader can do about it. */
  readonly remedy: string;

  constructor(
    readonly code: EnckeErrorCode,
    what = "",
    override readonly cause?: unknown,
  ) {
    const [, remedy = ""] = remedies.match(`\n${code} (.*)`)!;
    super(`${what || code}. ${remedy}`);
    this.remedy = remedy;
  }

  /** Of a publish that was not confirmed: whether the broker can have it. */
  get outcome(): "not-sent" | "unknown" | undefined {
    if (this.code === "UNKNOWN_OUTCOME") return "unknown";
    return this.code === "NOT_SENT" ? "not-sent" : undefined;
  }
}
