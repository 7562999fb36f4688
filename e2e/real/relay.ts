import { test as base, expect, numbers, seen } from "../testing/browser.ts";
import { StompTcp } from "../testing/stomp-tcp.ts";

interface RealBroker {
  /** What `--relay` takes. */
  readonly relay: string;
  readonly stompPort: number;
  close(): Promise<void>;
}

/** Playwright's `test` with one broker for all tests of a file. @param connectHeaders what it wants of a client over TCP */
export const withBroker = <B extends RealBroker>(start: () => Promise<B>, connectHeaders: Record<string, string>) =>
  base.extend<object, { broker: B; connectHeaders: Record<string, string> }>({
    broker: [
      // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it
      async ({}, use) => {
        const broker = await start();
        await use(broker);
        await broker.close();
      },
      { scope: "worker", timeout: 60_000 },
    ],
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it
    connectHeaders: [async ({}, use) => use(connectHeaders), { scope: "worker" }],
  });

/** What pages see is the same, whichever broker is behind. */
export function describeRelay(test: ReturnType<typeof withBroker<RealBroker>>, name: string): void {
  test(`pages and a TCP client talk through ${name}, in text and octets`, async ({
    broker,
    connectHeaders,
    startServer,
    openClient,
  }) => {
    const server = await startServer({ relay: broker.relay });
    const program = await StompTcp.connect(broker.stompPort, connectHeaders);
    await program.subscribe("/topic/from-page");
    const [alice, bob] = [await openClient(server.url), await openClient(server.url)];
    for (const { client } of [alice, bob]) await client.evaluate((it) => it.listen("/topic/a"));

    program.publish("/topic/a", "from TCP ☄");
    await alice.client.evaluate(async (it) => {
      it.client.publish("/topic/a", "from Alice ☄");
      it.client.publish(
        "/topic/a",
        Uint8Array.from({ length: 10 * 1024 * 1024 }, (_, at) => at % 256),
      );
      it.client.publish("/topic/from-page", "to TCP ☄");
      await it.settle();
    });
    for (const { client } of [alice, bob]) {
      const got = await client.evaluate(async (it) => {
        await it.inbox("/topic/a").count(3);
        const { messages } = it.inbox("/topic/a");
        const octets = messages.find((message) => message.bytes().length === 10 * 1024 * 1024)!.bytes();
        return {
          texts: messages.filter((message) => message.bytes().length < 100).map((message) => message.text()),
          isWhole: octets.every((octet, at) => octet === at % 256),
        };
      });
      expect(got.texts.sort()).toEqual(["from Alice ☄", "from TCP ☄"]);
      expect(got.isWhole).toBe(true);
    }
    await expect.poll(() => program.bodies).toEqual(["to TCP ☄"]);
    program.close();
  });

  test(`transactions and pulled messages go through ${name}`, async ({ broker, startServer, openClient }) => {
    const server = await startServer({ relay: broker.relay });
    const { client } = await openClient(server.url);
    const texts = await client.evaluate(async (it) => {
      const { client } = it;
      const aborted = client.begin();
      aborted.publish("/queue/pulled", "never");
      aborted.abort();
      const transaction = client.begin();
      for (const number of ["1", "2", "3"]) transaction.publish("/queue/pulled", number);
      await transaction.commit();
      const texts: string[] = [];
      for await (const message of client.messages("/queue/pulled", { ack: "client" })) {
        texts.push(message.text());
        if (texts.length < 3) continue;
        // All three and what comes of them, or nothing.
        const answer = client.begin();
        answer.ack(message);
        answer.publish("/queue/answers", texts.join());
        await answer.commit();
        break;
      }
      client.subscribe("/queue/pulled", it.inbox("left").take);
      client.subscribe("/queue/answers", it.inbox("answers").take);
      await it.inbox("answers").count(1);
      await it.settle();
      return { texts, answers: it.inbox("answers").texts, left: it.inbox("left").texts };
    });
    expect(texts).toEqual({ texts: ["1", "2", "3"], answers: ["1,2,3"], left: [] });
  });

  test(`50 cuts while a page consumes a queue: each message is acknowledged once, and ${name} delivers none again`, async ({
    broker,
    connectHeaders,
    startServer,
    startMiddlebox,
    openClient,
  }) => {
    test.setTimeout(120_000);
    const count = 1_000;
    const cuts = 50;
    const server = await startServer({ relay: broker.relay });
    const box = await startMiddlebox({ target: server.url, delay: 5 });
    const program = await StompTcp.connect(broker.stompPort, connectHeaders);
    const { client } = await openClient(box.url);
    await client.evaluate(async (it) => {
      const got: string[] = [];
      let again = 0;
      Object.assign(globalThis, { got, again: () => again });
      it.client.subscribe(
        "/queue/jobs",
        (message) => {
          got.push(message.text());
          if (message.headers.redelivered === "true") again++;
          setTimeout(() => message.ack(), 3);
        },
        { ack: "client-individual", headers: { "prefetch-count": "20" } },
      );
      await it.settle();
    });
    const got = () => client.evaluate(() => (globalThis as unknown as { got: string[] }).got);
    for (let number = 1; number <= count; number++) program.publish("/queue/jobs", String(number));
    for (let cut = 1; cut <= cuts; cut++) {
      const before = (await got()).length;
      if (before < count)
        await expect.poll(async () => (await got()).length, { timeout: 20_000 }).toBeGreaterThan(before);
      box.cut();
    }
    await expect.poll(async () => (await got()).length, { timeout: 60_000 }).toBe(count);
    await client.evaluate((it) => it.settle());
    expect(await got()).toEqual(numbers(1, count));
    expect(await client.evaluate(() => (globalThis as unknown as { again(): number }).again())).toBe(0);
    expect(await seen(client)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });

    // Nothing is left that would come again.
    await client.evaluate((it) => it.client.close());
    const { client: next } = await openClient(server.url);
    await next.evaluate((it) => it.listen("/queue/jobs"));
    expect(await next.evaluate((it) => it.inbox("/queue/jobs").texts)).toEqual([]);
    program.close();
  });
}
