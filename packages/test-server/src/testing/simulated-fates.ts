/** What becomes of one HTTP request and its answer, which may be one that stays open. Times are in milliseconds, and count from its beginning. */
export type RequestFate =
  /** It takes so much longer than the network does anyway, and so does each piece of its answer: others overtake it. */
  | { readonly is: "passed"; readonly up: number; readonly down: number }
  /** It does not reach the server, and the client learns so. */
  | { readonly is: "refused" }
  /** It does not reach the server, and nobody learns so. */
  | { readonly is: "lost" }
  /** The server takes it in; the answer goes astray, and the client learns so once it is complete (`isTold`) or not. */
  | { readonly is: "unanswered"; readonly isTold: boolean }
  /** The connection breaks after so long, wherever the request or its answer is. Of what is under way a part arrives. */
  | { readonly is: "cut"; readonly after: number; readonly part: number; readonly tells: Tells }
  /** Something on the way ends the answer after so long, in good form; behind all that has come so far. */
  | { readonly is: "ended"; readonly after: number }
  /** From `after` on what comes of the answer is held back until that is complete, or `for` so long. Back-pressure: what holds it does not take it either. */
  | { readonly is: "held"; readonly after: number; readonly for: number; readonly isTaken: boolean }
  /** The server gets it twice, the second time `again` later; the answer that counts is the first or the second. */
  | { readonly is: "doubled"; readonly again: number; readonly answer: 0 | 1 }
  /** Somebody on the way answers, the server does not see it. */
  | { readonly is: "intercepted"; readonly status: number; readonly body: string };

/** What becomes of one WebSocket. */
export type SocketFate =
  | { readonly is: "passed" }
  | { readonly is: "refused" }
  /** The handshake never ends. */
  | { readonly is: "unheard" }
  /** `after` its opening it swallows what goes up, down, or both; nobody learns so. */
  | { readonly is: "swallowed"; readonly after: number; readonly up: boolean; readonly down: boolean }
  /** It is cut `after` its opening: of what is under way a part arrives. */
  | { readonly is: "cut"; readonly after: number; readonly part: number; readonly tells: Tells }
  /** Not encke's server: it opens and says something else. */
  | { readonly is: "intercepted"; readonly body: string };

/** What becomes of all that goes to a path, however often it is tried. */
export interface StandingFates {
  readonly websocket?: SocketFate | undefined;
  readonly stream?: RequestFate | undefined;
  readonly events?: RequestFate | undefined;
  readonly poll?: RequestFate | undefined;
}

/** Who learns that a connection is cut. */
export type Tells = "both" | "client" | "server" | "nobody";

/** What the network does to all: passes; answers that there is no way; loses what it gets; or holds it until it passes again, as TCP does. */
export type Weather = "passes" | "refuses" | "loses" | "holds";
