/**
 * Pages behind programs that really stand between browsers and servers. What they hold back, and when they lose their patience, is what is tried here:
 * so these tests wait and look at the clock, as no others may.
 */
import { setTimeout } from "node:timers/promises";
import type { Attempt } from "encke";
import { connectIn, seen } from "../testing/browser.ts";
import { boxes } from "./boxes.ts";
import { expect, installed, onEach, test, type WatchedHandle } from "./testing.ts";

for (const box of boxes) {
  test(`${box.name} starts, and passes an answer`, async ({ site }) => {
    test.skip(!installed.includes(box), `needs ${box.program} (Debian: ${box.debian})`);
    await site.start(box);
  });
}

/** Of each installed box the same. */
const each = <T>(value: T) => Object.fromEntries(installed.map(({ name }) => [name, value]));

test("the answer to the first request brings the first message", async ({ openBehind }) => {
  const places = await Promise.all(installed.map(async (box) => ({ box, page: await openBehind(box) })));
  const polls = await onEach(places, ({ box, page }) =>
    page.evaluate((destination) => {
      const client = Encke.connect("/encke");
      return new Promise<number[]>((resolve) => {
        client.subscribe(destination, () => {
          const { attempts } = client.report() as { attempts: Attempt[] };
          resolve(attempts.filter(({ transport }) => transport === "xhr-poll").map(({ requests }) => requests));
        });
        client.publish(destination, "");
      });
    }, `/topic/first of ${box.name}`),
  );
  expect(polls).toEqual(each([1]));
});

test("binary messages pass both ways", async ({ visits }) => {
  const passed = await onEach(visits, ({ box, client }) =>
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
  expect(passed).toEqual(each(true));
});

test("a message takes no longer than 250 ms, in either direction", async ({ visits, peer, openBehind }) => {
  test.setTimeout(120_000);
  const count = 20;
  const exchange = async (client: WatchedHandle, name: string, at: number) => {
    const [down, up] = [`/topic/down to ${name}`, `/topic/up from ${name}`];
    const [toPage, toPeer] = [await readStamps(client, down), await readStamps(peer, up)];
    // Not all at the same moment: it is one small machine for all of them.
    await setTimeout((1_000 * at) / (visits.length + 1));
    await Promise.all([stamp(peer, down, count), stamp(client, up, count)]);
    return { down: spread(await toPage(count)), up: spread(await toPeer(count)) };
  };
  // With nothing in between: what it takes there at the worst is the machine's doing, at the same time.
  const control = await connectIn(await openBehind(), "/encke");
  const [direct, ages] = await Promise.all([
    exchange(control, "nothing", visits.length),
    onEach(visits, ({ box, client }, at) => exchange(client, box.name, at)),
  ]);

  console.log(`direct: ${JSON.stringify(direct)} ms`);
  for (const { box, best } of visits) console.log(`${box.name}, ${best}: ${JSON.stringify(ages[box.name])} ms`);
  const bound = 250 + Math.max(direct.down.worst, direct.up.worst);
  const isLate = ({ median, most }: ReturnType<typeof spread>) => median > 250 || most > bound;
  const late = Object.entries(ages).filter(([, age]) => typeof age === "string" || isLate(age.down) || isLate(age.up));
  expect(late).toEqual([]);
});

test("75 s without a message change nothing", async ({ visits, peer }) => {
  test.setTimeout(180_000);
  const places = visits.map((visit) => ({
    ...visit,
    down: `/topic/down to ${visit.box.name}`,
    up: `/topic/up from ${visit.box.name}`,
  }));
  for (const { client, down, up } of places) {
    await client.evaluate((it, down) => it.listen(down), down);
    await peer.evaluate((it, up) => it.listen(up), up);
  }
  const before = await onEach(visits, async ({ client }) => (await seen(client)).transports);
  // Longer than the minute after which most of these programs give up what is idle.
  await setTimeout(75_000);
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
    await onEach(visits, ({ box }) => ({
      toPage: ["down"],
      toPeer: ["up"],
      states: ["connecting", "connected"],
      transports: before[box.name],
      gaps: [],
      errors: [],
    })),
  );
});

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
