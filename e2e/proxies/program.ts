import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { Place, RunningBox } from "./place.ts";

/** A program, set up in one way. */
export interface Program extends Place {
  /** What starts it. */
  readonly program: string;
  /** The Debian package that has the program. */
  readonly debian: string;
  /** What it needs to run in the foreground on `127.0.0.1:port`, by an unprivileged user, without touching anything outside of `folder`. */
  configure(site: Site): Configuration;
}

export interface Site {
  /** Empty, and its own. */
  readonly folder: string;
  readonly port: number;
  /** Of encke's server, on 127.0.0.1. */
  readonly target: number;
}

export interface Configuration {
  readonly args: readonly string[];
  /** Texts by name, to be written into the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** Debian's programs for administrators are not on everybody's path. */
const path = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where the file is; undefined if it is not installed. */
export function programOf({ program }: Program): string | undefined {
  return path
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A run that is broken off must not leave any behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/** How long one may take to start, and to end when it is asked to, in milliseconds. */
const patience = 20_000;
const grace = 5_000;

/** Starts one in front of a server; resolves when it passes a request. */
export async function startProgram(box: Program, target: number): Promise<RunningBox> {
  const program = programOf(box);
  if (!program) throw new Error(`${box.program} is not installed (Debian: ${box.debian}).`);
  const folder = await mkdtemp(join(tmpdir(), "encke-proxy-"));
  const port = await freePort();
  const { args, files } = box.configure({ folder, port, target });
  // Most of them refuse to serve as root, or change to a user of their own.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  if (user.uid) await chown(folder, user.uid, user.gid);

  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: path.join(delimiter), HOME: folder, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  let said = "";
  const note = (chunk: Buffer) => {
    said = (said + chunk).slice(-4_000);
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  child.on("error", (error) => note(Buffer.from(String(error))));
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  running.add(child);
  child.once("exit", () => running.delete(child));

  const deadline = Date.now() + patience;
  while (!(await passes(box, port, target))) {
    if (isGone(child) || Date.now() > deadline) {
      await stop();
      throw new Error(`${box.name} does not pass a request: ${said}`);
    }
    await setTimeout(50);
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

const isGone = (child: ChildProcess) => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (isGone(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const force = new AbortController();
  setTimeout(grace, undefined, { signal: force.signal }).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  await gone;
  force.abort();
}

/** Whether the server's own answer comes through. */
function passes({ direction }: Program, port: number, target: number): Promise<boolean> {
  return new Promise((resolve) => {
    const path = direction === "reverse" ? "/healthz" : `http://127.0.0.1:${target}/healthz`;
    const asked = request({ host: "127.0.0.1", port, path, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode === 200));
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.once("close", () => resolve(false));
    asked.end();
  });
}

/** None is given to two boxes. */
const given = new Set<number>();

/** A free port below those that systems give to outgoing connections, so that none of them takes it before the box does. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port)) continue;
    given.add(port);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
