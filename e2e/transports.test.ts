import type { JSHandle } from "@playwright/test";
import { test as base, expect, type Page } from "./testing/browser.ts";
import { listenedTo } from "./testing/listened-to.ts";
import { buildScript, type Exchange, OtherSide } from "./testing/other-side.ts";
import type * as InPage from "./testing/other-side-page.ts";

/** What a transport kind is, in which browser, and where it differs from the others. */
interface Case extends InPage.Which {
  readonly name: string;
  readonly path: string;
  readonly method: "GET" | "POST";
  /** Each batch comes as one message. Otherwise only their order holds. */
  readonly isFramed?: boolean;
  /** Nothing comes before all has been said. */
  readonly isOneShot?: boolean;
  readonly isDuplex?: boolean;
  /** The code of the end in order; 1006 is that of any other. */
  readonly endCode: 1000 | 1006;
  /** Its end says with what status it was refused. */
  readonly tellsStatus?: boolean;
  /** Ends that no event tells of: who opens it has to notice the silence. "cut": one behind the head. */
  readonly silentEnds?: readonly ("204" | "cut")[];
}

const overHttp = { method: "POST", endCode: 1000, tellsStatus: true } as const;
const fetchStream = { ...overHttp, path: "stream", module: "fetch-stream", member: "fetchStream" } as const;
const cases: readonly Case[] = [
  {
    name: "websocket",
    module: "websocket",
    member: "webSocket",
    path: "websocket",
    method: "GET",
    isFramed: true,
    isDuplex: true,
    endCode: 1000,
  },
  { ...fetchStream, name: "fetch-stream" },
  { ...fetchStream, name: "fetch-stream over XMLHttpRequest", withoutFetch: true },
  {
    name: "event-source",
    module: "event-source",
    member: "eventSource",
    path: "events",
    method: "GET",
    isFramed: true,
    // EventSource tells no end from another.
    endCode: 1006,
  },
  {
    name: "iframe-stream",
    module: "iframe-stream",
    member: "iframeStream",
    path: "html",
    method: "GET",
    isFramed: true,
    // Nor does a frame, and where a document has begun to come, Chromium stays with it and says nothing.
    endCode: 1006,
    silentEnds: ["204", "cut"],
  },
  { ...overHttp, name: "xhr-poll", module: "xhr-poll", member: "xhrPoll", path: "poll", isOneShot: true },
];

/** An end as it is expected. Its reason is for people. */
const endWith = (code: number, reason: unknown = expect.any(String)) => ({ code, reason });
const failure = endWith(1006);

/** What each kind escapes in its own way, and what none of them may cut. */
const texts = [
  "g3:v=1a0:s1:",
  "\r\n\r\n\\r\\\\n\\",
  "\n\n",
  " data: x\n\nid: 1\nevent: y\n",
  "</script><!--&amp;\u2028\u2029",
  "\u0000\ufeff☄\u{1f680}",
  "t5:☄☄☄☄☄".repeat(10_000),
];

declare const inPage: typeof InPage;
type Opened = JSHandle<InPage.Opened>;

const test = base.extend<
  {
    /** What the page was loaded from, and talks to. */
    otherSide: OtherSide;
    /** The same on another origin. */
    elsewhere: OtherSide;
    page: Page;
  },
  { script: string }
>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it
  script: [async ({}, use) => use(await buildScript()), { scope: "worker" }],
  otherSide: async ({ script }, use) => {
    const side = await OtherSide.start(script);
    await use(side);
    await side.close();
  },
  elsewhere: async ({ script }, use) => {
    const side = await OtherSide.start(script);
    await use(side);
    await side.close();
  },
  page: async ({ otherSide, openPage }, use) => use(await openPage(`${otherSide.url}/`)),
});

for (const kind of cases) {
  test.describe(`${kind.name} as a transport, in a browser,`, () => {
    let count = 0;
    /** Every request has a URL of its own, as in PROTOCOL.md. */
    const newUrl = (side: OtherSide, path = kind.path) => `${side.url}/encke/session/${path}?c=${++count}`;
    const open = (page: Page, side: OtherSide, body = "", habit?: InPage.Habit): Promise<Opened> =>
      page.evaluateHandle(([kind, url, body, habit]) => inPage.open(kind, url, body, habit), [
        whichOf(kind),
        newUrl(side),
        body,
        habit,
      ] as const);
    /** The request that was opened last. */
    const arrived = async (side: OtherSide): Promise<Exchange> => {
      const find = () => side.exchanges.find(({ url }) => url.searchParams.get("c") === `${count}`);
      await expect.poll(find).toBeDefined();
      return find()!;
    };
    /** All that came, once it is this, and a while later. */
    const expectEvents = async (page: Page, opened: Opened, expected: readonly unknown[]) => {
      const look = () => opened.evaluate((it, isFramed) => (isFramed ? it.events : it.joined), kind.isFramed);
      await expect.poll(look).toEqual(expected);
      await page.evaluate(() => inPage.settled());
      expect(await look()).toEqual(expected);
      expect(await opened.evaluate((it) => it.violations)).toEqual([]);
    };
    const expected = (said: readonly string[]) => (kind.isFramed ? said : [said.join("")]);
    /** Of it nothing is left in the page, nor at the other side. */
    const expectNothingLeft = async (page: Page, side: OtherSide) => {
      expect(await page.locator("iframe").count()).toBe(0);
      expect(await listenedTo(page)).toEqual([]);
      await expect.poll(() => side.exchanges.filter(({ isOpen }) => isOpen).length).toBe(0);
    };

    test("is supported, and only looks", async ({ page, otherSide }) => {
      const before = await page.evaluate(() => document.documentElement.outerHTML);
      const isSupported = (scope?: object) =>
        page.evaluate(
          async ([which, isBare]) => {
            const { kind, env } = await inPage.take(which);
            const bare = { fetch: undefined, WebSocket: undefined, EventSource: undefined };
            return kind.isSupported(isBare ? { ...env, ...bare, XMLHttpRequest: undefined, document: undefined } : env);
          },
          [whichOf(kind), !!scope] as const,
        );
      expect(await isSupported()).toBe(true);
      expect(await isSupported({})).toBe(false);
      await page.evaluate(() => inPage.settled());
      expect(otherSide.exchanges).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.outerHTML)).toBe(before);
    });

    for (const where of ["its own origin", "another origin"]) {
      test(`brings what ${where} says, in order, and then its end, once; the request is simple`, async ({
        page,
        otherSide,
        elsewhere,
      }) => {
        const side = where === "its own origin" ? otherSide : elsewhere;
        const opened = await open(page, side, "s1:t1:☄");
        const exchange = await arrived(side);
        await exchange.begin();
        for (const text of texts) await exchange.say(text);
        if (!kind.isOneShot) await expectEvents(page, opened, expected(texts));
        exchange.end();
        await expectEvents(page, opened, [...expected(texts), endWith(kind.endCode)]);
        await page.evaluate(() => inPage.settled());

        const { method, headers, heard } = exchange;
        expect(side.others).toEqual([]);
        expect(side.exchanges).toHaveLength(1);
        expect(method).toBe(kind.method);
        expect(heard).toEqual(method === "POST" ? ["s1:t1:☄"] : []);
        expect(headers["content-type"]).toBe(method === "POST" ? "text/plain;charset=UTF-8" : undefined);
        expect(Object.keys(headers).filter((name) => name.startsWith("x-"))).toEqual([]);
        expect(await page.locator("iframe").count()).toBe(0);
        expect(await listenedTo(page)).toEqual([]);
      });
    }

    test("is not confused by characters that come in pieces", async ({ page, otherSide }) => {
      const opened = await open(page, otherSide);
      const exchange = await arrived(otherSide);
      await exchange.begin();
      const said = ["\u{1f680}é☄\r\n\\\u2028</script>\u{1f680}", "\u{1f680}".repeat(20)];
      for (const text of said) await exchange.dribble(text);
      exchange.end();
      await expectEvents(page, opened, [...expected(said), endWith(kind.endCode)]);
    });

    const testMessages = kind.isOneShot ? () => {} : test;
    testMessages("brings at once what was said together, and each piece as it comes", async ({ page, otherSide }) => {
      const opened = await open(page, otherSide);
      const exchange = await arrived(otherSide);
      await exchange.begin();
      await exchange.say("a1:", "a2:");
      await expectEvents(page, opened, expected(["a1:", "a2:"]));
      await exchange.say("a3:");
      await expectEvents(page, opened, expected(["a1:", "a2:", "a3:"]));
      await opened.evaluate((it) => it.close());
      await expectNothingLeft(page, otherSide);
    });

    test("waits for an answer that is slow, and brings nothing while the other side is silent", async ({
      page,
      otherSide,
    }) => {
      const opened = await open(page, otherSide);
      const exchange = await arrived(otherSide);
      await expectEvents(page, opened, []);
      await exchange.begin();
      await expectEvents(page, opened, []);
      await exchange.say("late");
      exchange.end();
      await expectEvents(page, opened, ["late", endWith(kind.endCode)]);
    });

    test("brings nothing but its end where it is refused", async ({ page, otherSide }) => {
      for (const status of [204, 403, 404, 500]) {
        otherSide.onExchange = (exchange) => exchange.refuse(status);
        const opened = await open(page, otherSide);
        await arrived(otherSide);
        const isSilent = kind.silentEnds?.includes(`${status}` as "204");
        await expectEvents(
          page,
          opened,
          isSilent ? [] : [kind.tellsStatus ? endWith(1006, `HTTP ${status}`) : failure],
        );
        await opened.evaluate((it) => it.close());
        await expectNothingLeft(page, otherSide);
      }
      expect(otherSide.exchanges).toHaveLength(4);
    });

    test("brings nothing but its end where it is sent to another site's page", async ({
      page,
      otherSide,
      elsewhere,
    }) => {
      otherSide.onExchange = (exchange) => exchange.refuse(302, { Location: `${elsewhere.url}/sign-in` });
      const opened = await open(page, otherSide);
      await expectEvents(page, opened, [failure]);
      await expectNothingLeft(page, otherSide);
    });

    for (const how of ["reset", "fin"] as const) {
      test(`brings its end where its connection is cut, at whatever moment (${how})`, async ({ page, otherSide }) => {
        otherSide.onExchange = (exchange) => exchange.cut(how);
        await expectEvents(page, await open(page, otherSide), [failure]);
        await expectNothingLeft(page, otherSide);

        otherSide.onExchange = () => {};
        const end = kind.silentEnds?.includes("cut") ? [] : [failure];
        for (const said of [[], ["whole"]]) {
          const opened = await open(page, otherSide);
          const exchange = await arrived(otherSide);
          await exchange.begin();
          let came: readonly string[] = [];
          if (said.length > 0) {
            await exchange.say(...said);
            const begun = await exchange.begun("t20:not wholly");
            if (!kind.isOneShot) came = kind.isFramed ? said : [`whole${begun}`];
          }
          await expectEvents(page, opened, came);
          exchange.cut(how);
          await expectEvents(page, opened, [...came, ...end]);
          await opened.evaluate((it) => it.close());
          await expectNothingLeft(page, otherSide);
        }
      });
    }

    test("may be closed at any moment, and again, and is gone then", async ({ page, otherSide }) => {
      /** Whoever closes may hear of an end, which is his own, and of no more. */
      const expectClosed = async (opened: Opened, came: readonly string[]) => {
        await page.evaluate(() => inPage.settled());
        const events = await opened.evaluate((it) => it.joined);
        expect(events.filter((event) => typeof event === "string")).toEqual(came);
        expect(await opened.evaluate((it) => it.violations)).toEqual([]);
        await expectNothingLeft(page, otherSide);
      };
      const close = (opened: Opened) => opened.evaluate((it) => it.close());

      await test.step("as soon as it is opened", async () => {
        await expectClosed(await open(page, otherSide, "", "close at once"), []);
      });
      await test.step("before the head of the answer", async () => {
        const opened = await open(page, otherSide);
        await arrived(otherSide);
        await close(opened);
        await expectClosed(opened, []);
      });
      await test.step("behind the head", async () => {
        const opened = await open(page, otherSide);
        const exchange = await arrived(otherSide);
        await exchange.begin();
        await page.evaluate(() => inPage.settled());
        await Promise.all([close(opened), exchange.say("too late")]);
        await page.evaluate(() => inPage.settled());
        expect(await opened.evaluate((it) => it.violations)).toEqual([]);
        await expectNothingLeft(page, otherSide);
      });
      await test.step("as a message comes", async () => {
        const opened = await open(page, otherSide, "", "close at a message");
        const exchange = await arrived(otherSide);
        await exchange.begin();
        await exchange.say("first");
        if (kind.isOneShot) exchange.end();
        else await expect.poll(() => exchange.isOpen).toBe(false);
        await expect.poll(() => opened.evaluate((it) => it.events.length)).toBeGreaterThan(0);
        await expectClosed(opened, ["first"]);
      });
      await test.step("as the end comes, and behind it", async () => {
        const opened = await open(page, otherSide, "", "close at the end");
        const exchange = await arrived(otherSide);
        await exchange.begin();
        await exchange.say("last");
        exchange.end();
        await expectEvents(page, opened, ["last", endWith(kind.endCode)]);
        await close(opened);
        await expectClosed(opened, ["last"]);
      });
    });

    test("takes nothing that others post to the page", async ({ page, otherSide, elsewhere }) => {
      const opened = await open(page, otherSide);
      const exchange = await arrived(otherSide);
      await exchange.begin();
      await page.evaluate((urls) => inPage.forge(urls), [`${otherSide.url}/sign-in`, `${elsewhere.url}/sign-in`]);
      await expectEvents(page, opened, []);
      await exchange.say("genuine");
      exchange.end();
      await expectEvents(page, opened, ["genuine", endWith(kind.endCode)]);
    });

    test("sends: itself, or by a simple request beside it", async ({ page, otherSide, elsewhere }) => {
      if (kind.isDuplex) {
        const opened = await open(page, otherSide);
        const exchange = await arrived(otherSide);
        await exchange.begin();
        await exchange.say(Uint8Array.of(0, 128, 255), "", "☄");
        await expectEvents(page, opened, [[0, 128, 255], "", "☄"]);
        await opened.evaluate(({ transport }) => {
          transport.send!("a1:☄");
          transport.send!(Uint8Array.of(0, 128, 255));
          transport.send!("");
        });
        await expect.poll(() => exchange.heard).toEqual(["a1:☄", [0, 128, 255], ""]);
        return;
      }
      for (const side of [otherSide, elsewhere]) {
        const opened = await page.evaluateHandle(([kind, url]) => inPage.post(kind, url, "s1:t1:☄"), [
          whichOf(kind),
          newUrl(side, "send"),
        ] as const);
        const exchange = await arrived(side);
        expect(exchange.heard).toEqual(["s1:t1:☄"]);
        expect(exchange.headers["content-type"]).toBe("text/plain;charset=UTF-8");
        await exchange.begin();
        await exchange.say("a1:");
        exchange.end();
        await expectEvents(page, opened, ["a1:", endWith(1000)]);
        expect(side.others).toEqual([]);
      }
    });
  });
}

function whichOf({ module, member, withoutFetch = false }: Case): InPage.Which {
  return { module, member, withoutFetch };
}
