import { beforeEach, describe, expect, it } from "vitest";
import { type Seat, seatAt } from "./seat.ts";

/** One browser's locks (Web Locks), for all its tabs. */
class Locks {
  readonly held = new Map<string, { evict: (reason: unknown) => void }>();

  request(
    name: string,
    { ifAvailable, steal }: LockOptions,
    use: (lock: { name: string } | null) => Promise<void> | undefined,
  ): Promise<unknown> {
    if (ifAvailable && this.held.has(name)) return Promise.resolve().then(() => use(null));
    if (steal) this.held.get(name)?.evict(new DOMException("stolen", "AbortError"));
    return new Promise((resolve, reject) => {
      const holder = { evict: reject };
      this.held.set(name, holder);
      void Promise.resolve()
        .then(() => use({ name }))
        .then(() => {
          if (this.held.get(name) === holder) this.held.delete(name);
          resolve(undefined);
        });
    });
  }
}

let locks: Locks;
beforeEach(() => {
  locks = new Locks();
});
const settled = () => new Promise((resolve) => setTimeout(resolve));

async function tab({ isHidden = false, hasLocks = true, isAsked = true } = {}) {
  const document = Object.assign(new EventTarget(), { hidden: isHidden });
  const told: string[] = [];
  const scope = { document, navigator: hasLocks ? { locks } : {} } as unknown as Partial<Window>;
  const seat: Seat = seatAt("a.test", () => told.push("denied"), scope);
  if (isAsked) seat.take();
  await settled();
  return { seat, document, told };
}

describe("a tab's leave to hold a request open", () => {
  it("is taken for given until it is known better, and asks nobody before it is needed", async () => {
    const { seat } = await tab({ isAsked: false });
    expect(seat.isTaken).toBe(true);
    expect(locks.held.size).toBe(0);
  });

  it("is given to three tabs, and then to none that cannot be seen", async () => {
    const first = [await tab(), await tab(), await tab()];
    const { seat, told } = await tab({ isHidden: true });
    expect(seat.isTaken).toBe(false);
    expect(told).toEqual(["denied"]);
    expect(first.map((tab) => [tab.seat.isTaken, tab.told])).toEqual([1, 2, 3].map(() => [true, []]));
    expect(locks.held.size).toBe(3);
  });

  it("goes over to a tab that the user has come to, once", async () => {
    const first = [await tab(), await tab(), await tab()];
    const fourth = await tab();
    expect(fourth.seat.isTaken).toBe(true);
    expect(first.map((tab) => tab.seat.isTaken)).toEqual([true, true, false]);
    expect(first[2]!.told).toEqual(["denied"]);
    // It does not fight for it, though it can be seen as well.
    const fifth = await tab();
    fourth.seat.take();
    await settled();
    expect([fourth.seat.isTaken, fifth.seat.isTaken]).toEqual([false, true]);
    fourth.seat.insist();
    fourth.seat.take();
    await settled();
    expect([fourth.seat.isTaken, fifth.seat.isTaken]).toEqual([true, false]);
  });

  it("that is left is free for the next that asks", async () => {
    const first = [await tab(), await tab(), await tab()];
    const { seat } = await tab({ isHidden: true });
    first[1]!.seat.leave();
    await settled();
    seat.take();
    await settled();
    expect(seat.isTaken).toBe(true);
    expect(locks.held.size).toBe(3);
  });

  it("is asked for once at a time, and not again while it is there", async () => {
    const { seat } = await tab();
    seat.take();
    seat.take();
    await settled();
    expect(locks.held.size).toBe(1);
  });

  it("that was left before it was given is free for others", async () => {
    const { seat } = await tab({ isAsked: false });
    seat.take();
    seat.leave();
    await settled();
    expect(locks.held.size).toBe(0);
  });

  it("is there for good if it was left and asked for again before it was given", async () => {
    const { seat } = await tab({ isAsked: false });
    seat.take();
    seat.leave();
    seat.take();
    await settled();
    expect(locks.held.size).toBe(1);
    seat.leave();
    await settled();
    expect(locks.held.size).toBe(0);
  });

  it("is with the tabs that can be seen where there are no locks", async () => {
    const { seat, document, told } = await tab({ hasLocks: false });
    expect(seat.isTaken).toBe(true);
    document.hidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
    expect(seat.isTaken).toBe(false);
    expect(told).toEqual(["denied"]);
    document.hidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
    expect(seat.isTaken).toBe(true);
    seat.leave();
    document.hidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
    expect(told).toEqual(["denied"]);
  });

  it("is with the tabs that can be seen where locks are not for this page, as in a sandbox", async () => {
    locks.request = () => Promise.reject(new DOMException("not here", "SecurityError"));
    const { seat, document, told } = await tab();
    expect([seat.isTaken, told]).toEqual([true, []]);
    document.hidden = true;
    expect(seat.isTaken).toBe(false);
  });
});
