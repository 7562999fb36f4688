/** Finds which globals a piece of code uses: as values, not as types, and not where a local name hides them. */
import { SourceMap } from "node:module";
import { transformSync } from "esbuild";

const MARK = "__GLOBAL__";

/**
 * Every use of the globals `names` (also members, as in `Math.random`) in TypeScript or JavaScript source.
 *
 * esbuild knows scopes and drops types; its `define` renames exactly the references that are bound to nothing.
 *
 * @param {string} source
 * @param {readonly string[]} names
 * @returns {{ name: string, line: number }[]} lines count from 1
 */
export function globalsUsed(source, names) {
  const define = Object.fromEntries(names.map((name, index) => [name, `${MARK}${index}`]));
  const { code, map } = transformSync(source, { loader: "ts", define, sourcemap: "external", target: "esnext" });
  const lines = new SourceMap(JSON.parse(map));
  return code.split("\n").flatMap((text, row) =>
    [...text.matchAll(new RegExp(`${MARK}(\\d+)`, "g"))].map((match) => {
      const origin = lines.findEntry(row, match.index);
      return { name: names[Number(match[1])], line: "originalLine" in origin ? origin.originalLine + 1 : 1 };
    }),
  );
}
