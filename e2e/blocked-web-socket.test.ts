import { setTimeout as pause } from "node:timers/promises";
import { expect, numbers, seen, test } from "./testing/browser.ts";
import { StompTcp } from "./testing/stomp-tcp.ts";

const times = 10;
const each = 200;

test(`blocking and unblocking WebSocket ${times} times in a stream of messages loses nothing, and the page sees no disconnect`, async ({
  startServer,
  startMiddlebox,
  openClient,
}) => {
  // A WebSocket that is swallowed is given 10 s.
  test.setTimeout(90_000);
  const server = await startServer({ stompPort: 0 });
  const box = await startMiddlebox({ target: server.url, delay: 10 });
  const program = await StompTcp.connect(server.stompPort!);
  await program.subscribe("/topic/from-page");
  const { client } = await openClient(box.url);
  await client.evaluate(async (it) => {
    await it.listen("/topic/to-page");
    await it.carriedBy("websocket");
    it.age();
    const gap = { last: Infinity, longest: 0 };
    Object.assign(globalThis, { gap });
    it.client.on("frame", ({ direction, frame }) => {
      if (direction === "out" || frame.command !== "MESSAGE") return;
      gap.longest = Math.max(gap.longest, performance.now() - gap.last);
      gap.last = performance.now();
    });
  });

  let sent = 0;
  for (let time = 1; time <= times; time++) {
    const isBlocked = time % 2 === 1;
    box.webSocket = isBlocked ? (time % 4 === 1 ? "refuse" : "black-hole") : "pass";
    if (isBlocked) box.cutWebSockets();
    // The network is another one: what was learned of the one before does not hold.
    else await client.evaluate(() => void dispatchEvent(new Event("online")));
    const numbers = Array.from({ length: each }, () => String(++sent));
    const published = (async () => {
      for (const number of numbers) {
        program.publish("/topic/to-page", number);
        await pause(5);
      }
    })();
    await client.evaluate(
      async (it, [numbers, transport]) => {
        for (const number of numbers) {
          it.client.publish("/topic/from-page", number);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await it.inbox("/topic/to-page").count(Number(numbers.at(-1)));
        // So that each block meets a WebSocket in use.
        await it.carriedBy(transport);
        it.age();
        (globalThis as unknown as { gap: { last: number } }).gap.last = Infinity;
      },
      [numbers, isBlocked ? "fetch-stream" : "websocket"] as const,
    );
    await published;
  }
  await client.evaluate((it) => it.settle());
  await program.settle();

  expect(await client.evaluate((it) => it.inbox("/topic/to-page").texts)).toEqual(numbers(1, sent));
  expect(program.bodies).toEqual(numbers(1, sent));
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
  const longest = await client.evaluate(() => (globalThis as unknown as { gap: { longest: number } }).gap.longest);
  test.info().annotations.push({ type: "longest gap between two messages", description: `${Math.round(longest)} ms` });
  console.log(`The longest gap between two messages: ${Math.round(longest)} ms`);
  program.close();
});
