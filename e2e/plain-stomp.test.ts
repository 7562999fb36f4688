import { connectIn, expect, numbers, seen, test } from "./testing/browser.ts";

test("a ws URL is plain STOMP over WebSocket", async ({ server, openPage }) => {
  const page = await openPage(`${server.url}/blank.html`);
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  const endpoint = `${server.url.replace("http", "ws")}/stomp`;
  const client = await connectIn(page, endpoint);
  const result = await client.evaluate(async (it) => {
    it.client.publish("/topic/a", "nobody is here yet");
    await it.listen("/topic/a");
    it.client.publish("/topic/a", "text \0 and more");
    it.client.publish("/topic/a", probe.octets(1_000));
    await it.inbox("/topic/a").count(2);
    const [text, octets] = it.inbox("/topic/a").messages;
    const wanted = probe.octets(1_000);
    return { text: text!.text(), same: octets!.bytes().every((octet, at) => octet === wanted[at]) };
  });
  expect(result).toEqual({ text: "text \0 and more", same: true });
  expect(sockets).toEqual([endpoint]);
  await client.evaluate(({ client }) => client.close());
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected", "closed"], errors: [] });
});

test("pages on plain STOMP and pages on sessions hear each other", async ({ server, openPage, openClient }) => {
  const session = (await openClient(server.url)).client;
  const plain = await connectIn(
    await openPage(`${server.url}/blank.html`),
    `${server.url.replace("http", "ws")}/stomp`,
  );
  for (const client of [session, plain]) await client.evaluate((it) => it.listen("/topic/a"));
  await session.evaluate(({ client }) => client.publish("/topic/a", "from a session"));
  await plain.evaluate((it) => it.inbox("/topic/a").count(1));
  await plain.evaluate(({ client }) => client.publish("/topic/a", "from plain STOMP"));
  for (const client of [session, plain]) {
    expect(await client.evaluate((it) => it.inbox("/topic/a").count(2))).toEqual([
      "from a session",
      "from plain STOMP",
    ]);
  }
});

test("plain STOMP does not resume: after a cut it connects anew, tells of the gap, and sends what waited", async ({
  server,
  startMiddlebox,
  openPage,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const client = await connectIn(await openPage(`${box.url}/blank.html`), `${box.url.replace("http", "ws")}/stomp`);
  await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    await it.listen("/topic/b");
  });
  box.down = true;
  await client.evaluate(async (it) => {
    await it.until(({ client }) => client.state === "reconnecting");
    for (let number = 1; number <= 10; number++) it.client.publish("/topic/a", String(number));
  });
  box.down = false;
  await client.evaluate((it) => it.inbox("/topic/a").count(10));
  await client.evaluate((it) => it.settle());
  expect(await client.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(numbers(1, 10));
  expect(await seen(client)).toMatchObject({
    states: ["connecting", "connected", "reconnecting", "connected"],
    gaps: ["/topic/a", "/topic/b"],
    errors: [],
  });
});
