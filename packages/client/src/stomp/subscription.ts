import type { Frame, Headers } from "./frame.ts";
import type { Message } from "./message.ts";

/** STOMP 1.2, SUBSCRIBE: `ack`. */
export type AckMode = "auto" | "client" | "client-individual";

export interface SubscribeOptions {
  /** @default "auto" */
  ack?: AckMode;
  /** More headers for SUBSCRIBE. @default none */
  headers?: Headers;
}

/**
 * Whether messages may have been missed: "fresh", none; "gap", the STOMP connection had to be opened anew, and what was published in between is missing. Connections
 * that are lost while the session goes on are neither here nor there: nothing was missed.
 */
export type Continuity = "fresh" | "gap";

/** What `subscribe` returns. */
export interface Subscription {
  readonly id: string;
  readonly destination: string;
  readonly continuity: Continuity;
  /** Ends it; no message is delivered after this call. Idempotent. */
  unsubscribe(): void;
}

/** A subscription as the client keeps it. */
export interface Subscribed {
  readonly subscription: Subscription & { continuity: Continuity };
  /** SUBSCRIBE, sent on each connection. */
  readonly frame: Frame;
  readonly handler: (message: Message) => void;
}
