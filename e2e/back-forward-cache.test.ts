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

for (const transport of ["webSocket", "xhrPoll"] as const) {
  test(`a page that comes back from the back/forward cache has missed nothing (${transport})`, async ({
    startServer,
    openClient,
  }) => {
    const server = await startServer({ stompPort: 0 });
    const program = await StompTcp.connect(server.stompPort!);
    const { page, client } = await openClient(server.url, { transports: [transport] });
    await client.evaluate(async (it) => {
      Object.assign(globalThis, { it });
      await it.listen("/topic/a");
    });

    // Another site, so that the page is kept and not only hidden.
    await page.goto(`${server.url.replace("127.0.0.1", "localhost")}/healthz`);
    for (const text of ["one", "two", "three"]) program.publish("/topic/a", text);
    await program.settle();
    // Behind the answer to this call, which would be lost with the page that gives it.
    await page.evaluate(() => void setTimeout(() => history.back()));
    await expect.poll(() => page.evaluate(() => "it" in globalThis).catch(() => false)).toBe(true);

    // What the tests held of the page before is no longer valid.
    const kept = (await page.evaluateHandle("it")) as WatchedHandle;
    expect(await kept.evaluate((it) => it.inbox("/topic/a").count(3))).toEqual(["one", "two", "three"]);
    await kept.evaluate((it) => it.settle());
    expect(await kept.evaluate((it) => it.inbox("/topic/a").texts)).toEqual(["one", "two", "three"]);
    expect(await seen(kept)).toMatchObject({ states: ["connecting", "connected"], gaps: [], errors: [] });
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^encke_sessions 1$/m);
    program.close();
  });
}
