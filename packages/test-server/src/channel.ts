/** A way to a client that moves whole messages: a session, a plain WebSocket, a TCP connection. */
export interface Channel {
  /** Queues one message (one STOMP frame). What is queued in one turn of the event loop leaves together. Ignored after `close`. */
  send(message: string | Uint8Array): void;
  /** Octets taken by `send` that the client has not acknowledged (session) or the network not taken (WebSocket, TCP). */
  readonly bufferedAmount: number;
  /** Ends it after what was sent. `onClose` of the handler follows, later. Idempotent. */
  close(code: number, reason: string): void;
  /** Takes nothing more in from the client until `resume`, so far as the network allows; what is on its way may still come. */
  pause?(): void;
  resume?(): void;
}

export interface ChannelHandler {
  /** May hold a part of a frame, a frame, or several. */
  onMessage(message: string | Uint8Array): void;
  /** `bufferedAmount` fell below `LOW_WATER` after having been above `HIGH_WATER`. */
  onDrain?(): void;
  /** Always last, once. */
  onClose(): void;
}

/** What stands behind a channel: the embedded broker, or a relay to a real one. */
export interface Application {
  accept(channel: Channel): ChannelHandler;
}

/** Above this `bufferedAmount`, in octets, a sender that can wait does: 100 ms of a fast client's 10 MB/s. */
export const HIGH_WATER = 1024 * 1024;

/** Below this it goes on. Twice what a session's client may receive before it acknowledges, so that one is always under way. */
export const LOW_WATER = 512 * 1024;

/** The code behind an ERROR frame: PROTOCOL.md, section 9. */
export const REFUSED = 4100;
