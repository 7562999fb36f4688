import type { Client } from "./encke.ts";

/**
 * The state as a visitor sees it. A session that waits for the network goes on as soon as there is one, so the client
 * rightly calls itself connected; who looks at it wants to know that nothing gets through at the moment.
 */
export function visibleState(client: Client): Client["state"] {
  return client.state === "connected" && client.transport === null ? "reconnecting" : client.state;
}

/** Calls `left` when the connection is lost and `back` when it is there again, with how long it was away. */
export function watchAbsence(client: Client, left: () => void, back: (awayMs: number) => void): void {
  let since: number | undefined;
  const look = () => {
    const state = visibleState(client);
    if (state === "reconnecting" && since === undefined) {
      since = performance.now();
      left();
    } else if (state === "connected" && since !== undefined) {
      const awayMs = performance.now() - since;
      since = undefined;
      back(awayMs);
    }
  };
  client.on("transport", look);
  client.on("state", look);
}
