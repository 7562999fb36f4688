import { atRandom, type MiddleboxOptions, type ResponseHead } from "encke-server";
import { randomFrom } from "../../../packages/test-server/src/testing/random-from.ts";
import type { Behaviour } from "../behaviour.ts";
import type { Transport } from "../place.ts";

type Expected = Pick<Behaviour, "passes" | "restless">;

const behaviour = (name: string, { passes, restless }: Expected, faults: () => Omit<MiddleboxOptions, "target">) =>
  ({ name, direction: "reverse", passes, ...(restless && { restless }), faults }) as const satisfies Behaviour;

const streams: readonly Transport[] = ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"];

/** Whatever happens to WebSockets: requests and their answers are not touched. */
const webSocket = (name: string, fault: NonNullable<MiddleboxOptions["webSocket"]>) =>
  behaviour(`WebSocket ${name}`, { passes: streams }, () => ({ webSocket: fault }));

/** Something that holds answers back, where there are no WebSockets either. Complete ones, as those of polls, it does not hold up. */
const held = (name: string, passes: readonly Transport[], faults: Omit<MiddleboxOptions, "target">) =>
  behaviour(name, { passes }, () => ({ webSocket: "refuse", ...faults }));

const isOf = (type: string) => (response: ResponseHead) => !!response.headers.get("content-type")?.startsWith(type);

/** Of encke, and not the page's own. */
const isEnckes = (path: string) => path.startsWith("/encke/");

/** What networks do that none of the programs here does, or that they do only when told to. */
export const behaviours: readonly Behaviour[] = [
  webSocket("refused", "refuse"),
  webSocket("black-holed", "black-hole"),
  // Firewalls that look into what follows the upgrade.
  webSocket("reset at the server's first frame", { after: "server-data" }),
  webSocket("reset at the client's first frame", { after: "client-data" }),
  webSocket("black-holed after the upgrade", { after: "upgrade", fate: "black-hole" }),
  // The greeting comes, and no pong.
  webSocket("black-holed upwards", { after: "upgrade", fate: "black-hole-up" }),
  webSocket("black-holed downwards", { after: "upgrade", fate: "black-hole-down" }),

  // A virus scanner that has to see the whole. Each stream is given up after 10 s: nothing of it comes.
  held("answers held until their end, WebSocket black-holed", ["xhr-poll"], { hold: {}, webSocket: "black-hole" }),
  // All streams deliver here, and later than polls do.
  held("pieces of answers held for 300 ms", ["xhr-poll"], { hold: { ms: 300 } }),
  held("text/plain held until its end", ["event-source", "iframe-stream", "xhr-poll"], {
    hold: { only: isOf("text/plain") },
  }),
  held("all but text/html held until its end", ["iframe-stream", "xhr-poll"], {
    hold: { only: (response) => !isOf("text/html")(response) },
  }),

  behaviour("WebSocket cut after 5 s", { passes: streams, restless: Infinity }, () => ({
    webSocket: { after: 5_000 },
  })),
  // The answer to a poll begins when it is there, and so is never cut. Three streams have to be lost, of which the one in a frame is missed after 15 s only.
  behaviour("answers cut after 5 s", { passes: ["xhr-poll"], restless: 60_000 }, () => ({
    webSocket: "refuse",
    response: { after: 5_000 },
  })),
  // Pings every 20 s are too few, and so are those every 12.5 s, which are tried next; those every 6.25 s keep it open.
  behaviour("idle connections cut after 10 s", { passes: ["websocket", ...streams], restless: 60_000 }, () => ({
    idle: { after: 10_000 },
  })),
  // The same without a word: the browser's other connections are forgotten with it, so only a WebSocket gets through at once.
  behaviour("idle connections forgotten after 10 s", { passes: ["websocket", ...streams], restless: 100_000 }, () => ({
    idle: { after: 10_000, fate: "black-hole" },
  })),
  // A carrier's NAT. The server's pings, every 20 s, keep it from that.
  behaviour("idle connections forgotten after 30 s", { passes: ["websocket", ...streams] }, () => ({
    idle: { after: 30_000, fate: "black-hole" },
  })),

  behaviour("all requests but WebSocket refused", { passes: ["websocket"] }, () => ({
    request: ({ path, isWebSocket }) => (isEnckes(path) && !isWebSocket ? "refuse" : "pass"),
  })),
  // A POST that is refused may have been the carrier's fault: the page goes on with polls each time, and comes back.
  behaviour("one request in ten answered 502", { passes: streams, restless: Infinity }, () => {
    const fault = atRandom(0.1, 502, randomFrom(1));
    return { webSocket: "refuse", request: ({ path }) => (isEnckes(path) ? fault() : "pass") };
  }),
];
