import type { Environment } from "../page/environment.ts";

/** One message as a transport moves it. */
export type Payload = string | Uint8Array;

export type TransportName = "websocket" | "fetch-stream" | "event-source" | "iframe-stream" | "xhr-poll";

/** How a transport ended. */
export interface TransportEnd {
  /** The exchange ran its course: a complete answer with status 200, or a WebSocket close handshake. */
  readonly complete: boolean;
  /** WebSocket close code (RFC 6455 section 7.4); 1000 for a complete answer, 1006 otherwise. */
  readonly code: number;
  /** What the other side or the browser said, for people. */
  readonly reason: string;
  /** HTTP status, where there is one. */
  readonly status?: number;
}

/** One open channel. */
export interface Transport {
  /** Hands one message to the network. Only for kinds that are duplex; legal only between the first `onMessage` and `onClose`. */
  send(message: Payload): void;
  /** Ends it. Idempotent. `onClose` comes later, never inside this call. */
  close(code?: number, reason?: string): void;
  /** Octets that `send` took and the network has not. */
  readonly bufferedAmount: number;
}

/** `onMessage` any number of times, then `onClose` exactly once, always last. That a channel has "opened" proves nothing, so nothing tells of it. */
export interface TransportEvents {
  onMessage(message: Payload): void;
  onClose(end: TransportEnd): void;
}

/** One technique. It knows URLs and messages, and nothing of what they mean. */
export interface TransportKind {
  readonly name: TransportName;
  /** The last segment of the URL that the server listens at for it. */
  readonly path: string;
  /** `send` works: messages travel both ways on it. */
  readonly duplex: boolean;
  /** It ends with its answer, and the next one follows. */
  readonly oneShot: boolean;
  /** Looks, opens nothing. */
  isSupported(env: Environment): boolean;
  /** Starts it. Throws nothing: what goes wrong arrives as `onClose`. `body` travels with the request, on kinds whose request has a body. */
  open(url: string, body: string, on: TransportEvents, env: Environment): Transport;
  /** What sends upstream beside it. Absent on duplex kinds. */
  readonly sender?: Pick<TransportKind, "open">;
}
