import { EnckeError } from "../errors.ts";
import type { Headers } from "./frame.ts";

/** A value, or a function that gives it, asked anew at every STOMP connection. */
export type Asked<T> = T | (() => T | Promise<T>);

export interface StompOptions {
  /** STOMP 1.2, CONNECT: `login`. @default none */
  login?: Asked<string>;
  /** STOMP 1.2, CONNECT: `passcode`. @default none */
  passcode?: Asked<string>;
  /** STOMP 1.2, CONNECT: the virtual host. @default "/" */
  host?: Asked<string>;
  /** More headers for CONNECT. @default none */
  headers?: Asked<Headers>;
  /**
   * How often, in milliseconds, this client is able to send something; 0 means never. In force is the larger of this and the server's wish, and nothing if
   * either is 0. Over a session, which watches itself, always 0.
   * @default 10_000
   * @see STOMP 1.2, "Heart-beating" (first number of the CONNECT `heart-beat` header)
   */
  heartbeatOutgoing?: number;
  /**
   * How often, in milliseconds, this client would like to hear something; 0 means never. A server that is silent for twice what was agreed is taken for gone. Over a
   * session always 0.
   * @default 10_000
   * @see STOMP 1.2, "Heart-beating" (second number of the CONNECT `heart-beat` header)
   */
  heartbeatIncoming?: number;
  /**
   * How long, in milliseconds, the broker's RECEIPT is awaited; after that the outcome is unknown. 0 means until the connection ends. The time counts from when all that
   * was sent has left, over a session while something carries.
   * @default 30_000
   */
  receiptTimeout?: number;
  /** Publishes that may wait for a connection; `OUTBOX_FULL` over it. @default 10_000 */
  maxOutboxCount?: number;
  /** Octets of body, in text UTF-16 code units, that may wait for a connection; `OUTBOX_FULL` over it. @default 16 MiB */
  maxOutboxSize?: number;
  /** How long, in milliseconds, a publish may wait for a connection; then it is given up, with `NOT_SENT`. @default 300_000 */
  maxOutboxAge?: number;
}

const defaults = {
  heartbeatOutgoing: 10_000,
  heartbeatIncoming: 10_000,
  receiptTimeout: 30_000,
  maxOutboxCount: 10_000,
  maxOutboxSize: 16 * 1024 * 1024,
  maxOutboxAge: 300_000,
};

export type ResolvedStompOptions = StompOptions & typeof defaults;

/** @throws {EnckeError} `BAD_OPTION` */
export function resolveStompOptions(options: StompOptions): ResolvedStompOptions {
  const resolved = { ...defaults, ...options };
  for (const name in defaults) {
    if (!(resolved[name as keyof typeof defaults] >= 0)) throw new EnckeError("BAD_OPTION", name);
  }
  return resolved;
}

export const ask = <T>(value: Asked<T>): T | Promise<T> => (typeof value === "function" ? (value as () => T)() : value);
