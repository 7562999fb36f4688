/** Runs in the page, as the global `inPage`: opens transports of the ES modules, and writes down what they bring. */
import type * as EnvironmentModule from "../../packages/client/src/page/environment.ts";
import type { Transport, TransportKind } from "../../packages/client/src/transports/transport.ts";

type Environment = EnvironmentModule.Environment;

/** Which kind, and in which browser. */
export interface Which {
  /** A file of dist/esm/transports, and what it exports. */
  readonly module: string;
  readonly member: string;
  /** As in browsers whose `fetch` does not stream. */
  readonly withoutFetch?: boolean;
}

/** What a page does as it hears of something. */
export type Habit = "close at once" | "close at a message" | "close at the end" | undefined;

/** A message, octets as an array of numbers, or the end. */
export type Event = string | number[] | { code: number; reason: string };

/** One transport, and all that it brought. */
export class Opened {
  readonly events: Event[] = [];
  /** What no session stands. */
  readonly violations: string[] = [];
  readonly transport: Transport;
  #isOpening = true;
  #isClosed = false;

  constructor(kind: TransportKind, env: Environment, url: string, body: string, habit: Habit) {
    this.transport = kind.open(
      url,
      body,
      {
        onMessage: (message) => {
          this.#note("a message");
          if (this.#isClosed) this.violations.push("a message after close");
          this.events.push(typeof message === "string" ? message : [...message]);
          if (habit === "close at a message") this.close();
        },
        onClose: ({ code, reason }) => {
          this.#note("an end");
          if (typeof reason !== "string") this.violations.push("an end without a reason");
          this.events.push({ code, reason });
          if (habit === "close at the end") this.close();
        },
      },
      env,
    );
    this.#isOpening = false;
    if (habit === "close at once") this.close();
  }

  #note(what: string): void {
    if (this.#isOpening) this.violations.push(`${what} inside open`);
    if (this.events.some((event) => typeof event === "object" && "code" in event))
      this.violations.push(`${what} after the end`);
  }

  /** What came: texts that follow each other joined, as a stream may cut them anywhere. */
  get joined(): Event[] {
    const events: Event[] = [];
    for (const event of this.events) {
      const last = events.at(-1);
      if (typeof last === "string" && typeof event === "string") events[events.length - 1] = last + event;
      else events.push(event);
    }
    return events;
  }

  /** Twice, as more than one reason may do so. */
  close(): void {
    this.#isClosed = true;
    this.transport.close();
    this.transport.close();
  }
}

// Unknown to the bundler, and so left to the browser.
const load = (path: string) => import(path);

/** The kind, and the page as it is given to it. */
export async function take({
  module,
  member,
  withoutFetch,
}: Which): Promise<{ kind: TransportKind; env: Environment }> {
  const { pageEnvironment } = (await load("/esm/page/environment.js")) as typeof EnvironmentModule;
  const { [member]: kind } = await load(`/esm/transports/${module}.js`);
  return { kind, env: { ...pageEnvironment(), ...(withoutFetch && { fetch: undefined }) } };
}

export async function open(which: Which, url: string, body = "", habit?: Habit): Promise<Opened> {
  const { kind, env } = await take(which);
  return new Opened(kind, env, url, body, habit);
}

/** What sends beside a kind that only receives. */
export async function post(which: Which, url: string, body: string): Promise<Opened> {
  const { env } = await take(which);
  const { post } = await load("/esm/transports/post.js");
  return new Opened(post, env, url, body, undefined);
}

/** Lets this window, and a frame with the page at each of the URLs, post a message to this window. Resolves when all have arrived. */
export async function forge(urls: readonly string[]): Promise<void> {
  const frames = urls.map((src) => Object.assign(document.createElement("iframe"), { src }));
  await new Promise<void>((resolve) => {
    let count = 0;
    const hear = () => {
      if (++count <= urls.length) return;
      removeEventListener("message", hear);
      resolve();
    };
    addEventListener("message", hear);
    postMessage("forged", "*");
    document.documentElement.append(...frames);
  });
  for (const frame of frames) frame.remove();
}

/** Lets what is under way in this page arrive: a request passes through the browser's other processes and back, and tasks end. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await (await fetch("/settled")).text();
    await new Promise((resolve) => setTimeout(resolve));
  }
}
