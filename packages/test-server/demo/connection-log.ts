import { watchAbsence } from "./absence.ts";
import { type Attempts, endedBadly, type Tried } from "./attempts.ts";
import type { Client } from "./encke.ts";
import type { EventLog } from "./event-log.ts";
import { capitalized, duration } from "./format.ts";
import { transportName } from "./transport-names.ts";

/** How often attempts are looked at for those that ended meanwhile. */
const READ_MS = 250;

/** Puts the client's moves between transports into the log, and why what carried was lost. What never carried is in the timeline alone. */
export function logConnection(client: Client, attempts: Attempts, log: EventLog): void {
  /** The transport of the last entry. */
  let shown: string | null = null;
  let mayMiss = false;
  const told = new WeakSet<Tried>();

  watchAbsence(client, tellLosses, (awayMs) => {
    tellLosses();
    shown = client.transport;
    if (mayMiss) log.add("The server had forgotten this session: messages may be missing", "bad");
    mayMiss = false;
    log.add(`Back on ${transportName(shown)} after ${duration(awayMs)}`, "good");
  });
  client.on("transport", (transport) => {
    if (transport === null || transport === shown || client.state === "reconnecting") return;
    log.add(`${shown === null ? "Connected by" : "Moved to"} ${transportName(transport)}`, "good");
    shown = transport;
  });
  client.on("continuity", () => {
    mayMiss = true; // told once for each subscription
  });
  client.on("error", (error) => log.add(error.message, "bad"));
  setInterval(tellLosses, READ_MS);

  function tellLosses(): void {
    for (const tried of attempts.read()) {
      const { attempt, carriesSince } = tried;
      if (carriesSince === undefined || !endedBadly(attempt) || told.has(tried)) continue;
      told.add(tried);
      const name = capitalized(transportName(attempt.transport));
      log.add(`${name} ended after ${duration(attempt.duration!)}: ${attempt.cause}`, "bad");
    }
  }
}
