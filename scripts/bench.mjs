/** `npm run bench`: the measurements in bench/, with the arguments given. They need a build and a browser. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBrowser, ensureBuild, ensureDependencies } from "./ensure.mjs";
import { root } from "./lib.mjs";

ensureDependencies();
ensureBuild();
await ensureBrowser();
await import(pathToFileURL(join(root, "bench/main.mjs")).href);
