/**
 * For builds.test.mjs: imports one build of the client where every timer and every request is a trap, prints the sorted
 * names that it exports, and exits with 1 when a trap was sprung: also when the import caught what the trap threw.
 *
 * node import-probe.mjs import|require|script FILE main|worker, in packages/client
 */
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { isMainThread, Worker } from "node:worker_threads";

const [how, file, where] = process.argv.slice(2);

if (where === "worker" && isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: [how, file, where] });
  worker.on("exit", (code) => {
    process.exitCode = code;
  });
} else {
  await probe();
}

async function probe() {
  /** @type {string[]} */
  const sprung = [];
  /** @param {string} name */
  const trap = (name) =>
    function trapped() {
      sprung.push(name);
      throw new Error(`importing ${file} used ${name}`);
    };
  const write = process.stdout.write.bind(process.stdout);
  const names = ["setTimeout", "setInterval", "setImmediate", "fetch", "WebSocket", "EventSource", "XMLHttpRequest"];
  const traps = Object.fromEntries(names.map((name) => [name, trap(name)]));
  if (how !== "script") Object.assign(globalThis, traps);
  for (const request of [http, https]) Object.assign(request, { request: trap("request"), get: trap("get") });
  Object.assign(net, { connect: trap("connect"), createConnection: trap("createConnection") });
  syncBuiltinESMExports();

  const exported = await load(traps);
  // What was put off until after the import shows now.
  for (let turn = 0; turn < 10; turn += 1) await null;
  if (sprung.length > 0) {
    console.error(`importing ${file} used ${sprung.join(", ")}`);
    process.exitCode = 1;
  }
  write(
    JSON.stringify(
      Object.keys(exported)
        .filter((name) => name !== "default" && name !== "__esModule")
        .sort(),
    ),
  );
}

/**
 * @param {Record<string, () => never>} traps
 * @returns {Promise<object>}
 */
async function load(traps) {
  const path = resolve(file);
  if (how === "require") return createRequire(import.meta.url)(path);
  if (how === "import") return import(file.startsWith("data:") ? file : pathToFileURL(path).href);
  // A global scope with the language, the traps, and what pages and workers have had for long.
  const page = { ...traps, Event, EventTarget, TextDecoder, TextEncoder, URL, queueMicrotask };
  vm.runInNewContext(readFileSync(path, "utf8"), page);
  return vm.runInNewContext("Encke", page);
}
