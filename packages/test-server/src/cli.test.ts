import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

/** The build's; `npm run test:unit` makes it. */
const command = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

const processes: ChildProcess[] = [];

afterAll(() => {
  for (const one of processes) one.kill("SIGKILL");
});

/** The command as a shell runs it. */
class Run {
  stdout = "";
  stderr = "";
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(...options: string[]) {
    this.process = spawn(process.execPath, [command, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    processes.push(this.process);
    this.process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.process, "close").then(([code]) => code);
  }

  /** Its first lines, once they are there. */
  async lines(count: number): Promise<string[]> {
    while (this.stdout.split("\n").length <= count) {
      if (this.process.exitCode !== null) throw new Error(`It has ended: ${this.stderr}`);
      await Promise.race([once(this.process.stdout!, "data"), this.ended]);
    }
    return this.stdout.split("\n").slice(0, count);
  }

  get url(): string {
    return this.stdout.split("\n", 1)[0]!.replace("listening on ", "");
  }
}

describe("encke-server", () => {
  it("says in its first line where it listens, and serves there", async () => {
    const run = new Run("--port", "0");
    const [line] = await run.lines(1);
    expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(`${run.url}/healthz`)).text()).toBe("ok\n");
    const demo = await fetch(run.url);
    expect(demo.headers.get("content-security-policy")).toBe("default-src 'self'");
    expect(await demo.text()).toContain("<html");
  });

  it("says where it listens for STOMP, too", async () => {
    const run = new Run("--port=0", "--stomp-port=0");
    expect((await run.lines(2))[1]).toMatch(/^STOMP over TCP on port \d+$/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends with 0 on %s", async (signal) => {
    const run = new Run("--port", "0");
    await run.lines(1);
    run.process.kill(signal);
    expect(await run.ended).toBe(0);
    expect(run.stderr).toBe("");
  });

  it("tells a held poll to come back later before it ends", async () => {
    const run = new Run("--port", "0");
    await run.lines(1);
    const poll = `${run.url}/encke/a-session-of-a-test-0123/poll?v=1&t=1`;
    const frame = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";
    const first = await fetch(`${poll}&c=1&r=0&o=1&h=0`, { method: "POST", body: `s1:t${frame.length}:${frame}` });
    expect(await first.text()).toContain("CONNECTED");
    const held = fetch(`${poll}&c=2&r=1`, { method: "POST" });
    run.process.kill("SIGTERM");
    expect(await (await held).text()).toContain("code=4006");
    expect(await run.ended).toBe(0);
  });

  it("tells what it can do", async () => {
    const run = new Run("--help");
    expect(await run.ended).toBe(0);
    expect(run.stdout).toMatch(/^encke-server: /);
    for (const option of ["port", "host", "stomp-port", "origin", "static", "resume-window", "config"]) {
      expect(run.stdout).toContain(`--${option} `);
    }
  });

  it("says so if another program has the port", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const run = new Run("--port", `${port}`);
    expect(await run.ended).toBe(1);
    other.close();
    expect(run.stderr).toContain("EADDRINUSE");
    expect(run.stderr).toContain("choose another --port");
    expect(run.stderr).not.toContain("    at ");
  });

  it("says in its first line what is wrong with its options, without a stack, and ends with 2", async () => {
    const run = new Run("--port", "many");
    expect(await run.ended).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr.split("\n")).toEqual([
      "encke-server: --port takes a whole number from 0 to 65535",
      "encke-server --help lists the options.",
      "",
    ]);
  });
});
