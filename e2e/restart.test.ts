import { connectIn, expect, numbers, seen, test, type WatchedHandle } from "./testing/browser.ts";
import { ServerProcess } from "./testing/server-process.ts";

const portOf = (url: string) => Number(new URL(url).port);

const comeBack = {
  states: ["connecting", "connected", "reconnecting", "connected"],
  gaps: ["/topic/a", "/topic/b"],
  errors: [],
};

for (const transport of ["webSocket", "xhrPoll"] as const) {
  test(`after a restart the page is back by itself, with one gap for each subscription and all it published meanwhile (${transport})`, async ({
    startServer,
    openClient,
  }) => {
    const server = await startServer();
    const port = portOf(server.url);
    const { client } = await openClient(server.url, { transports: [transport] });
    await client.evaluate(async (it) => {
      await it.listen("/topic/a");
      await it.listen("/topic/b");
    });
    await server.close();
    await client.evaluate(async (it) => {
      await it.until(({ client }) => client.state === "reconnecting");
      for (let number = 1; number <= 50; number++) it.client.publish("/topic/a", String(number));
    });
    await startServer({ port });
    expect(await client.evaluate((it) => it.inbox("/topic/a").count(50))).toEqual(numbers(1, 50));
    await client.evaluate((it) => it.settle());
    expect(await client.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(numbers(1, 50));
    expect(await seen(client)).toMatchObject(comeBack);
  });
}

test("a server that was killed is found again, and what was published without it arrives once", async ({
  pagesDirectory,
  openClient,
}) => {
  const server = await ServerProcess.start(pagesDirectory);
  const { client } = await openClient(server.url);
  await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    await it.listen("/topic/b");
    await it.carriedBy("websocket");
    await it.settle();
  });
  await server.kill();
  await client.evaluate(async (it) => {
    await it.carriedBy(null);
    for (let number = 1; number <= 50; number++) it.client.publish("/topic/a", String(number));
  });
  const another = await ServerProcess.start(pagesDirectory, portOf(server.url));
  try {
    await client.evaluate((it) => it.inbox("/topic/a").count(50));
    await client.evaluate((it) => it.settle());
    expect(await client.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(numbers(1, 50));
    expect(await seen(client)).toMatchObject(comeBack);
  } finally {
    await another.kill();
  }
});

/** Publishes with receipts for as long as the server's end takes, and then until the last of them is decided. */
async function publishOver(client: WatchedHandle): Promise<{ outcomes: Record<string, string>; heard: string[] }> {
  return client.evaluate(async (it) => {
    const { end } = globalThis as unknown as { end(): Promise<void> };
    await it.listen("/topic/a");
    let isOver = false;
    let number = 0;
    for (; !isOver; number++) {
      it.ask("/topic/a", String(number));
      if (number === 100) void end().then(() => (isOver = true));
      await new Promise((resolve) => setTimeout(resolve));
    }
    await it.untilDecided(number);
    await it.settle();
    return { outcomes: Object.fromEntries(it.outcomes), heard: it.inbox("/topic/a").texts };
  });
}

/** The page hears what it publishes, so it can tell what became of it. */
function expectTruth({ outcomes, heard }: { outcomes: Record<string, string>; heard: string[] }): void {
  const delivered = Object.keys(outcomes).filter((body) => outcomes[body] === "delivered");
  const others = Object.values(outcomes).filter((outcome) => outcome !== "delivered" && outcome !== "unknown");
  expect(others).toEqual([]);
  expect(delivered.length).toBeGreaterThan(99);
  const times = new Map<string, number>();
  for (const body of heard) times.set(body, (times.get(body) ?? 0) + 1);
  expect(delivered.filter((body) => times.get(body) !== 1)).toEqual([]);
  expect([...times.values()].filter((count) => count > 1)).toEqual([]);
}

test("no receipt lies when the server goes down in order", async ({ startServer, openClient }) => {
  const server = await startServer();
  const port = portOf(server.url);
  const { page, client } = await openClient(server.url);
  await page.exposeFunction("end", async () => {
    await server.close();
    await startServer({ port });
  });
  expectTruth(await publishOver(client));
});

test("no receipt lies when the server is killed", async ({ pagesDirectory, openPage }) => {
  const server = await ServerProcess.start(pagesDirectory);
  const page = await openPage(`${server.url}/blank.html`);
  const client = await connectIn(page, "/encke");
  let another: ServerProcess | undefined;
  await page.exposeFunction("end", async () => {
    await server.kill();
    another = await ServerProcess.start(pagesDirectory, portOf(server.url));
  });
  try {
    expectTruth(await publishOver(client));
  } finally {
    await another?.kill();
  }
});

test("where a session has outlived the server's patience, the page gets another one and is told of the gap", async ({
  startServer,
  startMiddlebox,
  openClient,
}) => {
  const server = await startServer({ resumeWindow: 0.1 });
  const box = await startMiddlebox({ target: server.url });
  const { client } = await openClient(box.url);
  await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    await it.listen("/topic/b");
    await it.carriedBy("websocket");
    await it.settle();
  });
  box.down = true;
  await expect.poll(async () => (await fetch(`${server.url}/metrics`)).text()).toMatch(/^encke_sessions 0$/m);
  box.down = false;
  await client.evaluate((it) => it.until(({ gaps }) => gaps.length === 2));
  await client.evaluate((it) => it.settle());
  expect(await seen(client)).toMatchObject(comeBack);
});
