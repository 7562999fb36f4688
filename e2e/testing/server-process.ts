import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const command = join(createRequire(import.meta.url).resolve("encke-server/package.json"), "../dist/cli.js");

/** The reference server as a process of its own, which can be killed. */
export class ServerProcess {
  private constructor(
    readonly url: string,
    readonly process: ChildProcess,
  ) {}

  /** @param port 0 picks a free one */
  static async start(staticDirectory: string, port = 0): Promise<ServerProcess> {
    const process = spawn(globalThis.process.execPath, [command, "--port", `${port}`, "--static", staticDirectory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface(process.stdout!), "line")) as [string];
    return new ServerProcess(line.replace("listening on ", ""), process);
  }

  /** It goes without a word. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}
