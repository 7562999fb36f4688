/**
 * The part of `npm run lint` that Biome cannot say: in the client, only page/ touches the page's globals. As values, that
 * is: types are free. Which layer imports which, biome.json says.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { globalsUsed } from "./globals.mjs";
import { root } from "./lib.mjs";

/** What is different from one page, one moment or one platform to the next. */
export const PAGE_ONLY = [
  ...["window", "self", "globalThis", "document", "navigator", "location", "history", "screen", "console"],
  ...["setTimeout", "setInterval", "clearTimeout", "clearInterval", "requestAnimationFrame", "requestIdleCallback"],
  ...["Date", "performance", "Math.random", "crypto"],
  ...["WebSocket", "EventSource", "XMLHttpRequest", "fetch", "WebTransport", "Worker", "SharedWorker"],
  ...["BroadcastChannel", "MessageChannel", "postMessage", "addEventListener", "removeEventListener", "reportError"],
  ...["localStorage", "sessionStorage", "indexedDB", "caches"],
];

/** What only Node has: for no file of the client. */
export const NODE_ONLY = [
  "process",
  "global",
  "Buffer",
  "require",
  "module",
  "setImmediate",
  "__dirname",
  "__filename",
];

/**
 * What is wrong with one source file of the client.
 *
 * @param {string} path below packages/client/src, with slashes
 * @param {string} source
 * @returns {string[]}
 */
export function misplacedGlobals(path, source) {
  if (path.endsWith(".test.ts") || path.includes("testing/")) return [];
  const names = path.startsWith("page/") ? NODE_ONLY : [...PAGE_ONLY, ...NODE_ONLY];
  return globalsUsed(source, names).map(({ name, line }) =>
    NODE_ONLY.includes(name)
      ? `${path}:${line}: ${name} does not exist in a page.`
      : `${path}:${line}: ${name} is a global of the page: only page/ touches those, take it from there.`,
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const directory = join(root, "packages/client/src");
  const complaints = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => misplacedGlobals(path.replaceAll("\\", "/"), readFileSync(join(directory, path), "utf8")));
  for (const complaint of complaints) console.error(`packages/client/src/${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}
