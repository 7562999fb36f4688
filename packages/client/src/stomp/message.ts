import { toOctets } from "../utf8.ts";
import type { Frame, Headers } from "./frame.ts";
import { toText } from "./octets.ts";

/** A MESSAGE frame, as a subscription's handler gets it. */
export interface Message {
  readonly headers: Headers;
  readonly destination: string;
  /** The body as text; octets are read as UTF-8. */
  text(): string;
  /** The body as octets; text is written as UTF-8. */
  bytes(): Uint8Array;
  /** The body read as JSON. @throws {SyntaxError} if it is not */
  json<T = unknown>(): T;
  /**
   * Tells the broker that the message was consumed (STOMP 1.2, ACK).
   * @throws {EnckeError} `NOT_ACKNOWLEDGEABLE` if the subscription's mode is "auto" or the connection that it came by is gone
   */
  ack(headers?: Headers): void;
  /** Tells the broker that the message was not consumed (STOMP 1.2, NACK). @throws as `ack`, and in STOMP 1.0, which has no NACK */
  nack(headers?: Headers): void;
}

/** @param answer sends ACK or NACK */
export const messageOf = (
  { headers, body }: Frame,
  answer: (command: "ACK" | "NACK", more?: Headers) => void,
): Message => ({
  headers,
  destination: headers.destination!,
  text: () => toText(body),
  bytes: () => toOctets(body),
  json: () => JSON.parse(toText(body)),
  ack: (more) => answer("ACK", more),
  nack: (more) => answer("NACK", more),
});
