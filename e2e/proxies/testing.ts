import type { BrowserContext } from "@playwright/test";
import { createServer } from "encke-server";
import { test as base, connectIn, expect, type Page, type Server, type WatchedHandle } from "../testing/browser.ts";
import { type Box, programOf, type RunningBox, startBox, type Transport } from "./box.ts";
import { boxes } from "./boxes.ts";

export { expect, type WatchedHandle };

/** The boxes whose programs are there. In CI all have to be. */
export const installed = boxes.filter((box) => process.env.CI || programOf(box));

/** A page behind a box, with a client in it. */
export interface Visit {
  readonly box: Box;
  readonly client: WatchedHandle;
  /** The best of what passes the box and the client has. */
  readonly best: Transport;
}

interface Fixtures {
  /** Opens a page behind a box, or behind none, in a profile of its own. The test fails if a script of the page throws. */
  openBehind(box?: Box): Promise<Page>;
  /** A client in a page behind each installed box, all at the same time; each is carried by the best that it can be. */
  visits: Visit[];
  /** A client with nothing between it and the server: whom the others talk to. */
  peer: WatchedHandle;
}

interface WorkerFixtures {
  /** A server, and boxes in front of it: each runs from when it is asked for first. */
  site: { server: Server; start(box: Box): Promise<RunningBox> };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
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

  openBehind: async ({ site, browser }, use) => {
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    await use(async (box) => {
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
    });
    await Promise.all(contexts.map((context) => context.close()));
    expect(problems).toEqual([]);
  },

  visits: async ({ openBehind }, use) => {
    const visits = await Promise.all(
      installed.map(async (box) => {
        const page = await openBehind(box);
        const has = await page.evaluate(() =>
          Object.values(Encke).flatMap((value) => ("isSupported" in value ? [value.name] : [])),
        );
        const best = box.passes.find((name) => has.includes(name))!;
        return { box, client: await connectIn(page, "/encke"), best };
      }),
    );
    const settled = await onEach(visits, async ({ client, best }) => {
      const transport = () => client.evaluate(({ client }) => client.transport);
      // What does not come about is seen below, beside what did elsewhere.
      await expect
        .poll(transport, { timeout: 30_000 })
        .toBe(best)
        .catch(() => {});
      return transport();
    });
    expect(settled).toEqual(await onEach(visits, ({ best }) => best));
    await use(visits);
  },

  peer: async ({ openBehind }, use) => {
    const client = await connectIn(await openBehind(), "/encke");
    await client.evaluate((it) => it.carriedBy("websocket"));
    await use(client);
  },
});

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
