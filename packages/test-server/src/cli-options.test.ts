import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOptions, UsageError, usage } from "./cli-options.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "encke-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration file that holds this. */
function write(content: unknown): string {
  const file = join(folder, "config.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** What is wrong, said in one line. */
function refusal(...args: string[]): string {
  try {
    readOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message).not.toContain("\n");
    return error.message;
  }
  return "nothing";
}

describe("the options", () => {
  it("are none", () => {
    expect(readOptions([])).toEqual({});
  });

  it("say what is behind: a broker, an app, a token for pushes", () => {
    const args = ["--relay", "stomp://a:b@c.test/%2F", "--proxy", "http://127.0.0.1:3000", "--publish-token", "secret"];
    expect(readOptions(args)).toEqual({
      relay: "stomp://a:b@c.test/%2F",
      proxy: "http://127.0.0.1:3000",
      publishToken: "secret",
    });
    expect(refusal("--relay", "http://c.test")).toMatch(/^--relay takes stomp:/);
    expect(refusal("--proxy", "127.0.0.1:3000")).toMatch(/^--proxy takes an http/);
    expect(refusal("--publish-token", "")).toBe("--publish-token takes a text");
  });

  it("say where to listen, for whom, and what to serve", () => {
    const args = ["--port", "81", "--host", "::", "--stomp-port=0", "--static", ".", "--resume-window", "5"];
    expect(readOptions([...args, "--origin", "https://a.test", "--origin", "http://b.test:8080"])).toEqual({
      port: 81,
      host: "::",
      stompPort: 0,
      staticDirectory: ".",
      resumeWindow: 5,
      origins: ["https://a.test", "http://b.test:8080"],
    });
  });

  it("may ask for the usage, which names them all", () => {
    expect(readOptions(["--help", "--port", "many"])).toBeUndefined();
    for (const name of ["port", "host", "stomp-port", "origin", "static", "resume-window", "config", "help"]) {
      expect(usage).toContain(`  --${name} `);
    }
  });

  it.each<[string[], RegExp]>([
    [["--prot", "1"], /'--prot'/],
    [["extra"], /'extra'/],
    [["--port"], /--port/],
    [["--port", "many"], /^--port takes a whole number from 0 to 65535$/],
    [["--port", "65536"], /^--port takes/],
    [["--port="], /^--port takes/],
    [["--port", "0x50"], /^--port takes/],
    [["--stomp-port", "1.5"], /^--stomp-port takes a whole number/],
    [["--resume-window=-1"], /^--resume-window takes a whole number from 0 to 86400$/],
    [["--host="], /^--host takes a text$/],
    [["--origin", "https://a.test/path"], /^--origin takes origins such as https:\/\/example\.org, without a path$/],
    [["--origin", "https://a.test/"], /^--origin takes/],
    [["--origin", "a.test"], /^--origin takes/],
    [["--origin", "null"], /^--origin takes/],
    [["--static", "/nowhere/at/all"], /^--static takes a folder that is there$/],
    [["--config", "/nowhere/at/all.json"], /^--config: .*ENOENT/],
  ])("that are not right are refused, in a line that says why: %j", (args, why) => {
    expect(refusal(...args)).toMatch(why);
  });
});

describe("the configuration file", () => {
  it("says what the options say, which take precedence", () => {
    const config = { port: 1, stompPort: 2, origins: ["https://a.test"], limits: { hold: 1234 } };
    expect(readOptions(["--config", write(config), "--port", "0"])).toEqual({ ...config, port: 0 });
  });

  it.each<[unknown, RegExp]>([
    ["{", /^--config: .*JSON/],
    ["[]", /^--config takes a JSON object$/],
    ["null", /^--config takes a JSON object$/],
    [{ prot: 1 }, /^--config: unknown option prot; there are port, /],
    [{ port: "1" }, /^--config: port takes a whole number/],
    [{ origins: "https://a.test" }, /^--config: origins takes origins/],
    [{ origins: ["https://a.test/"] }, /^--config: origins takes origins/],
    [{ resumeWindow: null }, /^--config: resumeWindow takes a whole number/],
    [{ staticDirectory: "/nowhere/at/all" }, /^--config: staticDirectory takes a folder/],
    [{ limits: 1 }, /^--config: limits takes a JSON object$/],
    [{ limits: { holt: 1 } }, /^--config: limits: unknown option holt; there are /],
    [{ limits: { hold: "1" } }, /^--config: limits\.hold takes a whole number from 1/],
    [{ limits: { maxSessions: 0 } }, /^--config: limits\.maxSessions takes a whole number from 1/],
  ])("that is not right is refused, in a line that says why: %j", (content, why) => {
    expect(refusal("--config", write(content))).toMatch(why);
  });
});
