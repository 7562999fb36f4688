/**
 * What the broker refuses. The code stands in the ERROR frame's `message` header and stays what it is; the body is for people.
 *
 * | code | when |
 * | --- | --- |
 * | `ACK_UNKNOWN` | ACK or NACK of what is not awaiting one |
 * | `ALREADY_CONNECTED` | a second CONNECT |
 * | `BROKER_FULL` | all queues together hold as much as they may |
 * | `COMMAND_UNKNOWN` | not a command of the STOMP version in use |
 * | `CONNECT_TIMEOUT` | no CONNECT in time |
 * | `DESTINATION_UNKNOWN` | neither a topic nor a queue |
 * | `FRAME_TOO_BIG` | a frame, or its command and headers, exceed their bound |
 * | `HEADER_INVALID` | a header's value is not of its form |
 * | `HEADER_MISSING` | a header that the command requires is not there |
 * | `HEART_BEAT_MISSED` | the client promised heart-beats and fell silent |
 * | `MALFORMED_FRAME` | what came is not STOMP |
 * | `NOT_CONNECTED` | a frame before CONNECT |
 * | `QUEUE_FULL` | a queue holds as much as it may |
 * | `SLOW_CONSUMER` | more is waiting for this client than the broker keeps for one |
 * | `SUBSCRIPTION_EXISTS` | the id is taken |
 * | `SUBSCRIPTION_UNKNOWN` | UNSUBSCRIBE of what is not subscribed |
 * | `TOO_MANY_CONNECTIONS` | the port serves as many as it may |
 * | `TOO_MANY_HEADERS` | a frame has more headers than it may |
 * | `TOO_MANY_SUBSCRIPTIONS` | the connection has as many as it may |
 * | `TOO_MANY_TRANSACTIONS` | the connection has as many open as it may |
 * | `TRANSACTION_EXISTS` | BEGIN with an id that is open |
 * | `TRANSACTION_TOO_BIG` | more frames or octets in open transactions than the broker keeps |
 * | `TRANSACTION_UNKNOWN` | an id that is not open |
 * | `VERSION_UNSUPPORTED` | no STOMP version in common |
 */
export type BrokerErrorCode =
  | "ACK_UNKNOWN"
  | "ALREADY_CONNECTED"
  | "BROKER_FULL"
  | "COMMAND_UNKNOWN"
  | "CONNECT_TIMEOUT"
  | "DESTINATION_UNKNOWN"
  | "FRAME_TOO_BIG"
  | "HEADER_INVALID"
  | "HEADER_MISSING"
  | "HEART_BEAT_MISSED"
  | "MALFORMED_FRAME"
  | "NOT_CONNECTED"
  | "QUEUE_FULL"
  | "SLOW_CONSUMER"
  | "SUBSCRIPTION_EXISTS"
  | "SUBSCRIPTION_UNKNOWN"
  | "TOO_MANY_CONNECTIONS"
  | "TOO_MANY_HEADERS"
  | "TOO_MANY_SUBSCRIPTIONS"
  | "TOO_MANY_TRANSACTIONS"
  | "TRANSACTION_EXISTS"
  | "TRANSACTION_TOO_BIG"
  | "TRANSACTION_UNKNOWN"
  | "VERSION_UNSUPPORTED";

export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly code: BrokerErrorCode;
  /** What the client's author can do about it. */
  readonly remedy: string;

  constructor(code: BrokerErrorCode, what: string, remedy: string) {
    super(`${what} ${remedy}`);
    this.code = code;
    this.remedy = remedy;
  }
}

/** A client's text in an error: short, and on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
