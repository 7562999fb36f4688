import { visibleState } from "./absence.ts";
import { Attempts } from "./attempts.ts";
import { logConnection } from "./connection-log.ts";
import { copyReport } from "./copy-report.ts";
import { byId, setText } from "./dom.ts";
import { drawer } from "./drawer.ts";
import type { Client, Report } from "./encke.ts";
import { EventLog } from "./event-log.ts";
import { faultButtons } from "./fault-buttons.ts";
import type { NetworkFaults } from "./faults/network-faults.ts";
import { capitalized, duration } from "./format.ts";
import { Orbit } from "./orbit.ts";
import { measureRoundTrips } from "./round-trips.ts";
import { Sparkline } from "./sparkline.ts";
import { Timeline } from "./timeline/timeline.ts";
import { transportName } from "./transport-names.ts";

const STATES: Readonly<Record<Client["state"], string>> = {
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Coming back",
  closed: "Closed",
};

const COUNT_MS = 500;
/** A gap between two transports that is shorter than this is in the log, and not worth a flash of the label. */
const SETTLE_MS = 150;

/** The connection as it is: transport, state, what was tried, round trips, counts, what happened, and the means to break it. */
export function panel(client: Client, faults: NetworkFaults, ownTopic: string): void {
  const log = new EventLog(byId("log", HTMLOListElement));
  drawer();
  faultButtons(faults, (what) => log.add(what, "you"));
  const attempts = new Attempts(client);
  logConnection(client, attempts, log);
  new Timeline(attempts);
  copyReport(client);
  showTransport(client);
  showRoundTrips(client, ownTopic);
  showCounts(client);
}

function showTransport(client: Client): void {
  const orbit = new Orbit(byId("orbit", SVGSVGElement));
  let settling: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    settling = undefined;
    const name = capitalized(transportName(client.transport));
    setText(byId("transport", HTMLElement), name);
    setText(byId("summary-transport", HTMLElement), name);
    const state = visibleState(client);
    setText(byId("state", HTMLElement), STATES[state]);
    byId("panel", HTMLElement).dataset.state = state;
    orbit.connected = state === "connected";
  };
  const changed = () => {
    if (visibleState(client) !== "connected") settling ??= setTimeout(write, SETTLE_MS);
    else {
      clearTimeout(settling);
      write();
    }
  };
  client.on("transport", changed);
  client.on("state", changed);
  write();
}

function showRoundTrips(client: Client, ownTopic: string): void {
  const sparkline = new Sparkline(byId("sparkline", SVGSVGElement));
  const reading = byId("round-trip", HTMLElement);
  const summary = byId("summary-round-trip", HTMLElement);
  setText(reading, "–");
  measureRoundTrips(client, ownTopic, (sample, elapsed) => {
    if (sample !== undefined) sparkline.add(sample);
    reading.classList.toggle("late", sample === undefined || sample.interrupted);
    const text = sample === undefined ? `${duration(elapsed)} …` : duration(elapsed);
    setText(reading, text);
    setText(summary, text);
  });
}

function showCounts(client: Client): void {
  const counts = {
    sent: byId("count-sent", HTMLElement),
    received: byId("count-received", HTMLElement),
    resumed: byId("count-resumed", HTMLElement),
    duplicates: byId("count-duplicates", HTMLElement),
  };
  setInterval(() => {
    if (document.hidden) return;
    const report = client.report() as Report;
    for (const key of ["sent", "received", "resumed", "duplicates"] as const) {
      setText(counts[key], (report[key] ?? 0).toLocaleString());
    }
  }, COUNT_MS);
}
