import type { Client } from "./encke.ts";
import type { EventLog } from "./event-log.ts";
import { capitalized, duration } from "./format.ts";
import { transportName } from "./transport-names.ts";

/** How often the client's report is read for attempts that ended meanwhile. */
const READ_MS = 250;
/** Another carrier took over, or this one had carried enough: nothing went wrong. */
const ROUTINE_CODES = [1000, 4005, 4008];

/** Puts the client's moves between transports, and why attempts ended, into the log. */
export function logConnection(client: Client, log: EventLog): void {
  let carried: string | null = client.transport;
  let lostAt: number | undefined;
  const told = new Set<string>();

  client.on("transport", (transport) => {
    tellEnds();
    if (transport === null) {
      if (carried !== null) lostAt = performance.now();
    } else if (lostAt !== undefined) {
      log.add(`Back on ${transportName(transport)} after ${duration(performance.now() - lostAt)}`, "good");
      lostAt = undefined;
    } else if (transport !== carried) {
      log.add(
        carried === null ? `Connected by ${transportName(transport)}` : `Moved to ${transportName(transport)}`,
        "good",
      );
    }
    carried = transport;
  });
  setInterval(tellEnds, READ_MS);

  function tellEnds(): void {
    for (const attempt of client.report().attempts) {
      const key = `${attempt.startedAt} ${attempt.transport} ${attempt.role}`;
      if (attempt.duration === undefined || told.has(key)) continue;
      told.add(key);
      const { transport, heardAfter, code = 1000, cause } = attempt;
      if (ROUTINE_CODES.includes(code)) continue;
      const name = capitalized(transportName(transport));
      const what =
        heardAfter === undefined ? `${name} did not come up` : `${name} ended after ${duration(attempt.duration)}`;
      log.add(`${what}: ${cause || `code ${code}`}`, "bad");
    }
  }
}
