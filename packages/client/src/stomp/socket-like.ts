/** The part of a WebSocket (WHATWG WebSockets) that STOMP needs. `EnckeSocket`, a `WebSocket` and `SockJS` all have it. */
export interface SocketLike {
  binaryType?: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  readonly bufferedAmount?: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: never): void;
  close(code?: number, reason?: string): void;
  /**
   * A session of encke's: it takes messages before it is open, watches its own liveness, and tells by `transport` what carries, null while nothing does.
   */
  readonly isSession?: boolean;
  readonly transport?: string | null;
  ontransport?: ((event: never) => void) | null;
  /** With a session: takes messages in place of `onmessage`, as they are. */
  receive?: ((message: string | Uint8Array) => void) | null;
  report?(): object;
}

/** The members as they are called. A handler that takes less than an event fits every socket, which is what `never` above lets in. */
export interface StompSocket extends Omit<SocketLike, "onopen" | "onmessage" | "onclose" | "ontransport" | "send"> {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: SocketEnd) => void) | null;
  ontransport?: (() => void) | null;
  send(data: string | Uint8Array): void;
}

/** What a socket's `close` event says; nothing of it where this side ended the connection. */
export interface SocketEnd {
  readonly code?: number;
  readonly reason?: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number;
}
