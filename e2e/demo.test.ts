import { createServer } from "encke-server";
import { test as base, expect, type Page } from "./testing/browser.ts";

/** Opens the demo in another tab, as somebody of this name. */
type Enter = (name: string, options?: { isClockFaked?: boolean }) => Promise<Page>;

const test = base.extend<{ enter: Enter }>({
  enter: async ({ context }, use) => {
    const server = createServer({ port: 0 });
    await server.listen();
    const problems: string[] = [];
    await use(async (name, { isClockFaked = false } = {}) => {
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`${name}: ${error.stack ?? error}`));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) problems.push(`${name}: ${message.text()}`);
      });
      if (isClockFaked) await page.clock.install();
      await page.goto(server.url);
      await page.getByLabel("Your name").fill(name);
      await page.getByLabel("Your name").press("Enter");
      await expect(page.locator("#state")).toHaveText("Connected");
      return page;
    });
    // Also what breaks the Content-Security-Policy is an error on the console.
    expect(problems).toEqual([]);
    await server.close();
  },
});

async function write(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByLabel("Message", { exact: true }).press("Enter");
  }
}

const messages = (page: Page) => page.getByRole("log").locator(".text");
const deliveredOf = (page: Page) => page.getByRole("log").getByLabel("delivered");
const transport = (page: Page) => page.locator("#transport");
/** The attempts that the timeline shows, in the words that a screen reader has for them. */
const tried = (page: Page, words: RegExp) => page.locator("#timeline").getByRole("button", { name: words });

test("two tabs see each other and talk", async ({ enter }) => {
  const [alice, bob] = [await enter("Alice"), await enter("Bob")];
  for (const page of [alice, bob]) await expect(page.getByText("2 people here")).toBeVisible();
  await write(alice, "Hello Bob");
  await expect(messages(bob)).toHaveText(["Hello Bob"]);
  await expect(bob.getByRole("log")).toContainText("Alice");
  await write(bob, "Hello <b>Alice</b> & all");
  for (const page of [alice, bob]) await expect(messages(page)).toHaveText(["Hello Bob", "Hello <b>Alice</b> & all"]);
  await expect(deliveredOf(alice)).toHaveCount(1);
  await expect(deliveredOf(bob)).toHaveCount(1);
  await bob.close();
  await expect(alice.getByText("1 person here")).toBeVisible();
});

test("killing the WebSocket does not disturb the talk", async ({ enter }) => {
  const [alice, bob] = [await enter("Alice"), await enter("Bob")];
  const said: string[] = [];
  for (let kill = 1; kill <= 2; kill++) {
    await expect(transport(alice)).toHaveText("WebSocket", { timeout: 20_000 });
    await alice.getByRole("button", { name: "Kill the WebSocket" }).click();
    await expect(alice.getByText("You killed the WebSocket")).toHaveCount(kill);
    await write(alice, `Alice ${kill}`);
    said.push(`Alice ${kill}`);
    await expect(messages(bob)).toHaveText(said);
    await write(bob, `Bob ${kill}`);
    said.push(`Bob ${kill}`);
    await expect(messages(alice)).toHaveText(said);
  }
  await expect(deliveredOf(alice)).toHaveCount(2);
  await expect(alice.locator("#state")).toHaveText("Connected");
});

test("with WebSocket blocked the talk goes on by a stream, until it is let through again", async ({ enter }) => {
  const [alice, bob] = [await enter("Alice"), await enter("Bob")];
  await expect(transport(alice)).toHaveText("WebSocket");
  // It was cut and then refused: that rests for half a minute.
  test.setTimeout(90_000);
  const block = alice.getByRole("button", { name: "Block WebSocket" });
  await block.click();
  await expect(block).toHaveAttribute("aria-pressed", "true");
  await expect(transport(alice)).toHaveText("Streaming fetch");
  await write(alice, "without");
  await write(bob, "me with");
  for (const page of [alice, bob]) await expect(messages(page)).toContainText(["without", "me with"]);
  await block.click();
  await expect(block).toHaveAttribute("aria-pressed", "false");
  await expect(transport(alice)).toHaveText("WebSocket", { timeout: 60_000 });
  await write(alice, "with again");
  await expect(messages(bob)).toContainText(["with again"]);
});

test("with WebSocket blocked and streams held back the talk goes on by long-polling", async ({ enter }) => {
  const [alice, bob] = [await enter("Alice", { isClockFaked: true }), await enter("Bob")];
  await expect(transport(alice)).toHaveText("WebSocket");
  await alice.getByRole("button", { name: "Block WebSocket" }).click();
  await expect(transport(alice)).toHaveText("Streaming fetch");
  const hold = alice.getByRole("button", { name: "Hold streams back" });
  await hold.click();
  await expect(hold).toHaveAttribute("aria-pressed", "true");
  await expect(alice.getByText(/^Streaming fetch ended after .+: cut$/)).toHaveCount(1);
  // Whatever rests is tried, and given up in its time.
  for (const name of ["Streaming fetch", "Server-sent events", "Hidden iframe"]) {
    await expect(async () => {
      await alice.clock.fastForward(10_000);
      await expect(tried(alice, new RegExp(`^${name}, .+: buffered$`))).not.toHaveCount(0, { timeout: 200 });
    }).toPass({ intervals: [50], timeout: 20_000 });
  }
  await expect(transport(alice)).toHaveText("Long-polling");
  await write(alice, "in answers that are complete");
  await expect(messages(bob)).toHaveText(["in answers that are complete"]);
  await write(bob, "they all pass");
  await expect(messages(alice)).toHaveText(["in answers that are complete", "they all pass"]);
  await hold.click();
  await expect(hold).toHaveAttribute("aria-pressed", "false");
});

test("a stream is cut with everything else", async ({ enter }) => {
  const alice = await enter("Alice", { isClockFaked: true });
  await expect(transport(alice)).toHaveText("WebSocket");
  await alice.getByRole("button", { name: "Block WebSocket" }).click();
  await expect(transport(alice)).toHaveText("Streaming fetch");
  await alice.getByRole("button", { name: "Cut everything for 10 s" }).click();
  await expect(transport(alice)).toHaveText("No transport");
  await expect(tried(alice, /^Streaming fetch, .+: cut$/)).toHaveCount(1);
  await expect(tried(alice, /^Long-polling, .+: server gone$/)).not.toHaveCount(0);
  await alice.clock.fastForward(10_000);
  await expect(alice.locator("#state")).toHaveText("Connected");
});

test("the timeline says what was tried and why it ended, to eyes, pointers and keys", async ({ enter }) => {
  const alice = await enter("Alice");
  await expect(transport(alice)).toHaveText("WebSocket");
  await expect(tried(alice, /^WebSocket, since [\d:]+: carrying$/)).toHaveCount(1);
  await alice.getByRole("button", { name: "Kill the WebSocket" }).click();
  const killed = tried(alice, /^WebSocket, [\d:]+, [\d.]+ m?s: cut$/);
  await expect(killed).toHaveCount(1);
  await expect(tried(alice, /^Long-polling, .+: moved$/)).not.toHaveCount(0);
  const rows = alice.locator("#timeline > li");
  await expect(rows.first()).toContainText("WebSocket");
  await expect(rows.last()).toContainText("Long-polling");
  // What something else took over from has not failed.
  await expect(alice.locator("#timeline .bad")).toHaveCount(1);

  const words = alice.locator("#timeline-words");
  await expect(words).toHaveText("");
  const { x, y, width, height } = (await killed.boundingBox())!;
  await alice.mouse.move(x + width / 2, y + height / 2);
  await expect(words).toHaveText(/^WebSocket, .+: cut$/);
  await alice.mouse.move(0, 0);
  await expect(words).toHaveText("");
  await alice.getByRole("button", { name: "Copy report" }).focus();
  await alice.keyboard.press("Tab");
  await expect(words).toHaveText(/^Long-polling, /);
  // There may be a row between the two.
  for (const key of ["ArrowUp", "ArrowUp", "Home"]) await alice.keyboard.press(key);
  await expect(words).toHaveText(/^WebSocket, .+: cut$/);
  await expect(killed).toBeFocused();
});

test("the report can be copied, also where there is no clipboard", async ({ enter, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const alice = await enter("Alice");
  await expect(transport(alice)).toHaveText("WebSocket");
  const copy = alice.getByRole("button", { name: "Copy report" });
  await copy.click();
  await expect(alice.getByRole("status").getByText("on the clipboard")).toBeAttached();
  const copied = JSON.parse(await alice.evaluate(() => navigator.clipboard.readText()));
  expect(copied).toMatchObject({ state: "connected", transport: "websocket" });
  expect(copied.attempts).toContainEqual(expect.objectContaining({ transport: "websocket", takesOver: false }));

  await alice.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await alice.getByRole("button", { name: /^Cop/ }).click();
  const field = alice.getByLabel("The report, to be copied");
  await expect(field).toBeFocused();
  expect(JSON.parse(await alice.evaluate(() => getSelection()?.toString() ?? ""))).toMatchObject({
    transport: "websocket",
  });
  await alice.getByLabel("Message", { exact: true }).focus();
  await expect(field).toBeHidden();
});

test("what was written while everything was cut arrives on both sides afterwards, once and in order", async ({
  enter,
}) => {
  const [alice, bob] = [await enter("Alice", { isClockFaked: true }), await enter("Bob")];
  await expect(bob.getByText("2 people here")).toBeVisible();
  await alice.getByRole("button", { name: "Cut everything for 10 s" }).click();
  await expect(alice.getByRole("button", { name: /^Cut: back in/ })).toBeVisible();
  await expect(alice.locator("#notice")).toContainText("No connection");
  await write(alice, "Alice 1", "Alice 2", "Alice 3");
  await write(bob, "Bob 1", "Bob 2", "Bob 3");
  await expect(deliveredOf(bob)).toHaveCount(3);
  await expect(messages(alice)).toHaveText(["Alice 1", "Alice 2", "Alice 3"]);
  await alice.clock.fastForward(10_000);
  await expect(alice.locator("#notice")).toHaveText("");
  await expect(messages(alice)).toHaveText(["Alice 1", "Alice 2", "Alice 3", "Bob 1", "Bob 2", "Bob 3"]);
  await expect(messages(bob)).toHaveText(["Bob 1", "Bob 2", "Bob 3", "Alice 1", "Alice 2", "Alice 3"]);
  await expect(deliveredOf(alice)).toHaveCount(3);
});

test("on a phone everything fits the screen and can be reached", async ({ enter }) => {
  const page = await enter("Alice");
  await page.setViewportSize({ width: 375, height: 667 });
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await width()).toBeLessThanOrEqual(375);
  await write(page, "from a phone, with averyveryveryveryveryveryveryveryveryveryveryverylongwordthatneverends");
  await expect(deliveredOf(page)).toHaveCount(1);
  expect(await width()).toBeLessThanOrEqual(375);
  const kill = page.getByRole("button", { name: "Kill the WebSocket" });
  await expect(kill).not.toBeInViewport();
  await page.getByRole("button", { name: /Break it/ }).click();
  await expect(kill).toBeInViewport();
  await expect(transport(page)).toHaveText("WebSocket");
  await kill.click();
  await expect(page.getByText("You killed the WebSocket")).toHaveCount(1);
  expect(await width()).toBeLessThanOrEqual(375);
});
