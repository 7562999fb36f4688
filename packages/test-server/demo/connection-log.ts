import { watchAbsence } from "./absence.ts";
import type { Client, Report } from "./encke.ts";
import type { EventLog } from "./event-log.ts";
import { capitalized, duration } from "./format.ts";
import { transportName } from "./transport-names.ts";

/** How often the client's report is read for attempts that ended meanwhile. */
const READ_MS = 250;
/** Another carrier took over, or this one had carried enough: nothing went wrong. */
const ROUTINE_CODES = [1000, 4005, 4008];
/** What a WebSocket says that did not end in order (RFC 6455 section 7.1.5). */
const CUT_OFF = 1006;

/** Puts the client's moves between transports, and why attempts ended, into the log. */
export function logConnection(client: Client, log: EventLog): void {
  /** The transport of the last entry. */
  let shown: string | null = null;
  let mayMiss = false;
  const told = new Set<string>();
  /** When a transport was last left for another. What was open on it ends then, and that is as it should be. */
  const leftAt = new Map<string, number>();

  watchAbsence(client, tellEnds, (awayMs) => {
    tellEnds();
    shown = client.transport;
    if (mayMiss) log.add("The server had forgotten this session: messages may be missing", "bad");
    mayMiss = false;
    log.add(`Back on ${transportName(shown)} after ${duration(awayMs)}`, "good");
  });
  client.on("transport", (transport) => {
    if (transport === null || transport === shown || client.state === "reconnecting") return;
    if (shown !== null) leftAt.set(shown, Date.now());
    log.add(`${shown === null ? "Connected by" : "Moved to"} ${transportName(transport)}`, "good");
    shown = transport;
  });
  client.on("continuity", () => {
    mayMiss = true; // told once for each subscription
  });
  client.on("error", (error) => log.add(error.message, "bad"));
  setInterval(tellEnds, READ_MS);

  function tellEnds(): void {
    for (const attempt of (client.report() as Report).attempts ?? []) {
      const key = `${attempt.startedAt} ${attempt.transport} ${attempt.takesOver}`;
      if (attempt.duration === undefined || told.has(key)) continue;
      told.add(key);
      const { transport, startedAt, heardAfter, code = 1000, cause } = attempt;
      if (ROUTINE_CODES.includes(code) || (leftAt.get(transport) ?? 0) >= startedAt) continue;
      const name = capitalized(transportName(transport));
      const what =
        heardAfter === undefined ? `${name} did not come up` : `${name} ended after ${duration(attempt.duration)}`;
      log.add(`${what}: ${cause || (code === CUT_OFF ? "cut off without a word" : `code ${code}`)}`, "bad");
    }
  }
}
