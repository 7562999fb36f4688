/** Something open on the network that can be torn down without a word. */
export interface Breakable {
  readonly kind: "websocket" | "http" | "stream";
  /** The page sees what it would see if the network had died: never a clean close. */
  break(): void;
}

/** What the wrappers beside this file ask before they let anything out, and where they enter what is open. */
export interface Line {
  readonly webSocketPasses: boolean;
  readonly httpPasses: boolean;
  /** Answers come as they are sent, and not only when they are complete. What is opened before stays as it was. */
  readonly streamsPass: boolean;
  readonly open: Set<Breakable>;
}

/** A network that fails does not fail at once. */
export const moment = () => 15 + Math.random() * 25;
