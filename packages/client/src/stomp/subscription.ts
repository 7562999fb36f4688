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
 * What became of the subscription when nothing carried last: "fresh", that has not happened; "resumed", the session went on and nothing was missed; "gap", the STOMP
 * connection had to be opened anew, and what was published in between may be missing.
 */
export type Continuity = "fresh" | "resumed" | "gap";

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
