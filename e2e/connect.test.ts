import { expect, numbers, seen, test } from "./testing/browser.ts";

test("two pages talk to each other, and each hears itself", async ({ server, openClient }) => {
  const [alice, bob] = [await openClient(server.url), await openClient(server.url)];
  for (const { client } of [alice, bob]) await client.evaluate((it) => it.listen("/topic/room"));

  await alice.client.evaluate(({ client }) => client.publish("/topic/room", "from Alice"));
  await bob.client.evaluate((it) => it.inbox("/topic/room").count(1));
  await bob.client.evaluate(({ client }) => client.publish("/topic/room", "from Bob"));

  for (const { client } of [alice, bob]) {
    expect(await client.evaluate((it) => it.inbox("/topic/room").count(2))).toEqual(["from Alice", "from Bob"]);
  }
});

test("`connected` resolves when the broker has answered, and the state says so", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  const [during, after] = await client.evaluate(async ({ client, states }) => {
    const during = [...states];
    await client.connected;
    return [during, client.state];
  });
  expect(during[0]).toBe("connecting");
  expect(after).toBe("connected");
  expect((await seen(client)).states).toEqual(["connecting", "connected"]);
});

test("what is called in the turn of `connect` goes with the first request, and its answer brings the message", async ({
  server,
  openPage,
}) => {
  const page = await openPage(`${server.url}/blank.html`);
  const bodies: string[] = [];
  page.on("request", (request) => bodies.push(request.postData() ?? ""));
  const [first, transport] = await page.evaluate(async () => {
    const watched = probe.watch(Encke.connect("/encke", { transports: [Encke.xhrPoll] }));
    watched.client.subscribe("/topic/a", watched.inbox("/topic/a").take);
    watched.client.publish("/topic/a", "first");
    const requests = new Promise<number>((resolve) => {
      watched.client.subscribe("/topic/a", () =>
        resolve(performance.getEntriesByType("resource").filter(({ name }) => name.includes("/encke/")).length),
      );
    });
    watched.client.publish("/topic/a", "second");
    await watched.inbox("/topic/a").count(2);
    return [await requests, watched.client.transport];
  });
  expect(transport).toBe("xhr-poll");
  expect(first).toBe(1);
  expect(bodies[0]).toMatch(/CONNECT\n.*SUBSCRIBE\n.*SEND\n.*first.*second/s);
});

test("the session moves from long-poll to WebSocket without the page noticing", async ({ server, openClient }) => {
  const listener = await openClient(server.url);
  await listener.client.evaluate((it) => it.listen("/topic/numbers"));
  const mover = await openClient(server.url);
  const last = await mover.client.evaluate(async (it) => {
    it.client.subscribe("/topic/numbers", it.inbox("/topic/numbers").take);
    let last = 0;
    // All the way through the move and well past it.
    for (let more = 200; more > 0; more -= it.client.transport === "websocket" ? 1 : 0) {
      it.client.publish("/topic/numbers", String(++last));
      await probe.nextTask();
    }
    return last;
  });
  for (const { client } of [mover, listener]) {
    await client.evaluate((it, last) => it.inbox("/topic/numbers").count(last), last);
    await client.evaluate((it) => it.settle());
    expect(await client.evaluate((it) => it.inbox("/topic/numbers").texts)).toEqual(numbers(1, last));
  }
  expect(await seen(mover.client)).toMatchObject({
    states: ["connecting", "connected"],
    transports: ["xhr-poll", "websocket"],
    gaps: [],
    errors: [],
  });
});

test("a subscription that was ended brings nothing more, and others go on", async ({ server, openClient }) => {
  const { client } = await openClient(server.url);
  const texts = await client.evaluate(async (it) => {
    const ended = it.client.subscribe("/topic/a", it.inbox("ended").take);
    it.client.subscribe("/topic/a", it.inbox("kept").take);
    it.client.publish("/topic/a", "both");
    await it.inbox("ended").count(1);
    ended.unsubscribe();
    ended.unsubscribe();
    it.client.publish("/topic/a", "one");
    await it.inbox("kept").count(2);
    await it.settle();
    return { ended: it.inbox("ended").texts, kept: it.inbox("kept").texts };
  });
  expect(texts).toEqual({ ended: ["both"], kept: ["both", "one"] });
});

test("what a handler throws is shown, and stops neither the others nor the client", async ({ server, openClient }) => {
  const { page, client } = await openClient(server.url);
  const shown = await page.evaluateHandle(() => {
    const shown: string[] = [];
    addEventListener("error", (event) => {
      event.preventDefault();
      shown.push(event.error.message);
    });
    return shown;
  });
  const texts = await client.evaluate(async (it) => {
    it.client.subscribe("/topic/a", () => {
      throw new Error("thrown by the page");
    });
    it.client.subscribe("/topic/a", it.inbox("/topic/a").take);
    it.client.publish("/topic/a", "one");
    it.client.publish("/topic/a", "two");
    return it.inbox("/topic/a").count(2);
  });
  expect(texts).toEqual(["one", "two"]);
  expect(await shown.jsonValue()).toEqual(["thrown by the page", "thrown by the page"]);
});
