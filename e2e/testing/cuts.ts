import type { Middlebox } from "encke-server";
import type { Page, WatchedHandle } from "./browser.ts";

interface Cuts {
  destination: string;
  /** Numbers to publish at the least. */
  count: number;
  cuts: number;
  /** The session may choose its transport: each fourth cut leaves it no WebSocket, and it has to be on the best that is left before the next cut. */
  moves: boolean;
}

/** For clients that do so: on the clock of their page what waits for a moment has waited for minutes. */
export const maxOutboxAge = 1e12;

/**
 * Lets a page publish the numbers from 1 on without a pause, until there are enough of them and all of the page's connections were reset so often, each time
 * in the midst of it. Returns the last number. To be called once for a page.
 */
export async function publishOverCuts(
  page: Page,
  client: WatchedHandle,
  box: Middlebox,
  { destination, count, cuts, moves }: Cuts,
): Promise<number> {
  let done = 0;
  await page.exposeFunction("cut", () => {
    box.webSocket = moves && done % 4 === 3 ? "refuse" : "pass";
    // Between two polls there may be nothing to cut.
    if (box.cut() > 0) done++;
    const best = box.webSocket === "pass" ? "websocket" : "fetch-stream";
    return { done, due: moves ? best : undefined };
  });
  return client.evaluate(
    async (it, { destination, count, cuts }) => {
      // The shortest wait that the jitter allows, and a clock on which a WebSocket soon is old enough to be trusted: what is
      // tried here comes after that.
      Math.random = () => 0;
      const { now } = Date;
      const start = now();
      Date.now = () => start + (now() - start) * 1_000;

      const { cut } = globalThis as unknown as { cut(): Promise<{ done: number; due?: string }> };
      let done = 0;
      /** What has to carry for a while before the next cut; undefined: whatever does. */
      let due: string | undefined;
      let published = 0;
      let isCutting = false;
      let number = 0;
      while (number < count || done < cuts) {
        it.client.publish(destination, String(++number));
        const { transport } = it.client;
        published = transport !== null && transport === (due ?? transport) ? published + 1 : 0;
        if (published >= 0.6 * (count / cuts) && done < cuts && !isCutting) {
          isCutting = true;
          void cut().then((next) => {
            ({ done, due } = next);
            isCutting = false;
            published = 0;
          });
        }
        // As if the network were another one: whatever has failed before is tried again.
        if (due && transport && transport !== due && number % 64 === 0) dispatchEvent(new Event("online"));
        if (number % 4 === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      return number;
    },
    { destination, count, cuts },
  );
}
