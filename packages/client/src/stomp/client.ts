import type { EnckeError } from "../errors.ts";
import type { Frame, Headers } from "./frame.ts";
import type { Message } from "./message.ts";
import type { SubscribeOptions, Subscription } from "./subscription.ts";
import type { Transaction } from "./transaction.ts";

/** "reconnecting": there was a STOMP connection, and another is being opened. A session that resumes stays "connected". */
export type ClientState = "connecting" | "connected" | "reconnecting" | "closed";

// A type and not an interface: mitt wants an index signature.
export type ClientEvents = {
  state: ClientState;
  /** What carries from now on; null: nothing at the moment. Over a socket that does not tell, never. */
  transport: string | null;
  /** Messages may have been missed on this subscription: those published after `since`, when anything was heard last, in milliseconds since 1970, and what was on its way then. */
  continuity: { readonly subscription: Subscription; readonly continuity: "gap"; readonly since: number };
  error: EnckeError;
  /** Each frame, for debugging. */
  frame: { readonly direction: "in" | "out"; readonly frame: Frame };
};

export interface PublishOptions {
  /** More headers for SEND. @default none */
  headers?: Headers;
  /** Ask for the broker's RECEIPT; then `publish` returns a promise of it. @default false */
  receipt?: boolean;
  /** What cannot leave at once waits in the outbox, and goes over the next connection if the last one has not seen it. If false it is dropped; the outcome is "not-sent". @default true */
  retry?: boolean;
}

/** What `publish` sends: text, octets, or a plain value, which goes as JSON. */
export type Body = string | Uint8Array | number | boolean | null | object;

/** Publishes and subscribes, over one STOMP connection after the other. Calls made without one are kept, within bounds, and done in order when there is one. */
export interface Client {
  readonly state: ClientState;
  /** What carries at the moment; null: nothing, or the socket does not tell. */
  readonly transport: string | null;
  /** Resolves when there is a STOMP connection. @throws {EnckeError} `CLOSED` if there will be none */
  readonly connected: Promise<void>;
  /** What was tried to connect, how it went and why, as plain JSON. */
  report(): object;
  /** Calls `handler` at each such event. Returns what takes it off again. What a handler throws is shown as the page's own errors are, and stops nothing. */
  on<E extends keyof ClientEvents>(type: E, handler: (event: ClientEvents[E]) => void): () => void;
  /**
   * Subscribes, now and at each new connection.
   *
   * @param destination as the broker names it, such as "/topic/prices"
   * @param handler called with each message, in order
   * @throws {EnckeError} `BAD_OPTION`, `CLOSED`
   */
  subscribe(destination: string, handler: (message: Message) => void, options?: SubscribeOptions): Subscription;
  /**
   * The same as an async iterator, for `for await`: it subscribes when it is asked for the first message, and unsubscribes when the loop is left. It ends when the
   * client is closed. What comes while the loop is busy waits in memory; with `ack` other than "auto" the broker sends no more than it allows to be unacknowledged.
   */
  messages(destination: string, options?: SubscribeOptions): AsyncGenerator<Message, void, void>;
  /** Begins a transaction (STOMP 1.2, BEGIN): what belongs to it is kept here, and goes to the broker with `commit`. */
  begin(): Transaction;
  /**
   * Publishes a message.
   *
   * @returns with `receipt`, a promise that resolves to "delivered" at the broker's RECEIPT and rejects with an error whose `outcome` is "not-sent" or "unknown";
   * nothing otherwise. What waits for longer than `maxOutboxAge` is not sent; without `receipt` an "error" event says so
   * @throws {EnckeError} `BAD_OPTION`, `CLOSED`, `OUTBOX_FULL`, `MESSAGE_TOO_BIG`, `HEADER_NOT_WRITABLE`; with `receipt` the promise rejects instead
   */
  publish(destination: string, body: Body, options: PublishOptions & { receipt: true }): Promise<"delivered">;
  publish(destination: string, body?: Body, options?: PublishOptions): void;
  /**
   * Ends the connection behind what was published, as STOMP 1.2 asks: DISCONNECT, then wait for its RECEIPT. What cannot be sent any more is
   * rejected. Resolves when all is over.
   */
  close(): Promise<void>;
}
