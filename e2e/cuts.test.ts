import { type ClientOptions, expect, numbers, seen, test } from "./testing/browser.ts";
import { publishNumbers, StompTcp } from "./testing/stomp-tcp.ts";

const count = 2_000;
const cuts = 20;

const ways: { name: string; options: ClientOptions }[] = [
  { name: "on WebSocket only", options: { transports: ["webSocket"] } },
  { name: "on long-poll only", options: { transports: ["xhrPoll"] } },
  { name: "while the session moves between them", options: {} },
];

for (const { name, options } of ways) {
  test(`${count} numbered messages each way arrive once and in order over ${cuts} cuts, ${name}`, async ({
    startServer,
    startMiddlebox,
    openClient,
  }) => {
    const server = await startServer({ stompPort: 0 });
    const box = await startMiddlebox({ target: server.url, delay: 5 });
    const program = await StompTcp.connect(server.stompPort!);
    await program.subscribe("/topic/from-page");
    const { page, client } = await openClient(box.url, options);
    let done = 0;
    await page.exposeFunction("cut", () => {
      // Where the session may choose, each fourth cut leaves it nothing but long-poll.
      box.webSocket = !options.transports && done % 4 === 3 ? "refuse" : "pass";
      // Between two polls there may be nothing to cut.
      if (box.cut() > 0) done++;
      const best = box.webSocket === "pass" ? "websocket" : "xhr-poll";
      return { done, due: options.transports ? undefined : best };
    });
    await client.evaluate(async (it) => {
      // The shortest wait that the jitter allows, and a clock on which a WebSocket soon is old enough to be trusted: the test
      // is about what happens after that.
      Math.random = () => 0;
      const { now } = Date;
      const start = now();
      Date.now = () => start + (now() - start) * 1_000;
      await it.listen("/topic/to-page");
    });

    const toPage = publishNumbers(program, "/topic/to-page", count);
    const last = await client.evaluate(
      async (it, { count, cuts }) => {
        const { cut } = globalThis as unknown as { cut(): Promise<{ done: number; due?: string }> };
        let done = 0;
        /** What has to carry for a while before the next cut; undefined: whatever does. */
        let due: string | undefined;
        let published = 0;
        let isCutting = false;
        let number = 0;
        while (number < count || done < cuts) {
          it.client.publish("/topic/from-page", String(++number));
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
          if (number % 4 === 0) await new Promise((resolve) => setTimeout(resolve));
        }
        return number;
      },
      { count, cuts },
    );
    await toPage;
    await client.evaluate(async (it, count) => {
      await it.inbox("/topic/to-page").count(count);
      await it.settle();
    }, count);
    await program.settle();

    expect(await client.evaluate((it) => it.inbox("/topic/to-page").texts)).toEqual(numbers(1, count));
    expect(program.bodies).toEqual(numbers(1, last));
    const { states, transports, gaps, errors } = await seen(client);
    expect({ states, gaps, errors }).toEqual({ states: ["connecting", "connected"], gaps: [], errors: [] });
    if (!options.transports) {
      // And it did move, again and again.
      expect(transports.filter((transport) => transport === "websocket").length).toBeGreaterThan(cuts / 2);
    }
    program.close();
  });
}
