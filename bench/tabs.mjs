/**
 * Twelve tabs of one browser on a network that refuses WebSockets, at round trips of 20 ms. Over HTTP/1.1 a browser opens six connections to a host, for all its
 * tabs together: what holds one open per tab leaves none for the seventh. encke, sockjs-client below stompjs, and Socket.IO, each with its defaults, and each
 * in a profile of its own. The tabs are opened one after the other, and all stay open. Of each tab, in milliseconds:
 *
 * - first: from `connect` to its first message (as in faults.mjs);
 * - later: what messages take from the publisher's hand to the page, one each 250 ms, once all the tabs are there: the median;
 * - fetch: a request of the page's own behind that: the median of three.
 *
 * "Never" is: not within 10 s. A page that has not even loaded by then has no more figures.
 *
 *     node bench/tabs.mjs
 */
import { setTimeout } from "node:timers/promises";
import { median, printTable } from "./lib/numbers.mjs";
import { Stage } from "./lib/stage.mjs";

const TABS = 12;
const ONE_WAY = 10;
const NEVER_MS = 10_000;
const MESSAGES = 20;
const INTERVAL_MS = 250;

const stage = await Stage.open({ limit: 900_000 });
await stage.tell("box", { delay: ONE_WAY, webSocket: "refuse" });
const publisher = await stage.publisher();
const publish = (text) => publisher.prepare("/topic/all", [text])();
const emit = (text) => stage.tell("toAll", text);
const contenders = [
  { name: "encke", who: "encke", url: `${stage.boxUrl}/encke.html`, toAll: publish },
  { name: "sockjs-client", who: "sockjs", url: `${stage.peersBoxUrl}/sockjs.html`, toAll: publish },
  { name: "Socket.IO", who: "socketIo", url: `${stage.peersBoxUrl}/socket.io.html`, toAll: emit },
];
for (const contender of contenders) contender.tabs = await measure(contender);
publisher.close();
await stage.close();

const figures = ["first", "later", "fetch"];
const show = (number) =>
  number === undefined ? "" : number === Infinity ? "never" : Math.round(number).toLocaleString("en");
printTable([
  ["tab, ms", ...contenders.flatMap(({ name }) => figures.map((figure) => `${name}: ${figure}`))],
  ...Array.from({ length: TABS }, (_, tab) => [
    tab + 1,
    ...contenders.flatMap(({ tabs }) => figures.map((figure) => show(tabs[tab][figure]))),
  ]),
]);

async function measure({ who, url, toAll }) {
  const context = await stage.profile();
  const tabs = [];
  for (let tab = 0; tab < TABS; tab++) {
    const page = await context.newPage();
    tabs.push({ page, first: Infinity });
    const isLoaded = await page.goto(url, { timeout: NEVER_MS }).catch(() => false);
    if (!isLoaded) continue;
    tabs[tab].isLoaded = true;
    tabs[tab].first = (await page.evaluate(start, { who, own: `/topic/of ${tab}`, limit: NEVER_MS })) ?? Infinity;
  }
  // What came late is there as well by now.
  for (let sent = 0; sent < MESSAGES; sent++) {
    toAll(`${Date.now()}`);
    await setTimeout(INTERVAL_MS);
  }
  await setTimeout(2_000);
  for (const tab of tabs.filter(({ isLoaded }) => isLoaded)) {
    const ages = await tab.page.evaluate(() => globalThis.ages);
    tab.later = median(filled(ages, MESSAGES));
    tab.fetch = median(filled(await tab.page.evaluate(ownFetches, NEVER_MS), 3));
  }
  await context.close();
  return tabs;
}

/** With those that did not come. */
function filled(times, count) {
  return [...times, ...Array(count - times.length).fill(Infinity)];
}

// In the page

/** Milliseconds until the first message; null if it does not come in time. From then on it collects how old the others are. */
function start({ who, own, limit }) {
  globalThis.ages = [];
  return new Promise((resolve) => {
    setTimeout(resolve, limit, null);
    const start = performance.now();
    starts[who]((text) => {
      if (text === "hello") resolve(performance.now() - start);
      else globalThis.ages.push(Date.now() - Number(text));
    }, own);
  });
}

/** Milliseconds that each of three took, as far as they were answered in time. */
async function ownFetches(limit) {
  const times = [];
  while (times.length < 3) {
    const start = performance.now();
    try {
      await (await fetch(`/healthz?${Math.random()}`, { signal: AbortSignal.timeout(limit) })).text();
    } catch {
      break;
    }
    times.push(performance.now() - start);
  }
  return times;
}
