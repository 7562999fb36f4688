/**
 * From `connect` to the first MESSAGE of a subscription to which the page itself publishes, at round trips of 100 ms, behind each of the proxies and faults in
 * e2e/proxies, as far as they are installed. On a page that was loaded over the same path, so that a connection is there. Medians of alternating rounds, each in a
 * profile of its own.
 *
 *     node bench/proxies.mjs [--rounds N]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { build } from "esbuild";
import { createMiddlebox, createServer } from "../packages/test-server/dist/index.js";
import { chromiumArgs, systemChromium } from "../scripts/browser.mjs";
import { median, printTable, quantile } from "./lib/numbers.mjs";
import { option } from "./lib/option.mjs";

const rounds = Number(option("--rounds") ?? 5);
const ONE_WAY = 50;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "encke-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
await copyFile(join(root, "packages/client/dist/encke.min.js"), join(folder, "encke.js"));
await writeFile(
  join(folder, "page.html"),
  `<!doctype html><link rel="icon" href="data:,"><script src="encke.js"></script>`,
);
const { boxes, isInstalled, startBox } = await sources();

const server = createServer({ port: 0, staticDirectory: folder });
await server.listen();
const browser = await chromium.launch({ executablePath: systemChromium(), args: chromiumArgs });

const missing = boxes.filter((box) => !isInstalled(box));
for (const { name, debian } of missing) console.log(`skipped: ${name}: needs Debian's ${debian}`);
const rows = await Promise.all([undefined, ...boxes.filter(isInstalled)].map(place));
for (let round = 0; round < rounds; round++) {
  for (const { url, proxy, times } of rows) {
    const context = await browser.newContext({ ...(proxy && { proxy }), bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${url}/page.html`);
    times.push(await page.evaluate(firstMessage));
    await context.close();
  }
}
await browser.close();
for (const { close } of rows) await close();
await server.close();

const direct = median(rows[0].times);
const ms = (number) => `${Math.round(number)} ms`;
printTable([
  ["first MESSAGE, round trips of 100 ms", "median", "min", "max", "× direct"],
  ...rows.map(({ name, times }) => [
    name,
    ms(median(times)),
    ms(quantile(times, 0)),
    ms(quantile(times, 1)),
    (median(times) / direct).toFixed(2),
  ]),
]);

/** Where pages find a box, or none, behind a long way. */
async function place(box) {
  const running = box && (await startBox(box, Number(new URL(server.url).port)));
  const way = createMiddlebox({ target: running?.url ?? server.url, delay: ONE_WAY });
  await way.listen();
  const isForward = box?.direction === "forward";
  return {
    name: box?.name ?? "direct",
    times: [],
    url: isForward ? server.url : way.url,
    // Without this word Chromium asks no proxy for what is on 127.0.0.1.
    proxy: isForward ? { server: way.url, bypass: "<-loopback>" } : undefined,
    async close() {
      await way.close();
      await running?.stop();
    },
  };
}

/** What the tests say about proxies, in this language. */
async function sources() {
  const outfile = join(folder, "proxies.mjs");
  const contents = `export * from "./box.ts"; export * from "./boxes.ts";`;
  const stdin = { contents, resolveDir: join(root, "e2e/proxies"), loader: "ts" };
  // From its folder the bundle would not find it.
  const server = join(root, "packages/test-server/dist/index.js");
  const bundle = { bundle: true, alias: { "encke-server": server }, external: [server] };
  await build({ ...bundle, stdin, outfile, platform: "node", format: "esm", logLevel: "silent" });
  return import(outfile);
}

// In the page

function firstMessage() {
  return new Promise((resolve) => {
    const start = performance.now();
    const client = Encke.connect("/encke");
    client.subscribe("/topic/first", () => resolve(performance.now() - start));
    client.publish("/topic/first", "hello");
  });
}
