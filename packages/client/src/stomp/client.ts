import mitt, { type Emitter } from "mitt";
import { EnckeError } from "../errors.ts";
import type { Environment } from "../page/environment.ts";
import { Connection } from "./connection.ts";
import type { Frame, Headers } from "./frame.ts";
import { Message } from "./message.ts";
import { connectHeaders, type ResolvedStompOptions, resolveStompOptions, type StompOptions } from "./options.ts";
import { Outbox, type Outgoing } from "./outbox.ts";
import type { SocketEnd, StompSocket } from "./socket-like.ts";
import type { Continuity, Subscribed, SubscribeOptions, Subscription } from "./subscription.ts";

/** "reconnecting": there was a STOMP connection, and another is being opened. A session that resumes stays "connected". */
export type ClientState = "connecting" | "connected" | "reconnecting" | "closed";

// A type and not an interface: mitt wants an index signature.
export type ClientEvents = {
  state: ClientState;
  /** What carries from now on; null: nothing at the moment. Over a socket that does not tell, never. */
  transport: string | null;
  /** Messages may have been missed on this subscription. */
  continuity: { readonly subscription: Subscription; readonly continuity: "gap" };
  error: EnckeError;
  /** Each frame, for debugging. */
  frame: { readonly direction: "in" | "out"; readonly frame: Frame };
};

export interface PublishOptions {
  /** More headers for SEND. @default none */
  headers?: Headers;
  /** Ask for the broker's RECEIPT; then `publish` returns a promise of it. @default false */
  receipt?: boolean;
}

/** What `publish` sends: text, octets, or a plain value, which goes as JSON. */
export type Body = string | Uint8Array | number | boolean | null | object;

interface Pending {
  resolve(): void;
  reject(error: EnckeError): void;
}

/** First wait before a new STOMP connection, and the longest, in milliseconds; the wait itself is any time below (full jitter). */
const firstRetry = 250;
const longestRetry = 30_000;
/** How long `close` waits for the broker's word on what was sent before, in milliseconds. */
const farewell = 2_000;
/** PROTOCOL.md section 9: the server does not serve this version, now or later. */
const versionCode = 4001;

/** Publishes and subscribes, over one STOMP connection after the other. Calls made without one are kept, within bounds, and done in order when there is one. */
export class Client {
  readonly #openSocket: () => StompSocket;
  readonly #env: Environment;
  readonly #options: ResolvedStompOptions;
  readonly #events: Emitter<ClientEvents> = mitt();
  readonly #outbox: Outbox;
  readonly #subscriptions = new Map<string, Subscribed>();
  readonly #receipts = new Map<string, Pending>();
  readonly #offWake: () => void;
  #connection: Connection | undefined;
  #state: ClientState = "connecting";
  #transport: string | null = null;
  #ids = 0;
  /** Attempts in a row that did not reach CONNECTED. */
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #isConnectedOnce = false;
  /** Nothing carried for a while; what follows shows whether the session goes on. */
  #wasInterrupted = false;
  #whenConnected!: { promise: Promise<void> } & Pending;

  /** @param openSocket called for each new STOMP connection @throws {EnckeError} `BAD_OPTION` */
  constructor(openSocket: () => StompSocket, options: StompOptions, env: Environment) {
    this.#openSocket = openSocket;
    this.#env = env;
    this.#options = resolveStompOptions(options);
    this.#outbox = new Outbox(this.#options.maxOutboxCount, this.#options.maxOutboxSize);
    this.#offWake = env.lifecycle.onWake(() => this.#cancelRetry && this.#open());
    this.#expectConnected();
    this.#open();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** What carries at the moment; null: nothing, or the socket does not tell. */
  get transport(): string | null {
    return this.#transport;
  }

  /** Resolves when there is a STOMP connection. @throws {EnckeError} `CLOSED` if there will be none */
  get connected(): Promise<void> {
    return this.#whenConnected.promise;
  }

  /** What was tried to connect, how it went and why, as plain JSON. */
  report(): object {
    return { state: this.#state, ...this.#connection?.socket.report?.() };
  }

  /** Calls `handler` at each such event. Returns what takes it off again. What a handler throws becomes an `error` event and stops nothing. */
  on<E extends keyof ClientEvents>(type: E, handler: (event: ClientEvents[E]) => void): () => void {
    const guarded = (event: ClientEvents[E]) => this.#guard(handler, event);
    this.#events.on(type, guarded);
    return () => this.#events.off(type, guarded);
  }

  /**
   * Subscribes, now and at each new connection.
   *
   * @param destination as the broker names it, such as "/topic/prices"
   * @param handler called with each message, in order
   * @throws {EnckeError} `BAD_OPTION`, `CLOSED`
   */
  subscribe(destination: string, handler: (message: Message) => void, options: SubscribeOptions = {}): Subscription {
    this.#checkOpen();
    checkDestination(destination);
    const id = `s${++this.#ids}`;
    const subscription = {
      id,
      destination,
      continuity: "fresh" as Continuity,
      unsubscribe: () => {
        if (this.#subscriptions.delete(id)) this.#send({ command: "UNSUBSCRIBE", headers: { id }, body: "" });
      },
    };
    const subscribed: Subscribed = { public: subscription, options, handler };
    this.#subscriptions.set(id, subscribed);
    this.#send(subscribeFrame(subscribed));
    return subscription;
  }

  /**
   * Publishes a message.
   *
   * @returns with `receipt`, a promise that resolves to "delivered" at the broker's RECEIPT and rejects with an error whose `outcome` is "not-sent" or "unknown";
   * nothing otherwise
   * @throws {EnckeError} `BAD_OPTION`, `CLOSED`, `OUTBOX_FULL`, `MESSAGE_TOO_BIG`, `HEADER_NOT_WRITABLE`; with `receipt` the promise rejects instead
   */
  publish(destination: string, body: Body, options: PublishOptions & { receipt: true }): Promise<"delivered">;
  publish(destination: string, body?: Body, options?: PublishOptions): void;
  publish(
    destination: string,
    body: Body = "",
    { headers = {}, receipt }: PublishOptions = {},
  ): Promise<"delivered"> | undefined {
    const isRaw = typeof body === "string" || body instanceof Uint8Array;
    const type: Headers = isRaw ? {} : { "content-type": "application/json" };
    const frame = {
      command: "SEND",
      headers: { destination, ...type, ...headers },
      body: isRaw ? body : JSON.stringify(body),
    };
    const post = () => {
      this.#checkOpen();
      checkDestination(destination);
      this.#send(frame);
    };
    if (!receipt) {
      post();
      return;
    }
    return this.#withReceipt(frame.headers, post).then(() => "delivered");
  }

  /**
   * Ends the connection behind what was published, as STOMP 1.2 asks: DISCONNECT, then wait for its RECEIPT. What cannot be sent any more is
   * rejected. Resolves when all is over.
   */
  close(): Promise<void> {
    this.#closing ??= this.#farewell().finally(() => this.#finish());
    return this.#closing;
  }

  // Sending

  #checkOpen(): void {
    if (this.#closing || this.#state === "closed")
      throw new EnckeError("CLOSED", "The client has been closed.", "`connect` again.");
  }

  #send(frame: Outgoing): void {
    // Most frames find an open connection and nothing before them.
    if (
      !this.#outbox.waiting.length &&
      this.#connection?.socket.readyState === 1 &&
      this.#connection.takes(frame.headers)
    ) {
      return this.#write(frame);
    }
    this.#outbox.push(frame);
    this.#flush();
  }

  #flush(): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#outbox.flush((frame) => {
      if (!connection.takes(frame.headers)) return false;
      try {
        this.#write(frame);
      } catch (error) {
        this.#drop(frame, error);
      }
      return true;
    }, connection.socket.readyState === 0);
  }

  #write(frame: Outgoing): void {
    this.#connection!.write(frame.command, frame.headers, frame.body);
    if (this.#events.all.get("frame")?.length) this.#events.emit("frame", { direction: "out", frame });
  }

  /** A frame that waited and turns out not to be sendable. */
  #drop(frame: Outgoing, cause: unknown): void {
    const error = new EnckeError(
      "NOT_SENT",
      `A ${frame.command} could not be sent: ${(cause as Error).message}`,
      undefined,
      cause,
    );
    const receipt = frame.headers.receipt;
    if (receipt !== undefined && this.#receipts.has(receipt)) this.#settle(receipt, error);
    else this.#fail(error);
  }

  /** Lets `send` send a frame with these headers, and waits for its RECEIPT. */
  #withReceipt(headers: Headers, send: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      headers.receipt ??= `r${++this.#ids}`;
      this.#receipts.set(headers.receipt, { resolve, reject });
      try {
        send();
      } catch (error) {
        this.#receipts.delete(headers.receipt);
        throw error;
      }
    });
  }

  #settle(receipt: string | undefined, error?: EnckeError): void {
    const pending = this.#receipts.get(receipt!);
    this.#receipts.delete(receipt!);
    if (error) pending?.reject(error);
    else pending?.resolve();
  }

  // Connections

  #open(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    try {
      const headers = connectHeaders(this.#options);
      if (headers instanceof Promise)
        headers.then((known) => this.#connect(known)).catch((error) => this.#retry(undefined, error));
      else this.#connect(headers);
    } catch (error) {
      this.#retry(undefined, error);
    }
  }

  #connect(headers: Headers): void {
    if (this.#state === "closed") return;
    const connection: Connection = new Connection(
      this.#openSocket(),
      headers,
      this.#options,
      {
        onConnected: () => this.#connected(),
        onFrame: (frame) => this.#frame(frame),
        onChange: () => this.#changed(),
        onClose: (end, wasOpen, error) => connection === this.#connection && this.#lost(end, wasOpen, error),
      },
      this.#env,
    );
    this.#connection = connection;
    this.#outbox.restart([...this.#subscriptions.values()].map(subscribeFrame));
    this.#flush();
  }

  #connected(): void {
    this.#failures = 0;
    if (this.#isConnectedOnce) this.#tellGap();
    this.#isConnectedOnce = true;
    this.#enter("connected");
    this.#whenConnected.resolve();
    this.#flush();
  }

  #changed(): void {
    const { socket } = this.#connection!;
    if (socket.readyState === 1) this.#outbox.confirm();
    this.#carriedBy(socket.transport ?? null);
    this.#flush();
  }

  #carriedBy(transport: string | null): void {
    if (transport === this.#transport) return;
    this.#transport = transport;
    if (transport === null && this.#state === "connected") this.#wasInterrupted = true;
    else if (this.#wasInterrupted) {
      this.#wasInterrupted = false;
      for (const { public: subscription } of this.#subscriptions.values()) {
        if (subscription.continuity === "fresh") subscription.continuity = "resumed";
      }
    }
    this.#events.emit("transport", transport);
  }

  #frame(frame: Frame): void {
    if (this.#events.all.get("frame")?.length) this.#events.emit("frame", { direction: "in", frame });
    const { command, headers } = frame;
    switch (command) {
      case "MESSAGE": {
        const subscribed = this.#subscriptions.get(headers.subscription!);
        if (subscribed) this.#guard(subscribed.handler, this.#message(frame, subscribed));
        return;
      }
      case "RECEIPT":
        return this.#settle(headers["receipt-id"]);
      case "ERROR": {
        const error = new EnckeError("SERVER_ERROR", headers.message ?? "The server sent an ERROR.", undefined, frame);
        const receipt = headers["receipt-id"];
        if (receipt !== undefined && this.#receipts.has(receipt))
          this.#settle(receipt, new EnckeError("NOT_SENT", error.message, undefined, error));
        return this.#fail(error);
      }
    }
  }

  #message(frame: Frame, { options }: Subscribed): Message {
    const connection = this.#connection!;
    return new Message(frame, {
      version: connection.version,
      acknowledge: (command, headers) => {
        if ((options.ack ?? "auto") === "auto" || connection !== this.#connection) {
          throw new EnckeError(
            "NOT_ACKNOWLEDGEABLE",
            "The message needs no acknowledgement, or came over a connection that is gone.",
            'Subscribe with ack "client" or "client-individual"; a broker delivers again what was not acknowledged.',
          );
        }
        this.#send({ command, headers, body: "" });
      },
    });
  }

  #lost(end: SocketEnd, wasOpen: boolean, cause?: unknown): void {
    const unacknowledged = this.#connection!.socket.bufferedAmount ?? 0;
    this.#connection = undefined;
    this.#carriedBy(null);
    this.#wasInterrupted = false;
    if (this.#closing) return this.#finish();
    if (wasOpen) {
      this.#outbox.confirm();
      this.#doubt(end, unacknowledged);
    }
    if (end.code === versionCode) {
      this.#fail(new EnckeError("SESSION_ENDED", end.reason, "Update the page's encke or the server's.", cause));
      return this.#finish();
    }
    this.#retry(end, cause);
  }

  /** What was sent and not answered has an unknown outcome, and that is said. */
  #doubt({ reason }: SocketEnd, unacknowledged: number): void {
    const waiting = new Set(this.#outbox.waiting.map((frame) => frame.headers.receipt));
    for (const receipt of [...this.#receipts.keys()]) {
      if (waiting.has(receipt)) continue;
      this.#settle(
        receipt,
        new EnckeError("UNKNOWN_OUTCOME", `The connection ended before the receipt came. ${reason}`),
      );
    }
    if (unacknowledged > 0) {
      const what = `The connection ended with ${unacknowledged} octets on their way, which the server may or may not have.`;
      this.#fail(new EnckeError("UNKNOWN_OUTCOME", what, "Publish with `receipt` what must be known."));
    }
  }

  #retry(end: SocketEnd | undefined, cause: unknown): void {
    if (this.#state === "closed") return;
    if (cause)
      this.#fail(new EnckeError(end ? "BAD_FRAME" : "CONNECTION_LOST", (cause as Error).message, undefined, cause));
    this.#expectConnected();
    this.#enter(this.#isConnectedOnce ? "reconnecting" : "connecting");
    const bound = Math.min(longestRetry, firstRetry * 2 ** Math.min(this.#failures++, 20));
    this.#cancelRetry = this.#env.clock.after((end?.retryAfter ?? 0) + this.#env.random() * bound, () => this.#open());
  }

  // The end

  async #farewell(): Promise<void> {
    const connection = this.#connection;
    if (!connection?.takes({})) return;
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#env.clock.after(farewell, resolve);
    });
    const headers: Headers = {};
    const disconnected = this.#withReceipt(headers, () => this.#send({ command: "DISCONNECT", headers, body: "" }));
    await Promise.race([disconnected.catch(() => {}), late]);
    cancel?.();
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#offWake();
    this.#cancelRetry?.();
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
    const waiting = new Set(this.#outbox.waiting.map((frame) => frame.headers.receipt));
    for (const receipt of [...this.#receipts.keys()]) {
      const code = waiting.has(receipt) ? "NOT_SENT" : "UNKNOWN_OUTCOME";
      this.#settle(receipt, new EnckeError(code, "The client was closed before the receipt came."));
    }
    this.#enter("closed");
    this.#whenConnected.reject(new EnckeError("CLOSED", "The client has been closed."));
  }

  #expectConnected(): void {
    if (this.#whenConnected && this.#state !== "connected") return;
    let settle!: Pending;
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever does not ask need not hear.
    promise.catch(() => {});
    this.#whenConnected = { promise, ...settle };
  }

  // Telling the page

  #enter(state: ClientState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.emit("state", state);
  }

  /** Between the last STOMP connection and this one, messages may have been published that nobody kept for this client. */
  #tellGap(): void {
    for (const { public: subscription } of this.#subscriptions.values()) {
      subscription.continuity = "gap";
      this.#events.emit("continuity", { subscription, continuity: "gap" });
    }
  }

  /** An error that nobody listens for is shown rather than lost. */
  #fail(error: EnckeError): void {
    if (this.#events.all.get("error")?.length) this.#events.emit("error", error);
    else this.#env.reportError(error);
  }

  #guard<T>(handler: (event: T) => void, event: T): void {
    try {
      handler(event);
    } catch (error) {
      this.#env.reportError(error);
    }
  }
}

function checkDestination(destination: string): void {
  if (typeof destination !== "string" || !destination) {
    throw new EnckeError("BAD_OPTION", "A destination is text that is not empty.", 'Such as "/topic/prices".');
  }
}

function subscribeFrame({ public: { id, destination }, options: { ack = "auto", headers } }: Subscribed): Outgoing {
  return { command: "SUBSCRIBE", headers: { ...headers, id, destination, ack }, body: "" };
}
