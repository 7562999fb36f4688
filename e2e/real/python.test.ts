import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, numbers, seen, test } from "../testing/browser.ts";
import { maxOutboxAge, publishOverCuts } from "../testing/cuts.ts";

const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("stomp_pipe.py", import.meta.url));

const count = 1_000;
const cuts = 20;

test.skip(
  () => spawnSync(python, ["-c", "import stomp"]).status !== 0,
  `needs ${python} with stomp.py (Debian: python3-stomp)`,
);

/** A Python program that publishes what it is told, and tells what it hears. */
class PythonProgram {
  readonly bodies: string[] = [];
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  private constructor(port: number, publishTo: string, subscribeTo: string) {
    this.#process = spawn(python, [script, String(port), publishTo, subscribeTo], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#process.stdout);
  }

  /** Resolves when its subscription is there. */
  static async start(port: number, publishTo: string, subscribeTo: string): Promise<PythonProgram> {
    const program = new PythonProgram(port, publishTo, subscribeTo);
    await once(program.#lines, "line");
    program.#lines.on("line", (line) => program.bodies.push(line));
    return program;
  }

  publish(body: string): void {
    this.#process.stdin.write(`${body}\n`);
  }

  /** Lets it end, behind what it was told to publish. Resolves to its exit code. */
  async end(): Promise<number> {
    const exited = once(this.#process, "close");
    this.#process.stdin.end();
    return (await exited)[0];
  }
}

test(`what Python publishes over TCP reaches a page once and in order over ${cuts} cuts, and what the page publishes reaches Python`, async ({
  startServer,
  startMiddlebox,
  openClient,
}) => {
  const server = await startServer({ stompPort: 0 });
  const box = await startMiddlebox({ target: server.url, delay: 5 });
  const program = await PythonProgram.start(server.stompPort!, "/topic/from-python", "/topic/from-page");
  const { page, client } = await openClient(box.url, { maxOutboxAge });
  await client.evaluate((it) => it.listen("/topic/from-python"));

  const publishFromPython = async () => {
    for (let number = 1; number <= count; number++) {
      program.publish(String(number));
      if (number % 4 === 0) await setTimeout(4);
    }
  };
  const [last] = await Promise.all([
    publishOverCuts(page, client, box, { destination: "/topic/from-page", count, cuts, moves: true }),
    publishFromPython(),
  ]);
  await client.evaluate(async (it, count) => {
    await it.inbox("/topic/from-python").count(count);
    await it.settle();
  }, count);
  // It prints more slowly than pages publish.
  await expect.poll(() => program.bodies.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(last);
  expect(await program.end()).toBe(0);

  expect(await client.evaluate((it) => it.inbox("/topic/from-python").texts)).toEqual(numbers(1, count));
  expect(program.bodies).toEqual(numbers(1, last));
  const { states, gaps, errors } = await seen(client);
  expect({ states, gaps, errors }).toEqual({ states: ["connecting", "connected"], gaps: [], errors: [] });
});
