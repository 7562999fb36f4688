import { EnckeError } from "../errors.ts";
import { pageEnvironment } from "../page/environment.ts";
import { Code } from "../session/codes.ts";
import { openSession, type Session } from "../session/session.ts";
import type { Payload, TransportName } from "../transports/transport.ts";
import { sizeOf } from "../utf8.ts";
import { type EnckeSocketOptions, resolveSocketOptions } from "./options.ts";

/** The `close` event's extra: when the server wants to see the client again. */
export interface EnckeCloseEvent extends CloseEvent {
  /** Milliseconds that the server asks to wait before a new connection. */
  readonly retryAfter?: number;
}

type Handler<E extends Event = Event> = ((event: E) => void) | null;

/**
 * A WebSocket (WHATWG WebSockets) that survives the loss of its connections: below it is a session, which resumes over any transport.
 *
 * It departs from the standard where it can do better: `send` is legal before `open`, and what is sent then travels with the first request; the URL may be http(s) or
 * relative, in every browser; `bufferedAmount` counts what the server has not acknowledged; `close` comes when the *session* ends, not when a connection does.
 * A Blob cannot be sent: send its `arrayBuffer()`. Bad arguments throw an `EnckeError` instead of a `DOMException`.
 */
export class EnckeSocket extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  /** A session of encke's below: messages may be sent before `open`, and liveness is watched here. */
  readonly isSession = true;
  /** Where the server's sessions are, as an http(s) URL. */
  readonly url: string;
  readonly extensions = "";
  /** In which form binary messages come. */
  binaryType: BinaryType = "blob";
  /** The subprotocol that the server chose, or "". */
  protocol = "";
  readyState: 0 | 1 | 2 | 3 = 0;
  /** What carries at the moment; null while nothing does. A `transport` event tells of each change. */
  transport: TransportName | null = null;

  declare onopen: Handler;
  declare onmessage: Handler<MessageEvent>;
  declare onerror: Handler;
  declare onclose: Handler<EnckeCloseEvent>;
  declare ontransport: Handler;
  /** Takes messages as they are, in place of `message` events, of which each costs more than all the rest of a message's way. Must not throw. */
  receive: ((message: string | Uint8Array) => void) | null = null;

  readonly #session: Session;
  readonly #maxBuffered: number;

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
    const settings = resolveSocketOptions(url, protocols, options, env);
    this.url = settings.base;
    this.#maxBuffered = settings.maxBuffered;
    for (const type of ["open", "message", "error", "close", "transport"] as const) {
      this[`on${type}`] = null;
      this.addEventListener(type, (event) => (this[`on${type}`] as Handler)?.(event));
    }
    const fire = (type: string, extra?: object) => this.dispatchEvent(Object.assign(new Event(type), extra));
    this.#session = openSession(
      settings,
      {
        onOpen: (protocol) => {
          this.protocol = protocol;
          // Unless it was closed meanwhile.
          if (this.readyState) return;
          this.readyState = 1;
          fire("open");
        },
        onMessage: (message) => {
          if (this.readyState > 1) return;
          if (this.receive) return this.receive(message);
          let data: unknown = message;
          if (typeof message !== "string") {
            const octets = message.slice();
            data = this.binaryType === "blob" ? new Blob([octets]) : octets.buffer;
          }
          this.dispatchEvent(new MessageEvent("message", { data }));
        },
        onCarrier: (name) => {
          this.transport = name;
          fire("transport");
        },
        onClose: (end) => {
          this.readyState = 3;
          this.transport = null;
          if (!end.wasClean) fire("error");
          fire("close", end);
        },
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
    let message = data as Payload;
    if (typeof data !== "string") {
      if (data?.byteLength === undefined) {
        throw new EnckeError("BAD_OPTION", "message: text or octets");
      }
      const { buffer = data, byteOffset, byteLength } = data as ArrayBufferView;
      // A copy, as the page may write into its own again.
      message = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice();
    }
    const octets = sizeOf(message);
    const { maxMessage } = this.#session;
    if (octets > maxMessage) throw new EnckeError("MESSAGE_TOO_BIG", `The server takes ${maxMessage} octets`);
    if (this.bufferedAmount + octets > this.#maxBuffered) {
      throw new EnckeError("OUTBOX_FULL", "bufferedAmount");
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
    if (!/^(1000|[34]\d\d\d)$/.test(`${code}`) || sizeOf(reason) > 123) {
      throw new EnckeError("BAD_OPTION", "close: code 1000 or 3000-4999, reason up to 123 octets");
    }
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.#session.close(code, reason);
  }

  /** What was tried, how it went and why, and counts of messages: plain JSON, to be pasted into a ticket. */
  report() {
    return { url: this.url, transport: this.transport, ...this.#session.report() };
  }
}

// Both the class and its objects have them (WHATWG WebSockets, "ready states").
Object.assign(EnckeSocket.prototype, Object.assign(EnckeSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }));
