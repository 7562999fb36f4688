/** `npm run size`: what users download, as brotli sends it, against its budget. Needs a build. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import nodeResolve from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import { minify } from "../rollup.config.mjs";
import { ensureBuild, ensureDependencies } from "./ensure.mjs";
import { root } from "./lib.mjs";

/**
 * What is reached, rounded up, so that nothing grows unseen. The goals, not reached yet: 10,000 B for everything and 3,500 B for encke/stomp.
 *
 * Bytes of brotli, quality 11. An import set is measured as an app's bundler leaves it, dependencies included.
 */
const BUDGETS = [
  { what: "dist/encke.min.js", budget: 10_920 },
  { what: 'export { connect } from "encke/stomp"', budget: 4_670 },
];

ensureDependencies();
ensureBuild();
process.chdir(root);

let tooLarge = 0;
for (const { what, budget } of BUDGETS) {
  const code = what.startsWith("dist/")
    ? readFileSync(join(root, "packages/client", what))
    : Buffer.from(await bundle(what));
  const size = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  if (size > budget) tooLarge += 1;
  const verdict = size > budget ? `TOO LARGE by ${size - budget} B` : "ok";
  console.log(`${bytes(size)} of ${bytes(budget)} (plain ${bytes(code.length)})  ${what}  ${verdict}`);
}
if (tooLarge > 0) process.exitCode = 1;

/**
 * @param {string} source of a module
 * @returns {Promise<string>}
 */
async function bundle(source) {
  const entry = "\0import-set";
  const build = await rollup({
    input: entry,
    plugins: [
      {
        name: "import-set",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? source : null),
      },
      nodeResolve({ browser: true, rootDir: root }),
    ],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await build.generate({ format: "es", plugins: [minify()] });
  return output[0].code;
}

/** @param {number} count */
function bytes(count) {
  return `${count.toLocaleString("en").padStart(7)} B`;
}
