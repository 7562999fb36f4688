import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "./ports.ts";

/** Not the wrapper in /usr/sbin, which changes the user and writes below /var. */
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** A RabbitMQ with STOMP over TCP and over WebSocket, on loopback alone, without the system's service. Its data is gone with it. */
export class RabbitMq {
  static readonly isInstalled = existsSync(program);
  #node: ChildProcess | undefined;
  readonly #portMapper: ChildProcess;

  private constructor(
    readonly directory: string,
    /** STOMP over TCP. */
    readonly stompPort: number,
    /** STOMP over WebSocket, at `/ws`. */
    readonly webStompPort: number,
    readonly environment: NodeJS.ProcessEnv,
    portMapperPort: number,
  ) {
    // Otherwise Erlang leaves one of its own behind.
    this.#portMapper = spawn("epmd", ["-address", "127.0.0.1", "-port", String(portMapperPort)], { stdio: "ignore" });
  }

  static async start(): Promise<RabbitMq> {
    const directory = await mkdtemp(join(tmpdir(), "encke-rabbitmq-"));
    const [amqp, stomp, webStomp, portMapper, distribution] = await freePorts(5);
    await writeFile(
      join(directory, "rabbitmq.conf"),
      [
        `listeners.tcp.1 = 127.0.0.1:${amqp}`,
        `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
        `web_stomp.tcp.ip = 127.0.0.1`,
        `web_stomp.tcp.port = ${webStomp}`,
        "web_stomp.ws_frame = binary",
        "log.file = false",
        "log.console = true",
        "",
      ].join("\n"),
    );
    await writeFile(join(directory, "plugins"), "[rabbitmq_stomp,rabbitmq_web_stomp].\n");
    const rabbit = new RabbitMq(
      directory,
      stomp!,
      webStomp!,
      {
        ...process.env,
        HOME: directory,
        ERL_EPMD_ADDRESS: "127.0.0.1",
        ERL_EPMD_PORT: String(portMapper),
        RABBITMQ_NODENAME: `encke${stomp}@localhost`,
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_MNESIA_BASE: join(directory, "db"),
        RABBITMQ_LOG_BASE: join(directory, "log"),
        RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "plugins"),
        RABBITMQ_PID_FILE: join(directory, "pid"),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
      },
      portMapper!,
    );
    await rabbit.up();
    return rabbit;
  }

  /** What `--relay` takes. */
  get relay(): string {
    return `stomp://guest:guest@127.0.0.1:${this.stompPort}/%2F`;
  }

  /** Resolves when it serves. Its queues that last are as they were. */
  async up(): Promise<void> {
    const node = spawn(program, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#node = node;
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      for (const stream of [node.stdout, node.stderr]) {
        createInterface(stream).on("line", (line) => {
          said.push(line);
          if (/startup complete/i.test(line)) resolve();
        });
      }
      node.once("exit", () => reject(new Error(`RabbitMQ did not start:\n${said.slice(-30).join("\n")}`)));
    });
  }

  /** It ends in order. */
  async down(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    if (!node || node.exitCode !== null) return;
    const gone = once(node, "exit");
    node.kill("SIGTERM");
    await gone;
  }

  async close(): Promise<void> {
    await this.down();
    this.#portMapper.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
