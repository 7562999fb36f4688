/** `npm start`: the reference server and its demo, on http://127.0.0.1:8000/ unless arguments say otherwise. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuild, ensureDependencies } from "./ensure.mjs";
import { root } from "./lib.mjs";

ensureDependencies();
ensureBuild();

if (process.env.npm_lifecycle_event) {
  // A SIGTERM to npm ends npm and its shell and never gets here. That the shell is gone does.
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  watch.unref();
}

// In this process rather than a child: signals and the exit code are the server's own.
const cli = join(root, "packages/test-server/dist/cli.js");
process.argv[1] = cli;
await import(pathToFileURL(cli).href);
