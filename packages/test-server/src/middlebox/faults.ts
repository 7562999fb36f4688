import type { RequestHead, ResponseHead } from "./heads.ts";

/** From the client to the target, or back. */
export type Direction = "up" | "down";

/** What becomes of a connection that a fault strikes. What is on its way is lost each time. */
export type Fate =
  /** Both sides are reset. */
  | "reset"
  /** One side is reset. The other is told nothing, and all that it sends from now on is lost. */
  | "reset-client"
  | "reset-target"
  /** Both sides see a regular end of the connection, in the middle of whatever it was. */
  | "end"
  /** The box has forgotten the connection: it stays open for both sides, and all that they send from now on is lost. */
  | "black-hole"
  /** The same in one direction. The other works. */
  | "black-hole-up"
  | "black-hole-down";

/** What becomes of a request. */
export type RequestFault =
  | "pass"
  /** It is answered with 403, and the connection closed. */
  | "refuse"
  /** The same with another status, such as 502. */
  | number
  /** It is swallowed: no answer, and no end of the connection either. */
  | "black-hole"
  /** The connection is reset. */
  | "reset";

/** What becomes of a WebSocket that was opened. */
export interface WebSocketLimit {
  /** When it is struck: as soon as the 101 has passed · at the first octet of the server's, or the client's · after so many milliseconds · after so many octets, of both */
  readonly after: "upgrade" | "server-data" | "client-data" | number | { readonly bytes: number };
  /** @default "reset" */
  readonly fate?: Fate;
}

/** What becomes of a response or a connection when its time is over. */
export interface TimeLimit {
  /** In milliseconds. */
  readonly after: number;
  /** @default "reset" */
  readonly fate?: Fate;
}

/**
 * What is held of each response. It gathers, and goes on its way in one piece at the latest when the response ends. So a complete answer is not held up
 * by any of this, and a stream is.
 */
export interface Hold {
  /** Longest, from the first octet that is held, in milliseconds. @default Infinity */
  readonly ms?: number;
  /** So many go on their way. @default Infinity */
  readonly bytes?: number;
  /** The head is held, too; otherwise it passes at once. @default false */
  readonly head?: boolean;
  /** Which responses. @default all */
  readonly only?: (response: ResponseHead) => boolean;
}

/** What is wrong with a path. All of it may change at any time, and `wake` of each connection is due then. */
export interface Faults {
  readonly delay: number;
  readonly stall: boolean | Direction;
  readonly request: RequestFault | ((request: RequestHead) => RequestFault);
  readonly webSocket: RequestFault | WebSocketLimit;
  readonly hold: Hold | undefined;
  readonly response: TimeLimit | undefined;
  readonly idle: TimeLimit | undefined;
}

/**
 * A fault that meets a share of the requests, for `request`.
 * @param share from 0, none, to 1, all
 * @param random as `Math.random`; one with a seed makes the same requests fail each time
 */
export function atRandom(share: number, fault: RequestFault, random: () => number = Math.random): () => RequestFault {
  return () => (random() < share ? fault : "pass");
}
