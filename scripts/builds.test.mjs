/** What the published files of the client promise, wherever they are imported. Needs a build. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { globalsUsed } from "./globals.mjs";
import { NODE_ONLY } from "./layers.mjs";
import { root } from "./lib.mjs";

const client = join(root, "packages/client");
const files = readdirSync(join(client, "dist"), { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".js"),
);
/** @type {[string, string | { import: string, require: string }][]} */
const entries = Object.entries(JSON.parse(readFileSync(join(client, "package.json"), "utf8")).exports);
const modules = entries.flatMap(([, target]) => (typeof target === "string" ? [] : [target]));

it.each(files)("%s uses nothing that only Node has", (file) => {
  const names = file.startsWith("cjs/")
    ? NODE_ONLY.filter((name) => name !== "require" && name !== "module")
    : NODE_ONLY;
  expect(globalsUsed(readFileSync(join(client, "dist", file), "utf8"), names)).toEqual([]);
});

it.each(modules.flatMap(Object.values))("%s has its declarations beside it", (file) => {
  expect(existsSync(join(client, file))).toBe(true);
  expect(existsSync(join(client, file.replace(/\.js$/, ".d.ts")))).toBe(true);
});

describe("importing does nothing: no timer, no request", () => {
  const builds = [
    ...modules.map((target) => ["import", target.import]),
    ...modules.map((target) => ["require", target.require]),
    ["script", "./dist/encke.min.js"],
  ];

  it.each(builds)("%s %s in Node, and in a worker", { timeout: 20_000 }, (how, file) => {
    for (const where of ["main", "worker"]) {
      const exported = importElsewhere(how, file, where);
      expect(exported.length).toBeGreaterThan(0);
    }
  });

  it("and the probe would see it", { timeout: 20_000 }, () => {
    const code = (/** @type {string} */ text) => `data:text/javascript,${encodeURIComponent(text)}`;
    for (const where of ["main", "worker"]) {
      expect(() => importElsewhere("import", code("setTimeout(() => {}); export const x = 1"), where)).toThrow(
        /setTimeout/,
      );
      expect(() => importElsewhere("import", code("try { fetch('/') } catch {} export const x = 1"), where)).toThrow(
        /fetch/,
      );
      expect(importElsewhere("import", code("export const x = 1"), where)).toEqual(["x"]);
    }
  });
});

it("the script build has the names that the module build has", () => {
  expect(importElsewhere("script", "./dist/encke.min.js", "main")).toEqual(
    importElsewhere("import", "./dist/esm/index.js", "main"),
  );
});

/**
 * Imports a build in a fresh Node, and returns the names that it exports.
 *
 * @param {string} how "import", "require" or "script"
 * @param {string} file
 * @param {string} where "main" or "worker"
 * @returns {string[]}
 */
function importElsewhere(how, file, where) {
  const probe = fileURLToPath(new URL("import-probe.mjs", import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, [probe, how, file, where], { cwd: client, stdio: "pipe" }).toString(),
  );
}
