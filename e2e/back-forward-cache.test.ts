import { chromiumArgs, systemChromium } from "../scripts/browser.mjs";
import { expect, seen, test, type WatchedHandle } from "./testing/browser.ts";
import { StompTcp } from "./testing/stomp-tcp.ts";

// Playwright switches the back/forward cache off.
test.use({
  launchOptions: {
    executablePath: systemChromium(),
    args: chromiumArgs,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  },
});

for (const transport of ["webSocket", "fetchStream", "eventSource", "iframeStream", "xhrPoll"] as const) {
  test(`a page that comes back from the back/forward cache has missed nothing, whatever came meanwhile and whoever asked for locks (${transport})`, async ({
    startServer,
    openPage,
    openClient,
  }) => {
    const server = await startServer({ stompPort: 0 });
    const program = await StompTcp.connect(server.stompPort!);
    const { page, client } = await openClient(server.url, {
      transports: transport === "xhrPoll" ? [transport] : [transport, "xhrPoll"],
    });
    await client.evaluate(async (it, transport) => {
      Object.assign(globalThis, { it });
      await it.listen("/topic/a");
      await it.carriedBy(Encke[transport].name);
    }, transport);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Page.enable");
    const reasons: unknown[] = [];
    devtools.on("Page.backForwardCacheNotUsed", ({ notRestoredExplanations }) =>
      reasons.push(...notRestoredExplanations.map(({ reason }) => reason)),
    );

    // Another site, so that the page is kept and not only hidden.
    await page.goto(`${server.url.replace("127.0.0.1", "localhost")}/healthz`);
    await (await openPage(`${server.url}/blank.html`)).evaluate(() => navigator.locks.query());
    // More than Chromium takes in for a page that it keeps.
    const texts = ["one", "two", ..."abcdefghijklmnopqrst"].map((text) => text.repeat(100_000));
    for (const text of texts) program.publish("/topic/a", text);
    await program.settle();
    // Behind the answer to this call, which would be lost with the page that gives it.
    await page.evaluate(() => void setTimeout(() => history.back()));
    await expect.poll(() => page.evaluate(() => "probe" in globalThis).catch(() => false)).toBe(true);
    expect(reasons).toEqual([]);

    // What the tests held of the page before is no longer valid.
    const kept = (await page.evaluateHandle("it")) as WatchedHandle;
    const arrived = await kept.evaluate((it, count) => it.inbox("/topic/a").count(count), texts.length);
    expect(arrived.map((text) => text.slice(0, 3))).toEqual(texts.map((text) => text.slice(0, 3)));
    await kept.evaluate((it) => it.settle());
    expect(await kept.evaluate((it) => it.inbox("/topic/a").texts.length)).toBe(texts.length);
    expect(await seen(kept)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^encke_sessions 1$/m);
    program.close();
  });
}

test("a page that says it leaves and stays goes on with polls, and has its hidden frame again later", async ({
  server,
  openClient,
}) => {
  const { page, client } = await openClient(server.url, { transports: ["iframeStream", "xhrPoll"] });
  await client.evaluate(async (it) => {
    await it.listen("/topic/a");
    await it.carriedBy("iframe-stream");
  });
  // A click on a download: the browser says that the page is left, and then finds that it is not.
  const download = page.waitForEvent("download");
  await page.evaluate(() => {
    const link = document.createElement("a");
    link.href = "data:application/octet-stream,a";
    link.click();
  });
  await download;
  // For a moment nothing carried: the frame was gone before the poll could be.
  await client.evaluate(async (it) => {
    await it.carriedBy("xhr-poll");
    it.client.publish("/topic/a", "while polling");
    await it.inbox("/topic/a").count(1);
    it.age();
    it.client.publish("/topic/a", "behind it");
    await it.carriedBy("iframe-stream");
    it.client.publish("/topic/a", "on the frame");
    await it.inbox("/topic/a").count(3);
  });
  expect(await seen(client)).toMatchObject({
    states: ["connecting", "connected"],
    transports: ["xhr-poll", "iframe-stream", null, "xhr-poll", "iframe-stream"],
    gaps: [],
    errors: [],
  });
});
