import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePorts } from "./ports.ts";

const home = "/usr/share/activemq";

/** An ActiveMQ with STOMP over TCP, on loopback alone, that keeps nothing. */
export class ActiveMq {
  static readonly isInstalled = existsSync(`${home}/lib/activemq-stomp.jar`);

  private constructor(
    readonly directory: string,
    readonly stompPort: number,
    readonly process: ChildProcess,
  ) {}

  static async start(): Promise<ActiveMq> {
    const directory = await mkdtemp(join(tmpdir(), "encke-activemq-"));
    const [port] = await freePorts(1);
    const broker = `broker:(stomp://127.0.0.1:${port})?persistent=false&useJmx=false&brokerName=encke`;
    const java = spawn(
      "java",
      [
        "-Xmx256m",
        `-Dactivemq.home=${home}`,
        `-Dactivemq.base=${directory}`,
        ...["-cp", `${home}/lib/*:${home}/lib/optional/*`],
        "org.apache.activemq.console.command.ShellCommand",
        ...["start", broker],
      ],
      { stdio: "ignore", cwd: directory },
    );
    const active = new ActiveMq(directory, port!, java);
    for (let tries = 0; !(await active.isThere()); tries++) {
      if (tries > 300 || java.exitCode !== null) throw new Error("ActiveMQ did not start.");
      await setTimeout(100);
    }
    return active;
  }

  /** What `--relay` takes. */
  get relay(): string {
    return `stomp://127.0.0.1:${this.stompPort}`;
  }

  async isThere(): Promise<boolean> {
    const socket = connect(this.stompPort, "127.0.0.1");
    const isThere = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return isThere;
  }

  async close(): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
    await rm(this.directory, { recursive: true, force: true });
  }
}
