import { connectIn, expect, seen } from "../testing/browser.ts";
import { RabbitMq } from "./rabbitmq.ts";
import { describeRelay, withBroker } from "./relay.ts";

const test = withBroker(RabbitMq.start, { login: "guest", passcode: "guest", host: "/" });

test.skip(() => !RabbitMq.isInstalled, "needs RabbitMQ (Debian: rabbitmq-server)");
// One broker for all of them.
test.describe.configure({ mode: "serial" });

describeRelay(test, "RabbitMQ");

test("a password that RabbitMQ does not know is refused in its words", async ({
  broker: rabbit,
  startServer,
  openPage,
}) => {
  const server = await startServer({ relay: `stomp://guest:wrong@127.0.0.1:${rabbit.stompPort}/%2F` });
  const client = await connectIn(await openPage(`${server.url}/blank.html`), "/encke");
  await client.evaluate((it) => it.until(({ errors }) => errors.length > 0));
  const { errors, states } = await seen(client);
  expect(errors[0]).toMatchObject({ code: "SERVER_ERROR", message: expect.stringContaining("Bad CONNECT") });
  expect(states).toEqual(["connecting"]);
});

test("RabbitMQ goes and comes back: pages are told, come back by themselves, and no receipt is promised that did not come", async ({
  broker: rabbit,
  startServer,
  openClient,
}) => {
  test.setTimeout(90_000);
  const server = await startServer({ relay: rabbit.relay });
  const { client } = await openClient(server.url);
  await client.evaluate((it) => it.listen("/topic/a"));
  await rabbit.down();
  await client.evaluate(async (it) => {
    await it.until(({ errors }) => errors.length > 0);
    it.ask("/topic/a", "while it is away");
  });
  await rabbit.up();
  await client.evaluate(async (it) => {
    // Nobody here waits for the end of a pause that may be of half a minute by now.
    dispatchEvent(new Event("online"));
    await it.until(({ client }) => client.state === "connected");
    await it.untilDecided(1);
    it.ask("/topic/a", "and now");
    await it.untilDecided(2);
  });
  const { outcomes, gaps, errors, states } = await seen(client);
  expect(states.slice(0, 3)).toEqual(["connecting", "connected", "reconnecting"]);
  expect(states.at(-1)).toBe("connected");
  expect(gaps).toEqual(["/topic/a"]);
  expect(errors[0]!.message).toContain("BROKER_GONE");
  // What had left when it was away may be "unknown"; what is called delivered has come back.
  expect(["delivered", "unknown", "not-sent"]).toContain(outcomes["while it is away"]);
  expect(outcomes["and now"]).toBe("delivered");
  const delivered = Object.keys(outcomes).filter((body) => outcomes[body] === "delivered");
  const texts = await client.evaluate((it) => it.inbox("/topic/a").texts);
  for (const body of delivered) expect(texts).toContain(body);
});
