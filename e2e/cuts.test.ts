import { type ClientOptions, expect, numbers, seen, test } from "./testing/browser.ts";
import { maxOutboxAge, publishOverCuts } from "./testing/cuts.ts";
import { publishNumbers, StompTcp } from "./testing/stomp-tcp.ts";

const count = 2_000;
const cuts = 20;

const ways: { name: string; options: ClientOptions }[] = [
  { name: "on WebSocket only", options: { transports: ["webSocket"] } },
  { name: "on long-poll only", options: { transports: ["xhrPoll"] } },
  { name: "on streaming fetch only", options: { transports: ["fetchStream"] } },
  { name: "on EventSource only", options: { transports: ["eventSource"] } },
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
    const { page, client } = await openClient(box.url, { ...options, maxOutboxAge });
    await client.evaluate((it) => it.listen("/topic/to-page"));

    const moves = !options.transports;
    const [last] = await Promise.all([
      publishOverCuts(page, client, box, { destination: "/topic/from-page", count, cuts, moves }),
      publishNumbers(program, "/topic/to-page", count),
    ]);
    await client.evaluate(async (it, count) => {
      await it.inbox("/topic/to-page").count(count);
      await it.settle();
    }, count);
    await program.settle();

    expect(await client.evaluate((it) => it.inbox("/topic/to-page").texts)).toEqual(numbers(1, count));
    expect(program.bodies).toEqual(numbers(1, last));
    const { states, transports, gaps, errors } = await seen(client);
    expect({ states, gaps, errors }).toEqual({ states: ["connecting", "connected"], gaps: [], errors: [] });
    // And where it was to move, it did, again and again.
    if (moves) expect(transports.filter((transport) => transport === "websocket").length).toBeGreaterThan(cuts / 2);
    program.close();
  });
}
