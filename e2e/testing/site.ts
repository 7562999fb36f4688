import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import sirv from "sirv";

/** Somebody else's web site: the same pages from another origin, without a policy of their own. */
export async function startSite(directory: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(sirv(directory, { dev: true }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
