/**
 * Installs or builds what a fresh clone does not have. Only node: built-ins, because it runs before node_modules exists.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemChromium } from "./browser.mjs";
import { fail, root, run, runTool } from "./lib.mjs";

/** node_modules as package-lock.json has it. */
export function ensureDependencies() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
  if (isInstalled()) return;
  // `ci` where there is nothing yet; `install` otherwise, which leaves what is right in place.
  const command = existsSync(join(root, "node_modules")) ? "install" : "ci";
  if (run("npm", [command, "--no-audit", "--no-fund"]) !== 0) fail(`npm ${command} failed, see above.`);
}

/** npm leaves a copy of the lock file in node_modules that says what is really there. */
function isInstalled() {
  const copy = join(root, "node_modules/.package-lock.json");
  if (!existsSync(copy)) return false;
  const wanted = packages(join(root, "package-lock.json"));
  const present = packages(copy);
  return Object.entries(wanted).every(
    ([path, { version, optional, peer }]) =>
      !path.startsWith("node_modules/") || optional || peer || present[path]?.version === version,
  );
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, optional?: boolean, peer?: boolean }>}
 */
function packages(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

const SOURCES = [
  "packages/client/src",
  "packages/client/package.json",
  "packages/test-server/src",
  "packages/test-server/demo",
  "packages/test-server/package.json",
  "rollup.config.mjs",
  "scripts/build.mjs",
  "tsconfig.base.json",
];
const OUTPUTS = [
  "packages/client/dist/encke.min.js",
  "packages/client/dist/esm/index.js",
  "packages/client/dist/cjs/index.d.ts",
  "packages/test-server/dist/cli.js",
  "packages/test-server/dist/demo/index.html",
];

/** A build that is no older than the sources. */
export function ensureBuild() {
  const built = Math.min(...OUTPUTS.map((path) => modified(join(root, path))));
  const changed = Math.max(...SOURCES.map((path) => lastModified(join(root, path))));
  if (built >= changed) return;
  if (run(process.execPath, ["scripts/build.mjs"]) !== 0) fail("The build failed, see above.");
}

/**
 * Milliseconds since 1970; 0 for a file that does not exist.
 *
 * @param {string} path
 */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The newest file at or below `path`, tests aside.
 *
 * @param {string} path
 * @returns {number}
 */
function lastModified(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return modified(path);
  const files = readdirSync(path).filter((name) => !name.endsWith(".test.ts"));
  return Math.max(0, ...files.map((name) => lastModified(join(path, name))));
}

/**
 * A Chromium that starts: the system's, Playwright's, Playwright's after a download, Debian's after an installation.
 * Needs the dependencies.
 */
export async function ensureBrowser() {
  const playwrights = (await import("@playwright/test")).chromium.executablePath();
  const starts = () => canStart(systemChromium() ?? playwrights); // the one that playwright.config.ts takes
  if (starts()) return;
  const installs = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (runTool("playwright", ["install", "chromium"]) === 0) {
    if (!starts() && installs) runTool("playwright", ["install-deps", "chromium"]);
    if (starts()) return;
  }
  if (installs) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    run("apt-get", ["update", "-qq"], { env });
    run("apt-get", ["install", "-qq", "--no-install-recommends", "chromium"], { env });
    if (starts()) return;
  }
  fail(
    "The browser tests need a Chromium, and none could be installed. Install one where this machine may: " +
      "`npx playwright install --with-deps chromium`, or on Debian `apt-get install chromium` as root.",
  );
}

/**
 * Whether a browser is there with all the libraries that it needs.
 *
 * @param {string} path
 */
function canStart(path) {
  if (!existsSync(path)) return false;
  if (process.platform === "win32") return true; // where --version opens a window
  return spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
}
