/**
 * The server under test: the reference server, started for the file that asks, or the one that ENCKE_URL names.
 * This file alone knows the reference server; the others know a URL.
 */
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import type { createServer } from "../../packages/test-server/src/index.ts";
import { leaveAll, Peer } from "./peer.ts";

export type ServerOptions = Parameters<typeof createServer>[0];

/** Whether the server is another one, whose bounds and origins the suite cannot set. Tests that need its own are skipped. */
export const isForeign = process.env.ENCKE_URL !== undefined;

export interface Target {
  /** The base URL, without a slash at its end. */
  readonly base: string;
  /** One more client, with a session of its own. */
  peer(): Peer;
  /** The server goes down, in order. It is closed after its last test anyway. */
  close(): Promise<void>;
}

/** For the body of a `describe`, or of a file: the server lives as long as its tests. */
export function useServer(options: ServerOptions = {}): Target {
  // What waits has its own deadlines, which say for what; a test of many steps may add them up.
  vi.setConfig({ testTimeout: 30_000 });
  let base = process.env.ENCKE_URL?.replace(/\/$/, "") ?? "";
  let close: () => Promise<void> = async () => {};
  beforeAll(async () => {
    if (isForeign) return;
    const reference = await import("../../packages/test-server/src/index.ts");
    const server = reference.createServer({ port: 0, ...options });
    await server.listen();
    base = new URL("/encke", server.url).href;
    close = () => server.close();
  });
  afterEach(leaveAll);
  afterAll(() => close());
  return {
    get base() {
      return base;
    },
    peer: () => new Peer(base),
    close: () => close(),
  };
}
