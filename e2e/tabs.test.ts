import { connectIn, expect, type Page, test, type WatchedHandle } from "./testing/browser.ts";

const tabs = 12;

// Over HTTP/1.1 a browser opens six connections to a host, for all its tabs together.
test(`${tabs} tabs without WebSocket are served, all of them, and their own requests are not held up`, async ({
  server,
  startMiddlebox,
  openPage,
}) => {
  const box = await startMiddlebox({ target: server.url, webSocket: "refuse", delay: 10 });
  const clients: WatchedHandle[] = [];
  for (let tab = 1; tab <= tabs; tab++) {
    const page = await openPage(`${box.url}/blank.html`);
    const client = await connectIn(page, "/encke");
    clients.push(client);
    await client.evaluate(async (it, text) => {
      it.client.subscribe("/topic/a", it.inbox("/topic/a").take);
      it.client.publish("/topic/a", text);
      await it.inbox("/topic/a").count(1);
    }, `from ${tab}`);
    await page.evaluate(async () => (await fetch(`/healthz?${Math.random()}`)).text());
  }

  const transports = () => Promise.all(clients.map((client) => client.evaluate((it) => it.client.transport)));
  await expect.poll(async () => (await transports()).filter((name) => name === "fetch-stream").length).toBe(3);
  expect((await transports()).filter((name) => name === "xhr-poll")).toHaveLength(tabs - 3);

  for (const [tab, client] of clients.entries()) {
    await client.evaluate((it, text) => it.client.publish("/topic/a", text), `again from ${tab + 1}`);
  }
  const wanted = clients.map((_, tab) => `again from ${tab + 1}`);
  for (const [tab, client] of clients.entries()) {
    const heard = await client.evaluate((it, count) => it.inbox("/topic/a").count(count), tabs - tab + tabs);
    expect(heard.slice(-tabs).sort()).toEqual([...wanted].sort());
    await client.evaluate((it) => fetch(`/healthz?${it.client.transport}`));
  }
});

test("a tab that goes leaves its place to another", async ({ server, startMiddlebox, openPage }) => {
  const box = await startMiddlebox({ target: server.url, webSocket: "refuse" });
  const opened: { page: Page; client: WatchedHandle }[] = [];
  for (let tab = 1; tab <= 4; tab++) {
    const page = await openPage(`${box.url}/blank.html`);
    const client = await connectIn(page, "/encke");
    await client.evaluate((it) => it.listen("/topic/a"));
    opened.push({ page, client });
  }
  let names: (string | null)[] = [];
  const settled = async () => {
    names = await Promise.all(opened.map(({ client }) => client.evaluate((it) => it.client.transport)));
    return names.toSorted();
  };
  await expect.poll(settled).toEqual([...Array(3).fill("fetch-stream"), "xhr-poll"]);
  const { client } = opened[names.indexOf("xhr-poll")]!;
  const [first] = opened.filter((tab) => tab.client !== client);
  await first!.page.close();
  await client.evaluate((it) => it.carriedBy("fetch-stream"));
});
