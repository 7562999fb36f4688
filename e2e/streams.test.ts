import { expect, seen, test } from "./testing/browser.ts";
import { StompTcp } from "./testing/stomp-tcp.ts";

const streams = [
  { name: "fetch-stream", transport: "fetchStream" },
  { name: "event-source", transport: "eventSource" },
  { name: "iframe-stream", transport: "iframeStream" },
] as const;

for (const { name, transport } of streams) {
  test(`${name} takes over from long-poll, and carries text and octets of every kind`, async ({
    server,
    openClient,
  }) => {
    const { page, client } = await openClient(server.url, { transports: [transport, "xhrPoll"] });
    const result = await client.evaluate(async (it, name) => {
      await it.listen("/topic/a");
      await it.carriedBy(name);
      // What each kind escapes in its own way, and what none of them may cut.
      const texts = [
        "\r\n\r\n\\r\\\\n",
        "</script><!--&\u2028\u2029",
        "☄\u{1f680}".repeat(40_000),
        "data: x\n\nid: 1\n",
        "",
      ];
      for (const text of texts) it.client.publish("/topic/a", text);
      const octets = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256);
      it.client.publish("/topic/a", octets);
      await it.inbox("/topic/a").count(texts.length + 1);
      const arrived = it.inbox("/topic/a").texts.slice(0, -1);
      const last = it.inbox("/topic/a").messages.at(-1)!.bytes();
      return {
        texts: arrived.map((text, at) => text === texts[at]),
        octets: last.length === octets.length && last.every((octet, at) => octet === at % 256),
      };
    }, name);
    expect(result).toEqual({ texts: [true, true, true, true, true], octets: true });
    expect(await seen(client)).toMatchObject({
      states: ["connecting", "connected"],
      transports: ["xhr-poll", name],
      gaps: [],
      errors: [],
    });
    // Nothing of it stays behind in the page.
    await client.evaluate((it) => it.client.close());
    expect(await page.locator("iframe").count()).toBe(0);
  });

  test(`${name} is followed by the next where what it keeps in the page has grown`, async ({
    startServer,
    openClient,
  }) => {
    const server = await startServer({ stompPort: 0 });
    const program = await StompTcp.connect(server.stompPort!);
    const { client } = await openClient(server.url, { transports: [transport, "xhrPoll"] });
    await client.evaluate(async (it, name) => {
      await it.listen("/topic/a");
      await it.carriedBy(name);
    }, name);
    // 10 MiB: more than twice what a frame or a stream carries at the most.
    for (let number = 1; number <= 160; number++) program.publish("/topic/a", String(number).padEnd(65_536, "."));
    await client.evaluate(async (it, name) => {
      await it.inbox("/topic/a").count(160);
      await it.carriedBy(name);
    }, name);
    const texts = await client.evaluate((it) => it.inbox("/topic/a").texts.map((text) => Number.parseInt(text, 10)));
    expect(texts).toEqual(Array.from({ length: 160 }, (_, at) => at + 1));
    const attempts = await client.evaluate(
      ({ client }, name) =>
        (client.report() as { attempts: { transport: string; code?: number }[] }).attempts
          .filter(({ transport }) => transport === name)
          .map(({ code }) => code),
      name,
    );
    // An event source keeps nothing.
    expect(attempts.includes(4008)).toBe(name !== "event-source");
    program.close();
  });

  test(`${name} carries a session that has nothing else`, async ({ server, openClient }) => {
    const { client } = await openClient(server.url, { transports: [transport] });
    await client.evaluate(async (it) => {
      await it.listen("/topic/a");
      for (let number = 1; number <= 100; number++) it.client.publish("/topic/a", String(number));
      await it.inbox("/topic/a").count(100);
    });
    expect(await seen(client)).toMatchObject({ transports: [name], gaps: [], errors: [] });
  });

  test(`${name} that is cut is followed by long-poll at once, and comes back`, async ({
    server,
    startMiddlebox,
    openClient,
  }) => {
    const box = await startMiddlebox({ target: server.url });
    const { client } = await openClient(box.url, { transports: [transport, "xhrPoll"] });
    await client.evaluate(async (it, name) => {
      await it.listen("/topic/a");
      await it.carriedBy(name);
      it.age();
    }, name);
    box.cut();
    await client.evaluate(async (it, name) => {
      for (let number = 1; number <= 100; number++) it.client.publish("/topic/a", String(number));
      await it.inbox("/topic/a").count(100);
      await it.carriedBy(name);
    }, name);
    const { transports, gaps, errors } = await seen(client);
    expect({ gaps, errors }).toEqual({ gaps: [], errors: [] });
    expect(transports.slice(0, 2)).toEqual(["xhr-poll", name]);
    expect(transports.slice(-2)).toEqual(["xhr-poll", name]);
  });
}

test("where WebSocket does not pass, a stream of plain text is what a session moves to", async ({
  server,
  startMiddlebox,
  openClient,
}) => {
  const box = await startMiddlebox({ target: server.url, webSocket: "refuse" });
  const { client } = await openClient(box.url);
  await client.evaluate((it) => it.carriedBy("fetch-stream"));
  const { transports, ...rest } = await seen(client);
  expect(rest).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
  // Where the machine was slow to prove it, another stream may have been there first.
  expect(transports).not.toContain("websocket");
});
