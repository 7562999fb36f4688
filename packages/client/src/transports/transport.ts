import type { Environment } from "../page/environment.ts";

/** One message as a transport moves it. */
export type Payload = string | Uint8Array;

export type TransportName = "websocket" | "fetch-stream" | "event-source" | "iframe-stream" | "xhr-poll";

/** How a transport ended. */
export interface TransportEnd {
  /** WebSocket close code (RFC 6455 section 7.4); 1000 for a complete answer with status 200, 1006 for any other. */
  readonly code: number;
  /** What the other side or the browser said, for people; "" if nothing. */
  readonly reason: string;
}

/** One open channel. */
export interface Transport {
  /** Hands one message to the network: on kinds that are duplex. Legal only between the first `onMessage` and `onClose`. */
  send?(message: Payload): void;
  /** Ends it, at the latest now. Idempotent. What still comes of it, now or later, is not looked at. */
  close(code?: number): void;
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
  readonly duplex?: boolean;
  /** It ends with its answer, and the next one follows. */
  readonly oneShot?: boolean;
  /** Its end may raise no event: the server is to ping it so often, in milliseconds, whatever the network stands. */
  readonly watch?: number;
  /** Looks, opens nothing. */
  isSupported(env: Environment): boolean;
  /** Starts it. Calls no event before it returns; throws what the browser throws. `body` travels with the request, on kinds whose request has a body. */
  open(url: string, body: string, on: TransportEvents, env: Environment): Transport;
}

/** What sends for a kind that only receives. */
export type Poster = Pick<TransportKind, "path" | "duplex" | "oneShot" | "open">;
