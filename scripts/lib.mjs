/** What the scripts share. Only node: built-ins: some of them run before anything is installed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a command in the repository's root and returns its exit code (1 when a signal ended it or it could not start).
 * Its output goes to stderr unless `stdout` is set: stdout belongs to what the user asked for.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ stdout?: boolean, env?: Record<string, string> }} [options]
 */
export function run(command, args, { stdout = false, env } = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", stdout ? 1 : 2, 2],
    env: { ...process.env, ...env },
    shell: process.platform === "win32" && command === "npm", // npm.cmd
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

/**
 * Like `run`, for one of the installed tools.
 *
 * @param {keyof typeof tools} tool
 * @param {string[]} args
 * @param {{ stdout?: boolean, env?: Record<string, string> }} [options]
 */
export function runTool(tool, args, options) {
  return run(process.execPath, [tools[tool], ...args], options);
}

// By file, not by node_modules/.bin: those are shell scripts on one system and .cmd files on another.
const tools = {
  playwright: "node_modules/@playwright/test/cli.js",
  rollup: "node_modules/rollup/dist/bin/rollup",
  tsc: "node_modules/typescript/bin/tsc",
  vitest: "node_modules/vitest/vitest.mjs",
};

/**
 * Ends the process with a message that says what to do.
 *
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
