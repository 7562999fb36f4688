/**
 * Pages behind programs that really stand between browsers and servers, and behind what others of their kind do. What they hold back, and when they lose
 * their patience, is what is tried here: so these tests wait and look at the clock, as no others may. All pages wait at the same time, and stay from one test
 * to the next.
 */
import { setTimeout } from "node:timers/promises";
import { seen } from "../testing/browser.ts";
import { isProgram } from "./box.ts";
import { programs } from "./boxes.ts";
import { expect, installed, onEach, test, type Visit, type WatchedHandle } from "./testing.ts";

for (const program of programs) {
  test(`${program.name} starts, and passes an answer`, async ({ site }) => {
    test.skip(!installed.includes(program), `needs ${program.program} (Debian: ${program.debian})`);
    await site.start(program);
  });
}

test("the first answer to a request brings the first message", async ({ visits: { all } }) => {
  const before = await onEach(all, async ({ box, first }) => {
    const polls = await first.evaluate((it) => it.polls());
    // With no way to go, a WebSocket may be there before the answer is.
    return polls.length === 0 && box.passes.includes("websocket") ? [1] : polls;
  });
  expect(before).toEqual(await onEach(all, () => [1]));
});

const transportOf = ({ client }: Visit) => client.evaluate(({ client }) => client.transport);
const bestOf = ({ best }: Visit) => best;

test("after 30 s a page is carried by the best that passes", async ({ visits: { all } }) => {
  const calm = all.filter(({ box }) => !box.restless);
  expect(await onEach(calm, transportOf)).toEqual(await onEach(calm, bestOf));
});

test("75 s without a message change nothing", async ({ visits: { all }, peer }) => {
  test.setTimeout(180_000);
  const places = all.map((visit) => ({
    ...visit,
    down: `/topic/down to ${visit.box.name}`,
    up: `/topic/up from ${visit.box.name}`,
  }));
  await onEach(places, async ({ client, down, up }) => {
    await client.evaluate((it, down) => it.listen(down), down);
    await peer.evaluate((it, up) => it.listen(up), up);
  });
  const before = await onEach(places, async ({ client }) => (await seen(client)).transports);
  // Longer than the minute after which most of these programs give up what is idle.
  await setTimeout(75_000);
  const carriers = await onEach(places, async (visit) => {
    if (visit.box.restless !== Infinity) return transportOf(visit);
    await visit.client.evaluate((it, best) => it.carriedBy(best), visit.best);
    return visit.best;
  });
  expect(carriers).toEqual(await onEach(places, bestOf));

  const after = await onEach(places, async ({ client, down, up }) => {
    await peer.evaluate(({ client }, down) => client.publish(down, "down"), down);
    await client.evaluate(({ client }, up) => client.publish(up, "up"), up);
    const inboxes = [
      await client.evaluateHandle((it, down) => it.inbox(down), down),
      await peer.evaluateHandle((it, up) => it.inbox(up), up),
    ];
    for (const inbox of inboxes) await inbox.evaluate((inbox) => inbox.count(1));
    // What would come twice has come by then.
    for (const either of [client, peer]) await either.evaluate((it) => it.settle());
    const [toPage, toPeer] = await Promise.all(inboxes.map((inbox) => inbox.evaluate(({ texts }) => texts)));
    const { states, transports, gaps, errors } = await seen(client);
    return { toPage, toPeer, states, transports, gaps, errors };
  });
  expect(after).toEqual(
    await onEach(places, ({ box }) => ({
      toPage: ["down"],
      toPeer: ["up"],
      states: ["connecting", "connected"],
      transports: box.restless ? expect.anything() : before[box.name],
      gaps: [],
      errors: [],
    })),
  );
});

test("binary messages pass both ways", async ({ visits: { all } }) => {
  const passed = await onEach(all, ({ box, client }) =>
    client.evaluate(async (it, destination) => {
      const sent = [probe.octets(256), probe.octets(100_000, 2)];
      it.client.subscribe(destination, it.inbox(destination).take);
      for (const octets of sent) it.client.publish(destination, octets);
      await it.inbox(destination).count(sent.length);
      await it.settle();
      const came = it.inbox(destination).messages.map((message) => `${message.bytes()}`);
      return came.length === sent.length && sent.every((octets, at) => `${octets}` === came[at]);
    }, `/topic/octets of ${box.name}`),
  );
  expect(passed).toEqual(await onEach(all, () => true));
});

// One after the other: it is a small machine for all of them, and its haste is not what is tried here.
for (const [what, isOf] of [
  ["a real proxy", ({ box }: Visit) => isProgram(box)],
  ["a known fault", ({ box }: Visit) => !isProgram(box)],
] as const) {
  test(`behind ${what} a message takes no longer than 250 ms, in either direction`, async ({ visits, peer }) => {
    test.setTimeout(180_000);
    // What is asked is how it is once a page has settled.
    const group = visits.all.filter((visit) => isOf(visit) && visit.box.restless !== Infinity);
    const restless = Math.max(...group.map(({ box: { restless = 0 } }) => restless));
    await setTimeout(Math.max(0, visits.since + restless - Date.now()));

    const count = 20;
    const ages = await onEach(group, async ({ box, client }, at) => {
      const [down, up] = [`/topic/age down to ${box.name}`, `/topic/age up from ${box.name}`];
      const [toPage, toPeer] = [await readStamps(client, down), await readStamps(peer, up)];
      // Not all at the same moment.
      await setTimeout((1_000 * at) / group.length);
      await Promise.all([stamp(peer, down, count), stamp(client, up, count)]);
      return { down: spread(await toPage(count)), up: spread(await toPeer(count)) };
    });

    for (const { box, best } of group) console.log(`${box.name}, ${best}: ${JSON.stringify(ages[box.name])} ms`);
    const late = Object.entries(ages).filter(([, age]) => typeof age === "string" || [age.down, age.up].some(isLate));
    expect(late).toEqual([]);
  });
}

/** Publishes the time once a second. */
function stamp(client: WatchedHandle, destination: string, count: number): Promise<void> {
  return client.evaluate(
    async ({ client }, { destination, count }) => {
      for (let sent = 0; sent < count; sent++) {
        client.publish(destination, `${Date.now()}`);
        await new Promise((resolve) => window.setTimeout(resolve, 1_000));
      }
    },
    { destination, count },
  );
}

/** Listens to a destination; what it gives then resolves to how old so many messages were when they came, in milliseconds. */
async function readStamps(client: WatchedHandle, destination: string): Promise<(count: number) => Promise<number[]>> {
  const ages = await client.evaluateHandle(async (it, destination) => {
    const ages: number[] = [];
    it.client.subscribe(destination, (message) => ages.push(Date.now() - Number(message.text())));
    await it.settle();
    return ages;
  }, destination);
  return async (count) => {
    await expect.poll(() => ages.evaluate(({ length }) => length)).toBe(count);
    return ages.jsonValue();
  };
}

/** The median, what all but one in twenty keep to, and the worst. */
function spread(ages: readonly number[]) {
  const sorted = ages.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: at(0.5), most: at(0.95), worst: at(1) };
}

const isLate = ({ most }: ReturnType<typeof spread>) => most > 250;
