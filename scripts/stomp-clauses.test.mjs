import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./lib.mjs";

const document = readFileSync(join(root, "docs/stomp.md"), "utf8");

/** The test files by the names that the tables call them. */
const files = new Map(
  Array.from(document.matchAll(/^\[(\w+)\]: \.\.\/(\S+)$/gm), ([, name = "", path = ""]) => [name, path]),
);

/** The rows, without heads and rules. */
const rows = document
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\| (clause|---) /.test(line))
  .map((line) => line.slice(2, -2).split(" | "));

/** @param {string} name */
const sourceOf = (name) => readFileSync(join(root, /** @type {string} */ (files.get(name))), "utf8");

describe("docs/stomp.md", () => {
  it("names test files that are there, and each of them in a table", () => {
    const absent = [...files].filter(([, path]) => !existsSync(join(root, path)));
    expect(absent).toEqual([]);
    const named = new Set(
      rows.flatMap((row) => Array.from(row.at(-1)?.matchAll(/\[(\w+)\] "/g) ?? [], ([, name]) => name)),
    );
    expect([...named].sort()).toEqual([...files.keys()].sort());
  });

  it.each(rows)("shows by tests there are: %s", (...row) => {
    expect(row).toHaveLength(5);
    const tests = (row[4] ?? "").split("<br>").map((test) => /^\[(\w+)\] "(.+)"$/.exec(test) ?? [test]);
    const missing = tests.filter(
      ([, name, title]) => !name || !files.has(name) || !sourceOf(name).match(titled(/** @type {string} */ (title))),
    );
    expect(missing.map(([test]) => test)).toEqual([]);
  });
});

/**
 * What a test of that title begins with, skipped ones left out.
 *
 * @param {string} title
 */
function titled(title) {
  return new RegExp(`(?<!skip|todo)\\(\\s*["'\`]${title.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}["'\`],`);
}
