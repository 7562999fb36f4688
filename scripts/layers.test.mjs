import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { misplacedGlobals } from "./layers.mjs";
import { root } from "./lib.mjs";

describe("globals", () => {
  it("are refused outside page/, with the line", () => {
    expect(misplacedGlobals("session/x.ts", "// one\nexport const now = () => Date.now();\n")).toEqual([
      "session/x.ts:2: Date is a global of the page: only page/ touches those, take it from there.",
    ]);
  });

  it.each([
    "new WebSocket(url)",
    "typeof window",
    "fetch(url)",
    "({ fetch })",
    "setTimeout(run, 1)",
    "Math.random()",
    "globalThis.crypto",
    "process.env",
  ])("are found however they are used: %s", (use) => {
    expect(misplacedGlobals("stomp/x.ts", `export const x = (run: () => void, url: string) => ${use};`)).toHaveLength(
      1,
    );
  });

  it.each([
    "export function f(socket: WebSocket, open: typeof fetch): Date | undefined { return open && socket && undefined; }",
    "export function f(setTimeout: (ms: number) => void) { setTimeout(1); }",
    "export const f = (clock: { performance: number }) => clock.performance + Math.max(1, 2);",
    'export const f = () => "document"; // window',
    "queueMicrotask(() => new TextEncoder());",
  ])("are not what types, local names, members and strings are: %s", (source) => {
    expect(misplacedGlobals("stomp/x.ts", source)).toEqual([]);
  });

  it("of the page are free in page/, those of Node are not", () => {
    expect(misplacedGlobals("page/x.ts", "export const x = [window, Date.now(), Buffer];")).toEqual([
      "page/x.ts:1: Buffer does not exist in a page.",
    ]);
  });

  it("are free in tests", () => {
    expect(misplacedGlobals("session/x.test.ts", "window; process;")).toEqual([]);
  });
});

describe("imports", () => {
  /** Layers from top to bottom, and what each may import besides itself, errors.ts and utf8.ts. */
  const allowed = {
    stomp: ["page"],
    sockjs: ["transports", "page"],
    socket: ["session", "negotiation", "transports", "page"],
    session: ["negotiation", "transports", "page"],
    negotiation: ["transports", "page"],
    transports: ["page"],
    page: [],
  };
  const layers = Object.keys(allowed);
  /** @type {string} */
  let directory;
  /** @type {Set<string>} `from -> to` of every import that the linter refuses */
  let refused;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "encke-layers-"));
    const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
    const { overrides } = config;
    write("biome.json", JSON.stringify({ root: true, linter: { rules: { preset: "none" } }, overrides }));
    for (const from of layers) {
      for (const to of layers) {
        write(`packages/client/src/${from}/imports-${to}.ts`, `export * from "../${to}/x.ts";\n`);
        write(`packages/client/src/${from}/imports-${to}.test.ts`, `export * from "../${to}/x.ts";\n`);
      }
      write(`packages/client/src/${from}/imports-sibling.ts`, 'export * from "./x.ts";\n');
      write(`packages/client/src/${from}/imports-errors.ts`, 'import { EnckeError } from "../errors.ts";\n');
      write(`packages/client/src/${from}/imports-utf8.ts`, 'import { utf8Length } from "../utf8.ts";\n');
      write(`packages/client/src/${from}/imports-index.ts`, 'import type { connect } from "../index.ts";\n');
      write(`packages/client/src/${from}/imports-mitt.ts`, 'import mitt from "mitt";\n');
      write(`packages/client/src/${from}/imports-package.ts`, 'export const x = await import("rxjs");\n');
    }
    write("packages/client/src/index.ts", layers.map((to) => `export * from "./${to}/x.ts";\n`).join(""));
    write("packages/client/src/errors.ts", 'import { x } from "./page/x.ts";\n');
    write("packages/client/src/utf8.ts", 'import { x } from "./errors.ts";\n');
    refused = new Set(lint());
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(layers.flatMap((from) => layers.filter((to) => to !== from).map((to) => ({ from, to }))))(
    "from $from to $to point downwards, or are refused",
    ({ from, to }) => {
      const isAllowed = allowed[/** @type {keyof typeof allowed} */ (from)].some((name) => name === to);
      expect(refused.has(`${from}/imports-${to}.ts`)).toBe(!isAllowed);
    },
  );

  it.each(layers)("from %s to the top and to other packages are refused", (from) => {
    expect(refused).toContain(`${from}/imports-index.ts`);
    expect(refused).toContain(`${from}/imports-package.ts`);
  });

  it.each(layers)("from %s to a sibling, errors.ts, utf8.ts and mitt are free", (from) => {
    for (const name of ["sibling", "errors", "utf8", "mitt"])
      expect(refused).not.toContain(`${from}/imports-${name}.ts`);
  });

  it("from errors.ts and utf8.ts are refused, from index.ts and tests free", () => {
    expect(refused).toContain("errors.ts");
    expect(refused).toContain("utf8.ts");
    expect(refused).not.toContain("index.ts");
    expect([...refused].filter((path) => path.endsWith(".test.ts"))).toEqual([]);
  });

  /**
   * @param {string} path
   * @param {string} text
   */
  function write(path, text) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }

  /** The files below packages/client/src that break an import rule. */
  function lint() {
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const output = join(directory, "report.json");
    const args = [biome, "lint", "--max-diagnostics=none", "--reporter=json", `--reporter-file=${output}`];
    try {
      execFileSync(process.execPath, args, { cwd: directory, stdio: "pipe" });
    } catch {
      // It exits with 1 when it finds something: the report says what.
    }
    const report = JSON.parse(readFileSync(output, "utf8"));
    return report.diagnostics.map((/** @type {any} */ diagnostic) => {
      expect(diagnostic.category).toBe("lint/style/noRestrictedImports");
      return String(diagnostic.location.path.file ?? diagnostic.location.path).replace("packages/client/src/", "");
    });
  }
});
