import { beforeEach, describe, expect, it } from "vitest";
import type { Application, Channel } from "../channel.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Carrier, type Outlet } from "./carrier.ts";
import { Hub, type Refusal } from "./hub.ts";
import { Session } from "./session.ts";

let clock: ManualClock;
/** What the application has of each session that was opened, in order. */
let accepted: { channel: Channel; isClosed: boolean }[];

beforeEach(() => {
  clock = new ManualClock();
  accepted = [];
});

const application: Application = {
  accept(channel) {
    const one = { channel, isClosed: false };
    accepted.push(one);
    return {
      onMessage() {},
      onClose() {
        one.isClosed = true;
      },
    };
  },
};

function create(limits: Partial<Limits> = {}): Hub {
  return new Hub(application, { ...defaultLimits, ...limits }, clock, queueMicrotask);
}

/** An id of its own for each number. */
const id = (number: number) => `session-number-${String(number).padStart(8, "0")}`;

function open(hub: Hub, number: number): Session {
  const session = hub.find(id(number), true, undefined, []);
  expect(session).toBeInstanceOf(Session);
  return session as Session;
}

/** A carrier that takes what there is, and goes when it is told the end, if it is told. */
function attach(session: Session, { isDeaf = false } = {}): string[] {
  const told: string[] = [];
  const outlet: Outlet = {
    takesBinary: false,
    isDuplex: false,
    isSpokenFor: false,
    wake() {
      if (isDeaf) return;
      const messages = carrier.take(1_000_000) as string;
      if (messages) told.push(messages);
      const end = session.closeRecord(carrier);
      if (!end) return;
      told.push(end.record);
      session.detach(carrier);
    },
    send() {},
    acknowledge() {},
    end() {},
    close: (record) => told.push(record),
  };
  const carrier = new Carrier(session, outlet, 1);
  session.attach(carrier, { number: 1, received: 0, takesOver: true });
  return told;
}

const settled = () => new Promise(setImmediate);

describe("a session", () => {
  it("is opened by who may open it, and found by who knows its id", () => {
    const hub = create();
    const session = open(hub, 1);
    expect([hub.find(id(1), false, undefined, []), hub.find(id(1), true, undefined, []), hub.get(id(1))]).toEqual([
      session,
      session,
      session,
    ]);
    expect(hub.size).toBe(1);
    expect(accepted).toHaveLength(1);
  });

  it("is not opened by an attach that may not, and leaves no trace", () => {
    const hub = create();
    expect(hub.find(id(1), false, undefined, [])).toEqual({ code: 4002, reason: expect.any(String) });
    expect([hub.size, accepted.length]).toEqual([0, 0]);
    expect(open(hub, 1).isOver).toBe(false);
  });

  it("belongs to the origin that opened it, and has the first subprotocol offered that is STOMP", () => {
    const hub = create();
    const session = hub.find(id(1), true, "https://a.test", ["chat", "v12.stomp", "v11.stomp"]);
    expect(session).toMatchObject({ origin: "https://a.test", protocol: "v12.stomp" });
    expect(hub.find(id(2), true, undefined, ["chat"])).toMatchObject({ protocol: undefined });
  });

  it("is forgotten when no carrier came within the window", () => {
    const hub = create({ window: 60_000 });
    open(hub, 1);
    clock.advance(59_999);
    expect(hub.size).toBe(1);
    clock.advance(1);
    expect(hub.size).toBe(0);
    expect(accepted[0]?.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe("a session that has ended", () => {
  it("is gone for 5 minutes, even to who may open it: a late request does not open it again", () => {
    const hub = create();
    open(hub, 1).end(1000, "");
    const gone = expect.objectContaining({ code: 4002 });
    expect(hub.find(id(1), true, undefined, [])).toEqual(gone);
    clock.advance(5 * 60_000 - 1);
    expect(hub.find(id(1), true, undefined, [])).toEqual(gone);
    clock.advance(1);
    expect(hub.find(id(1), true, undefined, [])).toBeInstanceOf(Session);
  });

  it("does not count among those that there may be", () => {
    const hub = create({ maxSessions: 1 });
    open(hub, 1).end(1000, "");
    open(hub, 2);
  });

  it("is forgotten sooner where so many end that their names would fill the memory", () => {
    const hub = create({ maxSessions: 2 });
    for (let number = 1; number <= 100; number++) open(hub, number).end(1000, "");
    expect(hub.find(id(100), true, undefined, [])).toMatchObject({ code: 4002 });
    expect(hub.find(id(1), true, undefined, [])).toBeInstanceOf(Session);
  });
});

describe("the bound on sessions", () => {
  it("refuses one more, and says when to come back; those that are there go on", () => {
    const hub = create({ maxSessions: 2 });
    open(hub, 1);
    open(hub, 2);
    const { code, retry } = hub.find(id(3), true, undefined, []) as Refusal;
    expect(code).toBe(4007);
    expect(retry).toBeGreaterThan(0);
    expect(hub.find(id(2), true, undefined, [])).toBeInstanceOf(Session);
    expect(accepted).toHaveLength(2);
  });

  it("lets the next one in when one has ended", () => {
    const hub = create({ maxSessions: 1 });
    open(hub, 1).end(1000, "");
    open(hub, 2);
  });
});

describe("draining", () => {
  it("opens no more, and says when to come back", async () => {
    const hub = create();
    await hub.drain(3_000);
    const { code, retry } = hub.find(id(1), true, undefined, []) as Refusal;
    expect(code).toBe(4006);
    expect(retry).toBeGreaterThan(0);
    expect(accepted).toEqual([]);
  });

  it("tells each session the end behind what it still has to get", async () => {
    const hub = create();
    const session = open(hub, 1);
    const told = attach(session);
    accepted[0]!.channel.send("last words");
    const drained = hub.drain(3_000);
    await settled();
    clock.advance(20);
    await drained;
    expect(told.join("")).toMatch(/^s1:t10:last wordsx\d+:code=4006&.*retry=\d+$/);
    expect(hub.size).toBe(0);
  });

  it("waits for a session that still has something to get and is between two polls", async () => {
    const hub = create();
    const session = open(hub, 1);
    accepted[0]!.channel.send("last words");
    let isDrained = false;
    const drained = hub.drain(3_000).then(() => {
      isDrained = true;
    });
    for (let i = 0; i < 10; i++) {
      clock.advance(20);
      await settled();
    }
    expect(isDrained).toBe(false);
    expect(hub.find(id(1), false, undefined, [])).toBe(session);
    const told = attach(session);
    await settled();
    clock.advance(20);
    await drained;
    expect(told.join("")).toMatch(/last wordsx\d+:code=4006/);
  });

  it("does not wait for a session that has nothing to get and nobody to get it", async () => {
    const hub = create();
    open(hub, 1);
    await hub.drain(3_000);
    expect(hub.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("ends in time with one that does not take what it has coming, and tells it then", async () => {
    const hub = create();
    const told = attach(open(hub, 1), { isDeaf: true });
    let isDrained = false;
    const drained = hub.drain(3_000).then(() => {
      isDrained = true;
    });
    for (let ms = 0; ms < 3_000; ms += 20) {
      expect(isDrained).toBe(false);
      clock.advance(20);
      await settled();
    }
    await drained;
    expect(told).toEqual([expect.stringContaining("code=4006")]);
    expect(hub.size).toBe(0);
    expect(accepted[0]?.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
