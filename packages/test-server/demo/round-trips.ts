import { visibleState, watchAbsence } from "./absence.ts";
import type { Client } from "./encke.ts";
import type { Sample } from "./sparkline.ts";

const EVERY_MS = 1500;

/**
 * Measures how long a message takes to the broker and its receipt back, again and again while somebody looks.
 * One at a time: while the connection is lost, the message that is under way waits with everything else.
 *
 * @param ownTopic a destination to which nobody else subscribes
 * @param result called when a round trip is over, and with `undefined` while one takes longer than usual
 */
export function measureRoundTrips(
  client: Client,
  ownTopic: string,
  result: (sample: Sample | undefined, elapsedMs: number) => void,
): void {
  let under: { since: number; interrupted: boolean } | undefined;

  const interrupt = () => {
    if (under !== undefined) under.interrupted = true;
  };
  watchAbsence(client, interrupt, () => {});
  setInterval(() => {
    if (document.hidden) return;
    if (under !== undefined) result(undefined, performance.now() - under.since);
    else if (client.state !== "closed") void measure();
  }, EVERY_MS);

  async function measure(): Promise<void> {
    const one = { since: performance.now(), interrupted: visibleState(client) !== "connected" };
    under = one;
    try {
      await client.publish(ownTopic, "round trip", { receipt: true });
    } catch {
      one.interrupted = true;
    }
    under = undefined;
    const ms = performance.now() - one.since;
    // Hidden pages are slowed down: what was under way then says nothing about the network.
    if (!document.hidden) result({ ms, interrupted: one.interrupted }, ms);
  }
}
