import { connectIn, expect, numbers, seen, test } from "./testing/browser.ts";

test("a receipt resolves to `delivered`", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  expect(await client.evaluate(({ client }) => client.publish("/topic/a", "x", { receipt: true }))).toBe("delivered");
});

test("what the broker refuses is rejected as not sent, with its reason", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  const error = await client.evaluate(({ client }) =>
    client
      .publish("/nowhere", "x", { receipt: true })
      .catch(({ code, outcome, message }) => ({ code, outcome, message })),
  );
  expect(error).toMatchObject({ code: "NOT_SENT", outcome: "not-sent" });
  expect(error).toHaveProperty("message", expect.stringMatching(/^DESTINATION_UNKNOWN\./));
});

test("closing rejects what still waits for a connection as not sent, and `connected` too", async ({
  server,
  startMiddlebox,
  openPage,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const page = await openPage(`${box.url}/blank.html`);
  box.down = true;
  const client = await connectIn(page, "/encke");
  const outcomes = await client.evaluate(async (it) => {
    it.ask("/topic/a", "1");
    it.ask("/topic/a", "2");
    const connected = it.client.connected.catch(({ code }) => code);
    await it.client.close();
    await it.untilDecided(2);
    return { ...it.seen.outcomes, connected: await connected };
  });
  expect(outcomes).toEqual({ 1: "not-sent", 2: "not-sent", connected: "CLOSED" });
  expect((await seen(client)).states).toEqual(["connecting", "closed"]);
});

test("closing while the network is away says of what had left that its outcome is unknown", async ({
  server,
  startMiddlebox,
  openClient,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const { client } = await openClient(box.url);
  await client.evaluate((it) => it.carriedBy("websocket"));
  box.stall = true;
  const outcomes = await client.evaluate(async (it) => {
    it.ask("/topic/a", "1");
    await it.client.close();
    await it.untilDecided(1);
    return it.seen.outcomes;
  });
  expect(outcomes).toEqual({ 1: "unknown" });
});

test("closing comes behind what was published", async ({ server, openClient }) => {
  const listener = await openClient(server.url);
  await listener.client.evaluate((it) => it.listen("/topic/a"));
  const { client } = await openClient(server.url);
  await client.evaluate(async ({ client }) => {
    for (let number = 1; number <= 100; number++) client.publish("/topic/a", String(number));
    await client.close();
  });
  expect(await listener.client.evaluate((it) => it.inbox("/topic/a").count(100))).toEqual(numbers(1, 100));
  expect((await seen(client)).states.at(-1)).toBe("closed");
  const thrown = await client.evaluate(({ client }) => {
    try {
      client.publish("/topic/a", "too late");
      return "nothing";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  expect(thrown).toBe("CLOSED");
});

test("what a consumer acknowledged is gone from the queue; what it did not comes to the next one, marked", async ({
  server,
  openClient,
}) => {
  const [first, second] = [await openClient(server.url), await openClient(server.url)];
  await first.client.evaluate(async (it) => {
    for (const job of ["one", "two", "three"]) it.client.publish("/queue/jobs", job);
    await it.listen("/queue/jobs", { ack: "client-individual" });
    await it.inbox("/queue/jobs").count(3);
    it.inbox("/queue/jobs").messages[1]!.ack();
    await it.client.close();
  });
  const jobs = await second.client.evaluate(async (it) => {
    await it.listen("/queue/jobs");
    return it.inbox("/queue/jobs").messages.map((message) => [message.text(), message.headers.redelivered]);
  });
  expect(jobs).toEqual([
    ["one", "true"],
    ["three", "true"],
  ]);
});

test("what a consumer does not want comes again", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  const jobs = await client.evaluate(async (it) => {
    it.client.publish("/queue/jobs", "job");
    await it.listen("/queue/jobs", { ack: "client-individual" });
    await it.inbox("/queue/jobs").count(1);
    it.inbox("/queue/jobs").messages[0]!.nack();
    await it.inbox("/queue/jobs").count(2);
    it.inbox("/queue/jobs").messages[1]!.ack();
    await it.settle();
    return it.inbox("/queue/jobs").messages.map(({ headers }) => headers["delivery-count"] ?? "1");
  });
  expect(jobs).toEqual(["1", "2"]);
});

test('with ack "client" one acknowledgement is for all before it', async ({ server, openClient }) => {
  const [first, second] = [await openClient(server.url), await openClient(server.url)];
  await first.client.evaluate(async (it) => {
    for (let job = 1; job <= 5; job++) it.client.publish("/queue/jobs", String(job));
    await it.listen("/queue/jobs", { ack: "client" });
    await it.inbox("/queue/jobs").count(5);
    it.inbox("/queue/jobs").messages[2]!.ack();
    await it.client.close();
  });
  await second.client.evaluate((it) => it.listen("/queue/jobs"));
  expect(await second.client.evaluate((it) => it.inbox("/queue/jobs").texts)).toEqual(["4", "5"]);
});

test("an acknowledgement survives the loss of the connection that the message came by", async ({
  server,
  startMiddlebox,
  openClient,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const { client } = await openClient(box.url);
  await client.evaluate(async (it) => {
    it.client.publish("/queue/jobs", "job");
    await it.listen("/queue/jobs", { ack: "client-individual" });
    await it.carriedBy("websocket");
  });
  box.cut();
  await client.evaluate(async (it) => {
    it.inbox("/queue/jobs").messages[0]!.ack();
    await it.settle();
  });
  await expect
    .poll(async () => (await fetch(`${server.url}/metrics`)).text())
    .toMatch(/^encke_broker_queued_messages 0$/m);
});
