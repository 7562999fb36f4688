import { endedBadly, type Tried } from "../attempts.ts";
import { capitalized, counted, duration, exactTime } from "../format.ts";
import { transportName } from "../transport-names.ts";

/** "WebSocket, 12:05:31, 3.2 s: upgrade refused" */
export function describe({ attempt, carriesSince }: Tried): string {
  const name = capitalized(transportName(attempt.transport));
  const time = exactTime(attempt.startedAt);
  if (attempt.duration === undefined) {
    return `${name}, since ${time}: ${carriesSince === undefined ? "being tried" : "carrying"}`;
  }
  const requests = attempt.requests > 1 ? `, ${counted(attempt.requests, "request", "requests")}` : "";
  return `${name}, ${time}, ${duration(attempt.duration)}${requests}: ${attempt.cause || "ended"}`;
}

/** What has become of a transport in the end, after all these attempts. */
export function outcome(all: readonly Tried[]): { text: string; tone: "good" | "bad" | "plain" } {
  const { attempt, carriesSince } = all.at(-1)!;
  if (attempt.duration === undefined) {
    return carriesSince === undefined ? { text: "trying", tone: "plain" } : { text: "carrying", tone: "good" };
  }
  if (!endedBadly(attempt)) return { text: attempt.cause || "ended", tone: "plain" };
  let times = 1;
  while (all.at(-1 - times)?.attempt.cause === attempt.cause) times++;
  return { text: times === 1 ? attempt.cause! : `${attempt.cause}, ${times} times`, tone: "bad" };
}
