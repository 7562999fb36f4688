/**
 * `npm run build`: what both packages publish, in their dist/. Bundles by rollup, declarations by tsc (checking types is
 * `npm run typecheck`'s work). Files that an earlier build left and this one did not write are removed at the end, so
 * that a server which runs from dist/ meanwhile does not find it empty.
 */
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies } from "./ensure.mjs";
import { fail, root, runTool } from "./lib.mjs";

const CLIENT = join(root, "packages/client/dist");
const SERVER = join(root, "packages/test-server/dist");

ensureDependencies();
const started = Date.now();

declare("packages/client", join(CLIENT, "esm"));
declare("packages/test-server", join(SERVER, "types"));
// Behind the declarations, which tell it what names the script has to keep.
if (runTool("rollup", ["--config"]) !== 0) fail("rollup failed, see above.");
for (const path of filesBelow(join(CLIENT, "esm"))) {
  // The CommonJS build is described by the same text; which kind of module it is, the package.json in dist/cjs says.
  if (path.endsWith(".d.ts")) copyFileSync(path, path.replace(join(CLIENT, "esm"), join(CLIENT, "cjs")));
}
for (const path of [CLIENT, SERVER].flatMap(filesBelow)) {
  if (statSync(path).mtimeMs < started) rmSync(path);
}

/**
 * @param {string} project
 * @param {string} outDir
 */
function declare(project, outDir) {
  const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--noCheck", "--outDir", outDir];
  if (runTool("tsc", ["-p", project, ...flags]) !== 0) fail(`tsc could not declare the types of ${project}.`);
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
