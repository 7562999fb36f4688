import { expect, numbers, seen, type WatchedHandle } from "../testing/browser.ts";
import { startSite } from "../testing/site.ts";
import { StompTcp } from "../testing/stomp-tcp.ts";
import { RabbitMq } from "./rabbitmq.ts";
import { withBroker } from "./relay.ts";

const test = withBroker(RabbitMq.start, { login: "guest", passcode: "guest", host: "/" }).extend<{
  /** Connects a page to RabbitMQ itself, by plain STOMP over WebSocket. */
  open(): Promise<WatchedHandle>;
}>({
  open: async ({ broker, pagesDirectory, openPage }, use) => {
    const site = await startSite(pagesDirectory);
    await use(async () => {
      const page = await openPage(`${site.url}/blank.html`);
      return page.evaluateHandle(
        (url) => probe.watch(Encke.connect(url, { login: "guest", passcode: async () => "guest" })),
        `ws://127.0.0.1:${broker.webStompPort}/ws`,
      );
    });
    await site.close();
  },
});

test.skip(() => !RabbitMq.isInstalled, "needs RabbitMQ (Debian: rabbitmq-server)");
test.describe.configure({ mode: "serial" });

test("plain STOMP over WebSocket: text, octets, queues and transactions, straight to RabbitMQ", async ({ open }) => {
  const client = await open();
  const result = await client.evaluate(async (it) => {
    const { client } = it;
    await it.listen("/topic/plain");
    client.publish("/topic/plain", "text ☄");
    const octets = Uint8Array.from({ length: 10 * 1024 * 1024 }, (_, at) => at % 256);
    client.publish("/topic/plain", octets);
    const [, large] = (await it.inbox("/topic/plain").count(2)) && it.inbox("/topic/plain").messages;
    const got = large!.bytes();

    const transaction = client.begin();
    for (const number of ["1", "2", "3"]) transaction.publish("/queue/plain", number);
    await transaction.commit();
    const pulled: string[] = [];
    for await (const message of client.messages("/queue/plain", { ack: "client-individual" })) {
      pulled.push(message.text());
      message.ack();
      if (pulled.length === 3) break;
    }
    await it.settle();
    return {
      text: it.inbox("/topic/plain").texts[0],
      isWhole: got.length === octets.length && got.every((octet, at) => octet === at % 256),
      pulled,
    };
  });
  expect(result).toEqual({ text: "text ☄", isWhole: true, pulled: ["1", "2", "3"] });
  expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], errors: [], gaps: [] });
});

test("RabbitMQ closes on DISCONNECT without the RECEIPT: close waits for no more than that", async ({ open }) => {
  const client = await open();
  const states = await client.evaluate(async (it) => {
    await it.client.connected;
    it.client.publish("/topic/plain", "last");
    await it.client.close();
    return it.states;
  });
  expect(states).toEqual(["connecting", "connected", "closed"]);
});

test("pages straight at RabbitMQ, pages through the relay, and a program over TCP are one audience", async ({
  broker,
  connectHeaders,
  startServer,
  openClient,
  open,
}) => {
  const server = await startServer({ relay: broker.relay });
  const [plain, { client: relayed }] = [await open(), await openClient(server.url)];
  const program = await StompTcp.connect(broker.stompPort, connectHeaders);
  await program.subscribe("/topic/mixed");
  for (const client of [plain, relayed]) await client.evaluate((it) => it.listen("/topic/mixed"));
  await plain.evaluate(async (it) => {
    it.client.publish("/topic/mixed", "1");
    await it.settle();
  });
  await relayed.evaluate(async (it) => {
    it.client.publish("/topic/mixed", "2");
    await it.settle();
  });
  program.publish("/topic/mixed", "3");
  for (const client of [plain, relayed]) {
    expect(await client.evaluate((it) => it.inbox("/topic/mixed").count(3))).toEqual(numbers(1, 3));
  }
  await expect.poll(() => program.bodies).toEqual(numbers(1, 3));
  program.close();
});

test("a RabbitMQ that goes and comes back is connected to again, and subscribed to, and the gap is told", async ({
  broker,
  open,
}) => {
  test.setTimeout(90_000);
  const client = await open();
  await client.evaluate((it) => it.listen("/topic/plain"));
  await broker.down();
  await client.evaluate((it) => it.until(({ client }) => client.state === "reconnecting"));
  await broker.up();
  await client.evaluate(async (it) => {
    // Nobody here waits for the end of a pause that may be of half a minute by now.
    dispatchEvent(new Event("online"));
    await it.until(({ client }) => client.state === "connected");
    it.client.publish("/topic/plain", "back");
    await it.inbox("/topic/plain").count(1);
  });
  expect(await seen(client)).toMatchObject({
    states: ["connecting", "connected", "reconnecting", "connected"],
    gaps: ["/topic/plain"],
  });
});
