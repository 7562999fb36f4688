import { describe, expect, it } from "vitest";
import type { Exchange } from "../transports/testing/network.ts";
import { xhrPoll } from "../transports/xhr-poll.ts";
import { endIn, greeting, usePage } from "./testing/page.ts";

const page = usePage();
const only = { transports: [xhrPoll] };

/** The carriers' numbers, which make each request's URL its own. */
const numbers = (exchanges: Exchange[]) => exchanges.map(({ query }) => Number(query.c));

describe("polls", () => {
  it("follow each other, each with a number of its own and what was received", async () => {
    const { log } = await page.connectPolling(only);
    await page.answer(`${greeting()}a0:s1:t1:at1:b`);
    await page.answer(`${greeting()}a0:s3:t1:c`);
    await page.answer(`${greeting()}a0:`);
    expect(log).toEqual(["a", "b", "c"]);
    expect(numbers(page.network.exchanges)).toEqual([1, 2, 3, 4, 5]);
    expect(page.network.exchanges.map(({ query }) => query.r)).toEqual(["0", "0", "2", "3", "3"]);
    expect(page.network.exchanges.every(({ query }) => query.t === "1" && query.v === "1")).toBe(true);
    expect(page.held).toHaveLength(1);
  });

  it("say what was received, so that nothing is sent for that alone", async () => {
    await page.connectPolling(only);
    await page.answer(`${greeting()}a0:s1:t1:a`);
    await page.pass(20_000);
    expect(page.exchange.query.r).toBe("1");
    expect(page.network.of("send")).toEqual([]);
  });

  it("offer to open the session until the server has greeted, and never after", async () => {
    page.connect(only);
    await page.settled();
    await page.answer("", 502);
    await page.pass(1_000);
    expect(page.network.exchanges.map(({ query }) => query.o)).toEqual(["1", "1"]);
    await page.answer(`${greeting()}a0:`);
    page.exchange.cut();
    await page.pass(1_000);
    expect(page.network.exchanges.slice(2).map(({ query }) => query.o)).toEqual([undefined, undefined]);
  });

  it("take one message each time it comes twice, and count the other", async () => {
    const { socket, log } = await page.connectPolling(only);
    await page.answer(`${greeting()}a0:s1:t1:at1:b`);
    await page.answer(`${greeting()}a0:s1:t1:at1:bt1:c`);
    expect(log).toEqual(["a", "b", "c"]);
    expect(socket.report()).toMatchObject({ received: 3, duplicates: 2 });
  });

  it("that leave a message out are not believed: the next asks again from where it was", async () => {
    const { socket, log } = await page.connectPolling(only);
    await page.answer(`${greeting()}a0:s1:t1:as3:t1:c`);
    await page.pass(100);
    expect(log.filter((entry) => entry !== "transport null")).toEqual(["a"]);
    expect(page.exchange.query).toMatchObject({ r: "1", t: "1" });
    await page.answer(`${greeting()}a0:s2:t1:bt1:c`);
    expect(log.filter((entry) => `${entry}`.length === 1)).toEqual(["a", "b", "c"]);
    expect(socket.readyState).toBe(1);
  });

  it("may be answered with an end of the carrier, which is no end of the session", async () => {
    const { socket } = await page.connectPolling(only);
    await page.answer(`${greeting()}a0:e4008:`);
    await page.pass(1_000);
    expect(page.held).toHaveLength(1);
    expect(socket.readyState).toBe(1);
  });
});

describe("what is sent while a poll is held", () => {
  it("goes at once, beside it", async () => {
    const { socket } = await page.connectPolling(only);
    const poll = page.exchange;
    socket.send("a");
    socket.send("b");
    await page.settled();
    expect(page.exchange.kind).toBe("send");
    expect(page.exchange.body).toBe("s1:t1:at1:b");
    expect(page.exchange.query).toEqual({ v: "1", c: "3" });
    expect(poll.isHeld).toBe(true);
  });

  it("goes one POST at a time, all that has queued meanwhile with the next", async () => {
    const { socket } = await page.connectPolling(only);
    for (const message of ["a", "b", "c"]) {
      socket.send(message);
      await page.settled();
    }
    expect(page.network.of("send").map(({ body }) => body)).toEqual(["s1:t1:a"]);
    await page.answer("a1:");
    expect(page.network.of("send").map(({ body }) => body)).toEqual(["s1:t1:a", "s2:t1:bt1:c"]);
    await page.answer("a3:");
    expect(socket.bufferedAmount).toBe(0);
  });

  it("goes again if the POST fails, from what was acknowledged, with an attach: the way may be gone", async () => {
    const { socket } = await page.connectPolling(only);
    await page.pass(2_000);
    socket.send("a");
    await page.settled();
    const [send] = page.network.of("send");
    const poll = page.held[0]!;
    send!.cut();
    await page.settled();
    expect(poll.isOverInPage).toBe(true);
    expect(page.exchange).toMatchObject({ kind: "poll", body: "s1:t1:a", isHeld: true });
    expect(new Set(numbers(page.network.exchanges)).size).toBe(page.network.exchanges.length);
    await page.answer(`${greeting()}a1:`);
    expect(socket.bufferedAmount).toBe(0);
  });

  it.each([
    ["an error page", "<html>Bad gateway</html>", 502],
    ["a page that says 200", "<html>Sign in</html>", 200],
    ["nothing", "", 200],
    ["no content", "", 204],
  ])("goes again if the answer is %s, which acknowledges nothing", async (_, body, status) => {
    const { socket } = await page.connectPolling(only);
    socket.send("a");
    await page.settled();
    page.network.of("send")[0]!.answer(body, status, "text/html");
    await page.pass(1_000);
    expect(socket).toMatchObject({ bufferedAmount: 1, readyState: 1 });
    expect(page.exchange).toMatchObject({ kind: "poll", body: "s1:t1:a", isHeld: true });
  });

  it("goes once, though the next poll leaves at the same time", async () => {
    const { socket } = await page.connectPolling(only);
    socket.onmessage = () => socket.send("answer");
    await page.answer(`${greeting()}a0:s1:t1:a`);
    const bodies = page.network.exchanges.map(({ body }) => body).join("");
    expect(bodies.match(/answer/g)).toHaveLength(1);
  });

  it("goes again in front of the end of the session, which must not overtake it", async () => {
    const { socket } = await page.connectPolling(only);
    socket.send("a");
    await page.settled();
    socket.close();
    await page.settled();
    // Of the first nobody knows where it is.
    await page.answer("a0:");
    expect(page.exchange.kind).toBe("send");
    expect(endIn(page.exchange.body)).toMatchObject({ before: "s1:t1:a", code: 1000 });
  });

  it("is not sent again where something on the way takes no body of that size: the session ends, and says so", async () => {
    const { socket, log } = await page.connectPolling(only);
    socket.send("x".repeat(3_000_000));
    await page.settled();
    await page.answer("too large", 413);
    expect(log.slice(-1)).toEqual([{ code: 4004, reason: "HTTP 413", wasClean: false, retryAfter: undefined }]);
    expect(page.held).toEqual([]);
  });

  it("has more time the larger it is: 64 kbit/s are enough", async () => {
    const { socket, log } = await page.connectPolling(only);
    socket.send("x".repeat(200_000));
    await page.pass(30_000);
    expect(page.exchange).toMatchObject({ kind: "send", isHeld: true });
    expect(log).toEqual([]);
    await page.pass(10_000);
    expect(log[0]).toBe("transport null");
  });

  it("goes in POSTs of bounded size", async () => {
    const { socket } = await page.connectPolling(only);
    const message = "x".repeat(100_000);
    for (let i = 0; i < 10; i++) socket.send(message);
    await page.settled();
    for (let received = 0; received < 10; ) {
      received += page.exchange.body.match(/t100000:/g)!.length;
      await page.answer(`a${received}:`);
    }
    expect(Math.max(...page.network.of("send").map(({ body }) => body.length))).toBeLessThan(400_000);
    expect(socket.bufferedAmount).toBe(0);
  });
});

describe("an answer that is not encke's", () => {
  it.each([
    ["the sign-in page of a captive portal", "<!doctype html><title>Sign in</title>", 200, "text/html"],
    ["an empty page", "", 200, "text/html"],
    ["JSON", '{"error":"nope"}', 200, "application/json"],
    ["something that is nearly a record", "g4:v=", 200, "text/plain"],
    ["no content", "", 204, "text/plain"],
    ["403", "Forbidden", 403, "text/html"],
    ["404", "Not found", 404, "text/html"],
    ["407", "Proxy authentication", 407, "text/html"],
    ["500", "Oops", 500, "text/html"],
    ["503 that looks like encke's", `${greeting()}a0:`, 503, "text/plain"],
  ])("to the first poll opens nothing and ends nothing: %s", async (_, body, status, contentType) => {
    const { socket, log } = page.connect(only);
    socket.send("hello");
    await page.settled();
    await page.answer(body, status, contentType);
    expect(log).toEqual([]);
    await page.pass(1_000);
    expect(page.network.exchanges).toHaveLength(2);
    expect(page.exchange.body).toBe("s1:t5:hello");
    await page.answer(`${greeting()}a1:`);
    expect(log).toEqual(["open", "transport xhr-poll"]);
    expect(socket.bufferedAmount).toBe(0);
  });

  it.each([
    ["a captive portal", "<html>Sign in</html>", 200],
    ["a broken gateway", "<html>Bad gateway</html>", 502],
    ["nothing at all", "", 200],
  ])("to a later poll is no end either: %s", async (_, body, status) => {
    const { socket, log } = await page.connectPolling(only);
    await page.answer(body, status, "text/html");
    await page.pass(1_000);
    await page.answer(`${greeting()}a0:s1:t1:a`);
    expect(log.filter((entry) => !`${entry}`.startsWith("transport"))).toEqual(["a"]);
    expect(socket.transport).toBe("xhr-poll");
  });
});

describe("a network that fails", () => {
  /** When requests were made, while each is answered so. */
  async function timesOf(respond: (exchange: Exchange) => void, ms: number): Promise<number[]> {
    const start = page.env.clock.now();
    const times: number[] = [];
    page.network.onExchange = (exchange) => {
      times.push(page.env.clock.now() - start);
      respond(exchange);
    };
    await page.pass(ms);
    return times;
  }

  it.each<[string, (exchange: Exchange) => void]>([
    ["is refused", (exchange) => exchange.cut()],
    ["is forbidden", (exchange) => exchange.answer("", 403)],
    ["is not found", (exchange) => exchange.answer("", 404)],
    ["meets a broken server", (exchange) => exchange.answer("", 500)],
    ["meets a captive portal", (exchange) => exchange.answer("<html>", 200)],
  ])("is tried again after waits that grow up to 30 s, when each request %s", async (_, respond) => {
    page.connect(only);
    const times = await timesOf(respond, 600_000);
    const waits = times.slice(1).map((time, index) => time - times[index]!);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(waits[0]).toBeGreaterThan(0);
    expect(waits.at(-1)).toBeLessThanOrEqual(30_000);
    expect(times.length).toBeGreaterThan(20);
    expect(times.length).toBeLessThan(60);
  });

  it("is not flooded either when something in between answers each poll with nothing", async () => {
    await page.connectPolling(only);
    page.exchange.answer("");
    const times = await timesOf((exchange) => exchange.answer(""), 60_000);
    expect(times.length).toBeGreaterThan(5);
    expect(times.length).toBeLessThan(30);
  });

  it("is tried at times that differ from client to client", async () => {
    page.connect(only);
    let last = 7;
    // Park and Miller's: any sequence that a seed decides.
    page.env.luck = () => {
      last = (last * 16807) % 2147483647;
      return last / 2147483647;
    };
    const times = await timesOf((exchange) => exchange.cut(), 120_000);
    const waits = times.slice(1).map((time, index) => time - times[index]!);
    expect(new Set(waits).size).toBe(waits.length);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  });

  it("is never flooded, even by a client that has the worst of luck", async () => {
    page.env.luck = () => 0;
    page.connect();
    page.network.onLink = (link) => link.lose();
    let count = 0;
    page.network.onExchange = (exchange) => {
      // Luck cannot be so bad for ever.
      if (++count > 20) page.env.luck = () => 0.5;
      exchange.cut();
    };
    await page.pass(60_000);
    expect(count).toBeLessThan(40);
  });

  it("that swallows requests is tried again each time one has had its time", async () => {
    page.connect(only);
    const times = await timesOf(() => {}, 120_000);
    expect(times[0]).toBe(0);
    expect(times[1]).toBeGreaterThanOrEqual(10_000);
    expect(times.length).toBeLessThan(13);
    expect(page.held.length).toBeLessThanOrEqual(1);
  });

  it("costs nothing that was sent, and the session goes on as soon as it works again", async () => {
    const { socket, log } = await page.connectPolling(only);
    page.exchange.cut();
    await page.settled();
    socket.send("a");
    await timesOf((exchange) => exchange.cut(), 60_000);
    page.network.onExchange = (exchange) => {
      page.network.onExchange = () => {};
      exchange.answer(exchange.body === "s1:t1:a" ? `${greeting()}a1:s1:t1:b` : "");
    };
    await page.pass(30_000);
    expect(log.filter((entry) => !`${entry}`.startsWith("transport"))).toEqual(["b"]);
    expect(socket).toMatchObject({ readyState: 1, bufferedAmount: 0, transport: "xhr-poll" });
    expect(socket.report().resumed).toBe(1);
  });

  it("makes the transport null until something carries again", async () => {
    const { socket, log } = await page.connectPolling(only);
    page.exchange.cut();
    await page.settled();
    expect(log).toEqual(["transport null"]);
    expect(socket.readyState).toBe(1);
    await page.pass(1_000);
    await page.answer(`${greeting()}a0:`);
    expect(log).toEqual(["transport null", "transport xhr-poll"]);
  });
});

describe("a poll that is not answered", () => {
  it("counts as lost 10 s after its hold time, of which the greeting tells", async () => {
    page.connect(only);
    await page.settled();
    await page.answer(`${greeting({ hold: 5_000 })}a0:`);
    const held = page.exchange;
    await page.pass(14_999);
    expect(held.isHeld).toBe(true);
    await page.pass(1);
    expect(held.isOverInPage).toBe(true);
    await page.pass(1_000);
    expect(page.exchange).not.toBe(held);
    expect(page.held).toHaveLength(1);
  });

  it("is replaced at once when the page wakes, and only once", async () => {
    await page.connectPolling(only);
    // The greeting was so long ago that the network counts as good.
    await page.pass(20_000);
    const held = page.exchange;
    page.env.clock.sleep(3_600_000);
    page.env.wake();
    page.env.wake();
    page.env.wake();
    await page.settled();
    expect(held.isOverInPage).toBe(true);
    expect(page.held).toHaveLength(1);
    expect(page.network.exchanges).toHaveLength(3);
  });

  it("is not waited for when the page wakes while nothing is under way", async () => {
    page.env.luck = () => 0.99;
    page.connect(only);
    await page.settled();
    for (let i = 0; i < 8; i++) {
      page.exchange.cut();
      await page.settled();
      if (page.held.length === 0) page.env.wake();
      await page.settled();
    }
    expect(page.network.exchanges).toHaveLength(9);
  });
});
