/**
 * The builds of all packages. What an entry point of the client is, `exports` in its package.json says:
 * every path below dist/esm/ there has its source at the same path below src/.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import nodeResolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import esbuild from "rollup-plugin-esbuild";

const CLIENT = "packages/client";
const SERVER = "packages/test-server";
const DEMO = `${SERVER}/demo`;

/** Browsers since 2021: with private fields of their own, which as helpers for older ones cost time on every message. */
export const BROWSERS = "es2022";

/**
 * @param {string} packageDirectory
 * @returns {{ exports: Record<string, string | Record<string, string>>, dependencies: Record<string, string> }}
 */
const manifest = (packageDirectory) => JSON.parse(readFileSync(`${packageDirectory}/package.json`, "utf8"));

export const clientEntries = Object.values(manifest(CLIENT).exports)
  .map((target) => (typeof target === "string" ? target : target.import))
  .filter((path) => path.startsWith("./dist/esm/"))
  .map((path) => path.replace("./dist/esm/", `${CLIENT}/src/`).replace(/\.js$/, ".ts"));

/** @param {string} packageDirectory */
const dependenciesOf = (packageDirectory) => Object.keys(manifest(packageDirectory).dependencies);

/** @param {string} target */
const typescript = (target) => esbuild({ target, tsconfig: "tsconfig.base.json" });

/**
 * As small as it gets. Nothing of ours, nor mitt, asks a function for its `this` unless it is a method, has a getter that does something, or writes into a
 * text what tells differently how it reads as text and what it is worth. Constants stay on the side where they are, as their neighbours do.
 *
 * @param {import("terser").MangleOptions["properties"]} [properties] what to do with the names of properties; by default they stay
 */
export const minify = (properties = false) =>
  terser({
    ecma: 2022,
    module: true,
    // What the script is there for.
    compress: {
      passes: 5,
      unsafe: true,
      unsafe_arrows: true,
      pure_getters: true,
      lhs_constants: false,
      top_retain: ["Encke"],
    },
    mangle: { properties, reserved: ["Encke"] },
    format: { comments: false },
  });

/** STOMP 1.2's headers, which frames have as properties. */
const stompHeaders = [
  ...["host", "login", "passcode", "version", "session", "server", "destination", "id", "ack", "transaction"],
  ...["receipt", "message", "subscription"],
];

/** Members of the browser's dictionaries, which no object has, so that terser does not know them; and names that are stored, for pages with another version. */
const otherNames = ["ifAvailable", "steal", "at", "falls", "idle"];

/**
 * The names of properties that pages may use: every word of the declarations that the client's index hands out. The browser's own names terser knows. What
 * transports and the client say to each other is not among them: to a page a kind of transport is opaque.
 */
function publicNames() {
  /** @param {string} path */
  const read = (path) => readFileSync(`${CLIENT}/dist/esm/${path}.d.ts`, "utf8").replace(/\/\*.*?\*\//gs, "");
  const paths = Array.from(read("index").matchAll(/from "\.\/(.+)\.\w+"/g), ([, path = ""]) => path);
  const declarations = ["index", ...paths.filter((path) => !path.startsWith("transports/"))].map(read).join("\n");
  return [...stompHeaders, ...otherNames, ...new Set(declarations.replace(/"[^"]*"/g, "").match(/\w+/g))];
}

const client = {
  input: clientEntries,
  external: dependenciesOf(CLIENT),
  plugins: [typescript(BROWSERS)],
  output: [
    {
      dir: `${CLIENT}/dist/esm`,
      format: "es",
      preserveModules: true, // an app's bundler takes what it imports, and a stack trace names our files
      preserveModulesRoot: `${CLIENT}/src`,
      sourcemap: true,
    },
    {
      dir: `${CLIENT}/dist/cjs`,
      format: "cjs",
      preserveModules: true,
      preserveModulesRoot: `${CLIENT}/src`,
      sourcemap: true,
      interop: "auto",
      plugins: [commonJsPackage()],
    },
  ],
};

const script = {
  input: `${CLIENT}/src/index.ts`,
  plugins: [nodeResolve({ browser: true }), typescript(BROWSERS)],
  output: {
    file: `${CLIENT}/dist/encke.min.js`,
    format: "iife",
    name: "Encke",
    sourcemap: true,
    // When it is built: the declarations precede it.
    get plugins() {
      return [minify({ keep_quoted: true, reserved: publicNames() })];
    },
  },
};

const server = {
  input: { index: `${SERVER}/src/index.ts`, cli: `${SERVER}/src/cli.ts` },
  external: [/^node:/, ...dependenciesOf(SERVER)],
  plugins: [typescript("node20")],
  output: {
    dir: `${SERVER}/dist`,
    format: "es",
    chunkFileNames: "shared.js",
    sourcemap: true,
    plugins: [command("cli.js")],
  },
};

const demo = {
  input: `${DEMO}/main.ts`,
  external: ["encke"],
  plugins: [typescript(BROWSERS)],
  output: {
    file: `${SERVER}/dist/demo/demo.js`,
    format: "iife",
    globals: { encke: "Encke" },
    sourcemap: true,
    plugins: [demoFiles()],
  },
};

export default [client, script, server, demo].map((build) => ({ ...build, onwarn: refuse }));

/**
 * A warning fails the build: an import that nothing resolves, a cycle, a name that is not exported.
 *
 * @type {import("rollup").WarningHandlerWithDefault}
 */
function refuse(warning) {
  throw new Error(warning.message);
}

/**
 * Below dist/cjs, `.js` is CommonJS, and `.d.ts` describes it.
 *
 * @returns {import("rollup").OutputPlugin}
 */
function commonJsPackage() {
  return {
    name: "commonjs-package",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "package.json", source: `${JSON.stringify({ type: "commonjs" })}\n` });
    },
  };
}

/**
 * Makes a file of the build a command: a first line that names Node, and leave to execute it.
 *
 * @param {string} fileName
 * @returns {import("rollup").OutputPlugin}
 */
function command(fileName) {
  return {
    name: "command",
    banner: (chunk) => (chunk.fileName === fileName ? "#!/usr/bin/env node" : ""),
    renderChunk: (code) => ({ code: code.replace(/^#!.*\n/, ""), map: null }),
    writeBundle: ({ dir = "" }) => chmodSync(join(dir, fileName), 0o755),
  };
}

/**
 * The demo's other files, and the client beside them.
 *
 * @returns {import("rollup").OutputPlugin}
 */
function demoFiles() {
  return {
    name: "demo-files",
    writeBundle({ file = "" }) {
      const target = join(file, "..");
      mkdirSync(target, { recursive: true });
      const files = readdirSync(DEMO)
        .filter((name) => /\.(html|css|svg|ico|png)$/.test(name))
        .map((name) => join(DEMO, name));
      const scripts = [script.output.file, `${script.output.file}.map`];
      for (const path of [...files, ...scripts]) copyFileSync(path, join(target, basename(path)));
    },
  };
}
