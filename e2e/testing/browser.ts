import { rm } from "node:fs/promises";
import { test as base, expect, type JSHandle, type Page } from "@playwright/test";
import { createMiddlebox, createServer, type Middlebox, type MiddleboxOptions, type ServerOptions } from "encke-server";
import { buildPages } from "./pages.ts";
import type { Watched } from "./probe.ts";

export { expect, type Page };

export type Server = ReturnType<typeof createServer>;
export type WatchedHandle = JSHandle<Watched>;

interface Fixtures {
  /** Starts a server on a free port that serves the pages of the tests; it is closed behind the test. */
  startServer(options?: ServerOptions): Promise<Server>;
  /** Puts something between pages and a server that breaks their connections; it is closed behind the test. */
  startMiddlebox(options: MiddleboxOptions): Promise<Middlebox>;
  /** A server for those who need only one, and nothing special. */
  server: Server;
  /**
   * Opens a page in a tab of its own. The test fails if a script of the page throws, rejects without being heard, or breaks the page's
   * Content-Security-Policy.
   */
  openPage(url: string): Promise<Page>;
  /** Opens a page of the server's and connects a client in it. Options that are transports go by name. */
  openClient(url: string, options?: ClientOptions): Promise<{ page: Page; client: WatchedHandle }>;
}

interface WorkerFixtures {
  pagesDirectory: string;
}

export interface ClientOptions {
  transports?: readonly ("webSocket" | "fetchStream" | "eventSource" | "iframeStream" | "xhrPoll")[];
  maxOutboxAge?: number;
  receiptTimeout?: number;
}

/** Playwright's `test`, with servers and pages that use them. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  pagesDirectory: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it
    async ({}, use) => {
      const directory = await buildPages();
      await use(directory);
      await rm(directory, { recursive: true });
    },
    { scope: "worker" },
  ],

  startServer: async ({ pagesDirectory }, use) => {
    const servers: Server[] = [];
    await use(async (options) => {
      const server = createServer({ port: 0, staticDirectory: pagesDirectory, ...options });
      await server.listen();
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.close()));
  },

  startMiddlebox: async ({ startServer: _ }, use) => {
    const boxes: Middlebox[] = [];
    await use(async (options) => {
      const box = createMiddlebox(options);
      await box.listen();
      boxes.push(box);
      return box;
    });
    await Promise.all(boxes.map((box) => box.close()));
  },

  server: async ({ startServer }, use) => use(await startServer()),

  openPage: async ({ context }, use) => {
    const problems: string[] = [];
    await use(async (url) => {
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(error.stack ?? String(error)));
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) problems.push(message.text());
      });
      await page.goto(url);
      return page;
    });
    expect(problems).toEqual([]);
  },

  openClient: async ({ openPage }, use) =>
    use(async (url, options = {}) => {
      const page = await openPage(`${url}/blank.html`);
      return { page, client: await connectIn(page, "/encke", options) };
    }),
});

/** Connects a client in a page. */
export function connectIn(page: Page, endpoint: string, options: ClientOptions = {}): Promise<WatchedHandle> {
  return page.evaluateHandle(
    ([endpoint, { transports, ...others }]) =>
      probe.watch(
        Encke.connect(endpoint, {
          ...others,
          ...(transports && { transports: transports.map((name) => Encke[name]) }),
        }),
      ),
    [endpoint, options] as const,
  );
}

/** All that the watched client has seen. */
export const seen = (client: WatchedHandle) => client.evaluate(({ seen }) => seen);

/** The texts `from` to `to`. */
export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
