/** Names of transports, as the client reports them. */
export type Transport = "websocket" | "fetch-stream" | "event-source" | "iframe-stream" | "xhr-poll";

/** What is expected of something that stands between browsers and servers, and where. */
export interface Place {
  readonly name: string;
  /** `reverse`: pages are loaded from its URL. `forward`: the browser is told to use it for everything. */
  readonly direction: "reverse" | "forward";
  /** What passes in time and is not broken later, best first: a page settles on the first that the client has. */
  readonly passes: readonly Transport[];
  /**
   * It breaks what it let begin. So pages move between transports: for so many milliseconds of silence at the most, until they have learned what lasts here,
   * or for ever (Infinity), and then nothing is asked of how long a message takes. Nothing is lost by it. @default 0
   */
  readonly restless?: number;
}

/** One that runs. */
export interface RunningBox {
  readonly url: string;
  /** Resolves when it is gone, and its folder too. */
  stop(): Promise<void>;
}
