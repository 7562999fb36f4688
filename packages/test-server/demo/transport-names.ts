/** Best first. */
const NAMES: Readonly<Record<string, string>> = {
  websocket: "WebSocket",
  "fetch-stream": "streaming fetch",
  "event-source": "server-sent events",
  "iframe-stream": "hidden iframe",
  "xhr-poll": "long-polling",
};

/** A transport as a visitor reads it, within a sentence. */
export const transportName = (transport: string | null) =>
  transport === null ? "no transport" : (NAMES[transport] ?? transport);

/** For comparing: what is better comes first. */
export const transportRank = (transport: string) => Object.keys(NAMES).indexOf(transport);
