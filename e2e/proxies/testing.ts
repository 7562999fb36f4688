import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContext, JSHandle } from "@playwright/test";
import type { Attempt } from "encke";
import { createServer } from "encke-server";
import { test as base, connectIn, expect, type Page, type Server, type WatchedHandle } from "../testing/browser.ts";
import { type Box, isInstalled, startBox } from "./box.ts";
import { boxes } from "./boxes.ts";
import type { RunningBox, Transport } from "./place.ts";

export { expect, type WatchedHandle };

/** The boxes that are there. In CI all have to be. */
export const installed = boxes.filter((box) => process.env.CI || isInstalled(box));

/** How long pages have to find the best of what passes a box that is not restless, in milliseconds. */
const settling = 30_000;

/** A page behind a box, with a client in it. */
export interface Visit {
  readonly box: Box;
  readonly client: WatchedHandle;
  /** The best of what passes the box and the client has. */
  readonly best: Transport;
  /** What had come of requests when the first message came, which the client published as it connected. */
  readonly first: JSHandle<{
    /** Of each run of polls that was answered, how many polls it was. */
    polls(): Promise<number[]>;
  }>;
}

interface Site {
  readonly server: Server;
  start(box: Box): Promise<RunningBox>;
}

interface WorkerFixtures {
  /** A server, and boxes in front of it: each runs from when it is asked for first. */
  site: Site;
  /**
   * A client in a page behind each installed box, all at the same time, 30 s after they have begun, and the same for all tests; `since`: when that was. All
   * that is calm has found the best transport.
   */
  visits: { readonly all: readonly Visit[]; readonly since: number };
  /** A client with nothing between it and the server: whom the others talk to. */
  peer: WatchedHandle;
}

export const test = base.extend<object, WorkerFixtures>({
  site: [
    async ({ pagesDirectory }, use) => {
      const server = createServer({ port: 0, staticDirectory: pagesDirectory });
      await server.listen();
      const started = new Map<Box, Promise<RunningBox>>();
      await use({
        server,
        start(box) {
          const running = started.get(box) ?? startBox(box, Number(new URL(server.url).port));
          started.set(box, running);
          return running;
        },
      });
      await Promise.allSettled([...started.values()].map(async (running) => (await running).stop()));
      await server.close();
    },
    { scope: "worker" },
  ],

  visits: [
    async ({ site, browser }, use) => {
      const { open, close } = pagesIn(browser, site);
      const all: Visit[] = [];
      // One after the other: to start a browser's process is the most work in all of this, and some boxes wait for nobody.
      for (const box of installed) {
        const page = await open(box);
        const has = await page.evaluate(() =>
          Object.values(Encke).flatMap((value) => ("isSupported" in value ? [value.name] : [])),
        );
        const best = box.passes.find((name) => has.includes(name))!;
        all.push({ box, best, ...(await begin(page, `/topic/first of ${box.name}`)) });
      }
      const since = Date.now();
      await setTimeout(settling);
      await use({ all, since });
      await close();
    },
    { scope: "worker", timeout: 90_000 },
  ],

  peer: [
    async ({ site, browser }, use) => {
      const { open, close } = pagesIn(browser, site);
      const client = await connectIn(await open(), "/encke");
      await client.evaluate((it) => it.carriedBy("websocket"));
      await use(client);
      await close();
    },
    { scope: "worker" },
  ],
});

/** Opens pages, each in a profile of its own; `close` fails if a script of one has thrown. */
function pagesIn(browser: Browser, site: Site) {
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];
  const open = async (box?: Box): Promise<Page> => {
    const running = box && (await site.start(box));
    const isForward = box?.direction === "forward";
    // Without this word Chromium asks no proxy for what is on 127.0.0.1.
    const proxy = isForward ? { server: running!.url, bypass: "<-loopback>" } : undefined;
    const context = await browser.newContext(proxy ? { proxy } : {});
    contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(`${box?.name}: ${error.stack ?? error}`));
    await page.goto(`${running && !isForward ? running.url : site.server.url}/blank.html`);
    return page;
  };
  const close = async () => {
    await Promise.all(contexts.map((context) => context.close()));
    expect(problems).toEqual([]);
  };
  return { open, close };
}

/** Connects a client that publishes, in the same turn, to what it subscribes to. */
async function begin(page: Page, destination: string): Promise<Pick<Visit, "client" | "first">> {
  const begun = await page.evaluateHandle((destination) => {
    const watched = probe.watch(Encke.connect("/encke"));
    const { client } = watched;
    const inbox = watched.inbox(destination);
    let polls: number[] = [];
    client.subscribe(destination, (message) => {
      const { attempts } = client.report() as { attempts: Attempt[] };
      const answered = attempts.filter(({ heardAfter }) => heardAfter !== undefined);
      polls = answered.flatMap(({ transport, requests }) => (transport === "xhr-poll" ? [requests] : []));
      inbox.take(message);
    });
    client.publish(destination, "");
    return { watched, first: { polls: () => inbox.count(1).then(() => polls) } };
  }, destination);
  return {
    client: await begun.evaluateHandle(({ watched }) => watched),
    first: await begun.evaluateHandle(({ first }) => first),
  };
}

/** Does the same for all at the same time. Gives what came of it, be it an error, by the box's name, so that one expectation tells of all. */
export async function onEach<Place extends { box: Box }, Result>(
  places: readonly Place[],
  run: (place: Place, at: number) => Result | Promise<Result>,
): Promise<Record<string, Result | string>> {
  const results = places.map(async (place, at) => {
    const result = await Promise.resolve(run(place, at)).catch(String);
    return [place.box.name, result] as const;
  });
  return Object.fromEntries(await Promise.all(results));
}
