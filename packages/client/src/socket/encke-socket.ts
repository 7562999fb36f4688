import { EnckeError } from "../errors.ts";
import { type Environment, pageEnvironment } from "../page/environment.ts";
import { Code } from "../session/codes.ts";
import { sizeOf } from "../session/replay-buffer.ts";
import { openSession, type Session, type SessionEnd } from "../session/session.ts";
import type { Payload, TransportName } from "../transports/transport.ts";
import { utf8Length } from "../utf8.ts";
import { resolveEndpoint } from "./endpoint.ts";
import { type EnckeSocketOptions, resolveSocketOptions } from "./options.ts";

/** The `close` event's extra: when the server wants to see the client again. */
export interface EnckeCloseEvent extends CloseEvent {
  /** Milliseconds that the server asks to wait before a new connection. */
  readonly retryAfter?: number;
}

type EventType = "open" | "message" | "error" | "close" | "transport";
type Handler<E extends Event = Event> = ((event: E) => void) | null;

/**
 * A WebSocket (WHATWG WebSockets) that survives the loss of its connections: below it is a session, which resumes over any transport.
 *
 * It departs from the standard where it can do better: `send` is legal before `open`, and what is sent then travels with the first request; `url` may be http(s) or
 * relative, in every browser; `bufferedAmount` counts what the server has not acknowledged; `close` comes when the *session* ends, not when a connection does.
 * A Blob cannot be sent: send its `arrayBuffer()`. Bad arguments throw an `EnckeError` instead of a `DOMException`.
 */
export class EnckeSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  /** A session of encke's below: messages may be sent before `open`, and liveness is watched here. */
  readonly isSession = true;
  readonly url: string;
  readonly extensions = "";
  /** In which form binary messages come. */
  binaryType: BinaryType = "blob";
  /** The subprotocol that the server chose, or "". */
  protocol = "";
  readyState: 0 | 1 | 2 | 3 = 0;
  /** What carries at the moment; null while nothing does. A `transport` event tells of each change. */
  transport: TransportName | null = null;

  onopen: Handler = null;
  onmessage: Handler<MessageEvent> = null;
  onerror: Handler = null;
  onclose: Handler<EnckeCloseEvent> = null;
  ontransport: Handler = null;

  readonly #session: Session;
  readonly #env: Environment;
  readonly #maxBuffered: number;
  /** Somebody has asked for messages with `addEventListener`. */
  #isListened = false;

  /**
   * Connects at once; what is sent in the same turn of the event loop goes with the first request.
   *
   * @param url where the server's sessions are: a path, or an http(s) or ws(s) URL, without query
   * @param protocols subprotocols offered (RFC 6455 section 1.9)
   * @throws {EnckeError} `BAD_OPTION`, `UNSUPPORTED`
   */
  constructor(
    url: string,
    protocols: string | readonly string[] = [],
    options: EnckeSocketOptions = {},
    env = pageEnvironment(),
  ) {
    super();
    const { kinds, maxBuffered } = resolveSocketOptions(options, env);
    this.#env = env;
    this.#maxBuffered = maxBuffered;
    this.url = resolveEndpoint(url, env.baseUrl);
    this.#session = openSession(
      { base: this.url, kinds, protocols: typeof protocols === "string" ? [protocols] : protocols },
      {
        onOpen: (protocol) => {
          this.protocol = protocol;
          // Unless it was closed meanwhile.
          if (this.readyState > 0) return;
          this.readyState = 1;
          this.#fire(new Event("open"));
        },
        onMessage: (message) => this.#receive(message),
        onCarrier: (name) => {
          this.transport = name;
          this.#fire(new Event("transport"));
        },
        onClose: (end) => this.#closed(end),
      },
      env,
    );
  }

  /** Octets that were sent and that the server has not acknowledged. */
  get bufferedAmount(): number {
    return this.#session.bufferedOctets;
  }

  /**
   * Sends one message. It arrives once, in order, or the socket is closed.
   *
   * @throws {EnckeError} `MESSAGE_TOO_BIG`, `OUTBOX_FULL`, or `BAD_OPTION` for what is neither text nor octets
   */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState > 1) return; // as the standard has it
    const message = toPayload(data);
    const octets = sizeOf(message);
    const { maxMessage } = this.#session;
    if (octets > maxMessage) {
      throw new EnckeError(
        "MESSAGE_TOO_BIG",
        `The message has ${octets} octets; the server takes ${maxMessage}.`,
        "Split it.",
      );
    }
    if (this.bufferedAmount + octets > this.#maxBuffered) {
      throw new EnckeError(
        "OUTBOX_FULL",
        "Too much waits to be acknowledged.",
        "Send on when `bufferedAmount` has fallen.",
      );
    }
    this.#session.send(message);
  }

  /**
   * Ends the session behind what was sent.
   *
   * @param code 1000 or 3000 to 4999
   * @param reason at most 123 octets in UTF-8
   * @throws {EnckeError} `BAD_OPTION`
   */
  close(code: number = Code.normal, reason = ""): void {
    if ((code !== Code.normal && !(code >= 3000 && code < 5000)) || utf8Length(reason) > 123) {
      throw new EnckeError("BAD_OPTION", "A close code is 1000 or 3000 to 4999, and a reason has at most 123 octets.");
    }
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.#session.close(code, reason);
  }

  /** What was tried, how it went and why, and counts of messages: plain JSON, to be pasted into a ticket. */
  report() {
    return {
      url: this.url,
      transport: this.transport,
      ...this.#session.report(),
    };
  }

  override addEventListener(...[type, ...rest]: Parameters<EventTarget["addEventListener"]>): void {
    if (type === "message") this.#isListened = true;
    super.addEventListener(type, ...rest);
  }

  #receive(message: Payload): void {
    if (this.readyState > 1) return;
    let data: unknown = message;
    if (typeof message !== "string") {
      data = this.binaryType === "blob" ? new Blob([message.slice()]) : message.slice().buffer;
    }
    this.#fire(new MessageEvent("message", { data }));
  }

  #closed({ code, reason, wasClean, retryAfter }: SessionEnd): void {
    this.readyState = 3;
    this.transport = null;
    if (!wasClean) this.#fire(new Event("error"));
    const init = { code, reason, wasClean };
    // Node has no CloseEvent before version 23.
    const event =
      typeof CloseEvent === "function" ? new CloseEvent("close", init) : Object.assign(new Event("close"), init);
    this.#fire(Object.assign(event, { retryAfter }));
  }

  /** The listeners, then the handler. What one of them throws is shown, and does not keep the others from hearing. */
  #fire(event: Event): void {
    // Dispatching a message costs more than the rest of its way: only if there is somebody.
    if (event.type !== "message" || this.#isListened) this.dispatchEvent(event);
    const handler = this[`on${event.type as EventType}`] as Handler;
    try {
      handler?.call(this, event);
    } catch (error) {
      this.#env.reportError(error);
    }
  }
}

function toPayload(data: string | ArrayBuffer | ArrayBufferView): Payload {
  if (typeof data === "string") return data;
  // A copy: the page may write into its own again.
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  throw new EnckeError("BAD_OPTION", "A message is text or octets.", "Of a Blob, send the `arrayBuffer()`.");
}
