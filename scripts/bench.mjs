/**
 * `npm run bench`: every measurement in bench/, one after the other. `npm run bench -- codec --rounds 3` is one of them,
 * with its arguments. They need a build and a browser.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBrowser, ensureBuild, ensureDependencies } from "./ensure.mjs";
import { fail, root, run } from "./lib.mjs";

const [name, ...rest] = process.argv.slice(2);
const named = name !== undefined && !name.startsWith("-");
const all = readdirSync(join(root, "bench")).filter((file) => file.endsWith(".mjs"));
if (named && !existsSync(join(root, `bench/${name}.mjs`))) {
  fail(`There is no bench/${name}.mjs. There are: ${all.map((file) => file.replace(/\.mjs$/, "")).join(", ")}.`);
}

ensureDependencies();
ensureBuild();
await ensureBrowser();
for (const file of named ? [`${name}.mjs`] : all) {
  const exitCode = run(process.execPath, [`bench/${file}`, ...(named ? rest : process.argv.slice(2))], {
    stdout: true,
  });
  if (exitCode !== 0) process.exitCode = exitCode;
}
