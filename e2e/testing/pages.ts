import { copyFile, mkdtemp } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const require = createRequire(import.meta.url);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A new folder with the pages of the tests and the scripts that they load: the builds as users get them, and the probe. */
export async function buildPages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "encke-pages-"));
  const bundle = { bundle: true, target: "es2022", logLevel: "silent", absWorkingDir: folder } as const;
  await Promise.all([
    ...["blank.html", "bare.html"].map((name) => copyFile(here(`../fixtures/${name}`), join(folder, name))),
    copyFile(require.resolve("encke/encke.min.js"), join(folder, "encke.min.js")),
    copyFile(join(require.resolve("@stomp/stompjs"), "../stomp.umd.min.js"), join(folder, "stomp.umd.min.js")),
    build({ ...bundle, entryPoints: [here("probe.ts")], outfile: "probe.js", format: "iife", globalName: "probe" }),
    build({
      ...bundle,
      entryPoints: [here("worker.ts")],
      outfile: "worker.js",
      format: "esm",
      alias: { encke: esm() },
    }),
  ]);
  return folder;
}

/** The ES modules, whatever tsconfig's `paths` say. */
function esm(): string {
  return join(require.resolve("encke/package.json"), "../dist/esm/index.js");
}
