import type { Attempt, Client, Report } from "./encke.ts";

/** So many milliseconds after its end an attempt is forgotten. */
export const ATTEMPTS_KEPT_MS = 300_000;

/** Something better took over, the page woke, the session is over: nothing was wrong. */
const ROUTINE = ["moved", "replaced", "closed"];

/** An attempt to connect, and what only those see who watch. */
export interface Tried {
  /** As the client's report has it. */
  attempt: Attempt;
  /** Since when it carries the session, in milliseconds since 1970; absent if it never did. */
  carriesSince?: number;
}

/** Over, and not as it should be. */
export function endedBadly({ duration, cause }: Attempt): boolean {
  return duration !== undefined && cause !== undefined && !ROUTINE.includes(cause);
}

/** The attempts of the last minutes. The client reports on the present session; here are those as well that the server has forgotten meanwhile. */
export class Attempts {
  #client: Client;
  #tried = new Map<string, Tried>();

  constructor(client: Client) {
    this.#client = client;
    client.on("transport", (transport) => {
      const isIt = ({ attempt }: Tried) => attempt.transport === transport && attempt.duration === undefined;
      const carrying = this.read().filter(isIt).at(-1);
      if (carrying !== undefined) carrying.carriesSince ??= Date.now();
    });
  }

  /** In the order in which they began. The same attempt is the same object each time. */
  read(): readonly Tried[] {
    const oldest = Date.now() - ATTEMPTS_KEPT_MS;
    for (const attempt of (this.#client.report() as Report).attempts ?? []) {
      const key = keyOf(attempt);
      const known = this.#tried.get(key);
      if (known !== undefined) known.attempt = attempt;
      else if (!endedBefore(attempt, oldest)) this.#tried.set(key, { attempt });
    }
    for (const [key, { attempt }] of this.#tried) if (endedBefore(attempt, oldest)) this.#tried.delete(key);
    return [...this.#tried.values()];
  }
}

const keyOf = ({ startedAt, transport, takesOver }: Attempt) => `${startedAt} ${transport} ${takesOver}`;

const endedBefore = ({ startedAt, duration = Infinity }: Attempt, time: number) => startedAt + duration < time;
