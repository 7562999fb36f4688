import { describe, expect, it } from "vitest";
import { webSocket } from "../transports/websocket.ts";
import { EnckeSocket } from "./encke-socket.ts";
import { ending, greeting, usePage } from "./testing/page.ts";

const page = usePage();

/** A socket that polls, while its WebSocket is open and has said nothing. */
async function connect() {
  const connected = page.connect();
  await page.settled();
  await page.answer(`${greeting()}a0:`);
  connected.log.length = 0;
  return connected;
}

describe("a WebSocket beside the polls", () => {
  it("is opened with the first poll, so that nobody waits for it", async () => {
    page.connect();
    await page.settled();
    expect([page.network.exchanges.length, page.network.links.length]).toEqual([1, 1]);
    expect(page.link.heard).toEqual([]);
  });

  it("is not used for having opened: until it is proven, messages go by POST", async () => {
    const { socket } = await connect();
    socket.send("a");
    await page.settled();
    expect(page.network.of("send").map(({ body }) => body)).toEqual(["s1:t1:a"]);
    expect(page.link.heard).toEqual([]);
  });

  it("is pinged when it has greeted, named when it has answered, and used when the server does", async () => {
    const { socket, log } = await connect();
    const { link } = page;
    link.say(`${greeting()}a0:`);
    await page.settled();
    expect(link.heard.splice(0)).toEqual([expect.stringMatching(/^p\d+:$/)]);
    const highest = Math.max(...[...page.network.exchanges, link].map(({ query }) => Number(query.c)));

    link.say("q2:");
    await page.settled();
    const [name] = link.heard.splice(0) as [string];
    expect(Number(/^(?:a\d+:)?n(\d+):$/.exec(name)![1])).toBeGreaterThan(highest);
    expect(socket.transport).toBe("xhr-poll");
    expect(page.held).toHaveLength(1);

    link.say("s1:t1:a");
    await page.settled();
    expect(log).toEqual(["transport websocket", "a"]);
    expect(page.held).toEqual([]);
    socket.send("b");
    await page.settled();
    expect(link.heard.join("")).toMatch(/^(a1:)?s1:t1:b$/);
    expect(page.network.of("send")).toEqual([]);
  });

  it("is not named without the pong, however long it is open", async () => {
    const { log } = await connect();
    page.link.say(`${greeting()}a0:`);
    await page.pass(5_000);
    expect(page.link.heard).toEqual([expect.stringMatching(/^p\d+:$/)]);
    expect(log).toEqual([]);
  });

  it("takes over what was not acknowledged, and the server drops what it has", async () => {
    const { socket } = await connect();
    socket.send("a");
    await page.settled();
    const { link } = page;
    link.say(`${greeting()}a0:`);
    await page.settled();
    link.say("q2:");
    await page.settled();
    link.heard.length = 0;
    link.say("s1:");
    await page.settled();
    expect(link.heard.join("")).toBe("s1:t1:a");
    link.say("a1:");
    await page.settled();
    expect(socket.bufferedAmount).toBe(0);
  });

  it("does not change what the page has received, even if both bring it", async () => {
    const { log } = await connect();
    await page.answer(`${greeting()}a0:s1:t1:at1:b`);
    await page.promote(page.link);
    page.link.say("t1:at1:bt1:c");
    await page.settled();
    expect(log.filter((entry) => `${entry}`.length === 1)).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["says nothing", ""],
    ["greets, and swallows what is sent on it", `${greeting()}a0:`],
  ])("that opens and %s is given up, and polling goes on undisturbed", async (_, said) => {
    const { socket, log } = await connect();
    if (said) page.link.say(said);
    await page.settled();
    const { link } = page;
    await page.pass(20_000);
    expect(link.end).toBeDefined();
    await page.answer(`${greeting()}a0:s1:t1:a`);
    socket.send("b");
    await page.settled();
    expect(page.exchange.body).toBe("s1:t1:b");
    expect(log).toEqual(["a"]);
    expect(socket.report()).toMatchObject({ transport: "xhr-poll", resumed: 0 });
    expect(socket.report().attempts[1]).toMatchObject({ transport: "websocket", cause: expect.any(String) });
  });

  it("that was named and never takes over is given up, and a poll takes over from it", async () => {
    const { socket } = await connect();
    const { link } = page;
    link.say(`${greeting()}a0:`);
    await page.settled();
    link.say("q2:");
    await page.settled();
    // The server ends the poll, as it is no longer the active carrier.
    await page.answer(`${greeting()}a0:e4005:`);
    expect(page.held).toEqual([]);
    await page.pass(5_000);
    expect(link.end).toBeDefined();
    await page.answer(`${greeting()}a0:s1:t1:a`);
    expect(socket).toMatchObject({ readyState: EnckeSocket.OPEN, transport: "xhr-poll" });
  });

  it("that is refused is tried again after waits that grow, and never in a storm", async () => {
    const times: number[] = [];
    page.network.onLink = (link) => {
      times.push(page.env.clock.now());
      link.lose();
    };
    page.network.onExchange = (exchange) => {
      if (page.network.exchanges.length === 1) exchange.answer(`${greeting({ hold: 3_000_000 })}a0:`);
    };
    page.connect();
    await page.pass(1_800_000);
    const waits = times.slice(1).map((time, index) => time - times[index]!);
    expect(waits.length).toBeGreaterThan(3);
    expect(waits.length).toBeLessThan(10);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(page.network.exchanges).toHaveLength(2);
  });

  it("that is answered by something else is no end of the session", async () => {
    const { socket, log } = await connect();
    page.link.say("<html>Sign in</html>");
    await page.settled();
    expect(socket.readyState).toBe(EnckeSocket.OPEN);
    expect(log).toEqual([]);
    expect(page.held).toHaveLength(1);
  });

  it("that the server ends as superseded, being of no use, is no end of the session", async () => {
    const { socket } = await connect();
    page.link.say(`${greeting()}a0:`);
    await page.settled();
    page.link.close(4005);
    await page.settled();
    expect(socket.readyState).toBe(EnckeSocket.OPEN);
    expect(page.held).toHaveLength(1);
  });
});

describe("on a WebSocket", () => {
  it("what is sent in one turn travels together, and the next goes on without a number", async () => {
    const { socket } = await page.connectWebSocket();
    socket.send("a");
    socket.send(Uint8Array.of(1, 2, 3));
    await page.settled();
    socket.send("b");
    await page.settled();
    expect(page.link.heard).toEqual(["s1:t1:ab4:AQID", "t1:b"]);
  });

  it("large octets travel as they are, in their place", async () => {
    const { socket } = await page.connectWebSocket();
    const octets = new Uint8Array(10_000).fill(7);
    socket.send("a");
    socket.send(octets);
    socket.send("b");
    await page.settled();
    expect(page.link.heard).toEqual(["s1:t1:a", octets, "t1:b"]);
  });

  it("octets come either way, numbered with the text", async () => {
    const { socket, log } = await page.connectWebSocket();
    socket.binaryType = "arraybuffer";
    page.link.say("t1:a", Uint8Array.of(1), "b4:Ag==t1:b");
    await page.settled();
    expect(log).toEqual(["a", Uint8Array.of(1).buffer, Uint8Array.of(2).buffer, "b"]);
    await page.pass(5_000);
    expect(page.link.heard.join("")).toContain("a4:");
  });

  it("a ping is answered at once", async () => {
    await page.connectWebSocket();
    page.link.say("p17:");
    await page.settled();
    expect(page.link.heard).toEqual(["q17:"]);
  });

  it("what was received is acknowledged alone after a second, or 64 KiB, or with what is sent anyway", async () => {
    const { socket } = await page.connectWebSocket();
    const { link } = page;
    link.say("t1:a");
    await page.pass(999);
    expect(link.heard).toEqual([]);
    await page.pass(1);
    expect(link.heard.splice(0)).toEqual(["a1:"]);

    link.say(`t65536:${"x".repeat(65_536)}`);
    await page.settled();
    expect(link.heard.splice(0)).toEqual(["a2:"]);

    link.say("t1:a");
    await page.settled();
    socket.send("b");
    await page.settled();
    expect(link.heard.splice(0)).toEqual([expect.stringMatching(/^a3:(s1:)?t1:b$/)]);
    link.say("a1:");
    await page.pass(5_000);
    expect(link.heard).toEqual([]);
  });

  it("what is not acknowledged in 5 s makes the session ask whether anything still passes, and then go elsewhere", async () => {
    const { socket, log } = await page.connectWebSocket();
    const { link } = page;
    socket.send("a");
    await page.pass(3_000);
    link.say("a1:");
    await page.pass(5_000);
    socket.send("b");
    await page.pass(4_999);
    // What the server says is no answer to that.
    link.say("t1:x");
    expect(link.heard.join("")).not.toContain("p");
    await page.pass(1);
    expect(link.heard.join("")).toMatch(/p\d+:$/);
    await page.pass(5_000);
    expect(log).toEqual(["x", "transport null"]);
    expect(page.exchange).toMatchObject({ kind: "poll", body: "s2:t1:b" });
  });

  it("a message that is missing ends the carrier, and the session goes on from what was received", async () => {
    const { socket, log } = await page.connectWebSocket();
    const { link } = page;
    link.say("t1:as3:t1:c");
    await page.settled();
    expect(link.end).toEqual(expect.objectContaining({ code: 4010 }));
    await page.pass(1_000);
    expect(page.exchange).toMatchObject({ kind: "poll", isHeld: true });
    expect(page.exchange.query).toMatchObject({ r: "1", t: "1" });
    await page.answer(`${greeting()}a0:s2:t1:bt1:c`);
    expect(log.filter((entry) => `${entry}`.length === 1)).toEqual(["a", "b", "c"]);
    expect(socket.readyState).toBe(EnckeSocket.OPEN);
  });

  it.each(["t1:", "Z", "n7:", "t1:ab", "a5:"])(
    "%j breaks the protocol, and ends the session with 4000",
    async (bad) => {
      const { log } = await page.connectWebSocket();
      page.link.say(bad);
      await page.settled();
      expect(log.slice(-2)).toEqual(["error", expect.objectContaining({ code: 4000, wasClean: false })]);
      expect([page.env.clock.pending, page.env.listeners]).toEqual([0, 0]);
      expect(page.link.end).toBeDefined();
    },
  );

  it("that breaks, the session goes on with a poll, and what was under way goes again", async () => {
    const { socket, log } = await page.connectWebSocket();
    await page.pass(5_000);
    socket.send("a");
    await page.settled();
    page.link.lose();
    await page.settled();
    expect(log).toEqual(["transport null"]);
    expect(page.exchange).toMatchObject({ kind: "poll", body: "s1:t1:a", isHeld: true });
    await page.answer(`${greeting()}a1:`);
    expect(log).toEqual(["transport null", "transport xhr-poll"]);
    expect(socket.report()).toMatchObject({ resumed: 1, sent: 1 });
    // The network is there, so it was the WebSocket that broke: it rests a while.
    expect(page.network.links).toHaveLength(1);
    await page.pass(8_000);
    await page.promote(page.link);
    expect(log).toEqual(["transport null", "transport xhr-poll", "transport websocket"]);
  });

  it("that the server closes without a word on the session, the session goes on", async () => {
    const { socket } = await page.connectWebSocket();
    page.link.close(4005, "Superseded");
    await page.pass(1_000);
    expect(socket.readyState).toBe(EnckeSocket.OPEN);
    expect(page.held).toHaveLength(1);
  });

  it("close goes behind what was sent, and the server's word is waited for", async () => {
    const { socket, log } = await page.connectWebSocket();
    socket.send("a");
    socket.close(3000, "done");
    await page.settled();
    expect(page.link.heard.join("")).toMatch(/^s1:t1:ax\d+:code=3000&reason=done$/);
    page.link.say("p1:t1:b");
    await page.pass(2_000);
    expect(page.link.heard.join("").match(/code=3000/g)).toHaveLength(1);
    page.link.say(`a1:${ending(3000)}`);
    page.link.close(3000);
    await page.settled();
    expect(log).toEqual([{ code: 3000, reason: "done", wasClean: true, retryAfter: undefined }]);
  });

  it("close goes again with the next carrier if this one breaks", async () => {
    const { socket, log } = await page.connectWebSocket();
    await page.pass(15_000);
    socket.close(3000);
    await page.settled();
    page.link.lose();
    await page.settled();
    expect(page.exchange.body).toContain("code=3000");
    await page.answer(`${greeting()}a0:${ending(3000)}`);
    expect(log.at(-1)).toMatchObject({ code: 3000, wasClean: true });
  });

  it("only, a session starts on it, with what was sent before, once it is greeted", async () => {
    const { socket, log } = page.connect({ transports: [webSocket] });
    socket.send("a");
    await page.settled();
    const { link } = page;
    expect(link.query).toMatchObject({ t: "1", o: "1" });
    expect(link.heard).toEqual([]);
    link.say(`${greeting()}a0:s1:t1:b`);
    await page.settled();
    expect(link.heard.join("")).toMatch(/s1:t1:a$/);
    expect(log).toEqual(["open", "transport websocket", "b"]);
    expect(page.network.exchanges).toEqual([]);
  });
});

describe("a WebSocket that falls silent", () => {
  it("counts as lost after the ping interval and 10 s", async () => {
    const { log } = await page.connectWebSocket();
    const { link } = page;
    await page.pass(29_999);
    expect(log).toEqual([]);
    await page.pass(1);
    expect(link.end).toMatchObject({ code: 4009 });
    expect(log).toEqual(["transport null"]);
    expect(page.exchange).toMatchObject({ kind: "poll", isHeld: true });
  });

  it("does not while anything comes: each word counts", async () => {
    const { log } = await page.connectWebSocket();
    for (let ping = 1; ping <= 10; ping++) {
      await page.pass(29_000);
      page.link.say(`p${ping}:`);
    }
    await page.settled();
    expect(log).toEqual([]);
    expect(page.link.heard).toHaveLength(10);
  });

  it("keeps to the pace of which the greeting tells", async () => {
    const { log } = page.connect();
    await page.settled();
    await page.answer(`${greeting({ ping: 1_000 })}a0:`);
    page.link.say(`${greeting({ ping: 1_000 })}a0:`);
    await page.settled();
    page.link.say("q2:");
    await page.settled();
    page.link.say("s1:");
    await page.settled();
    log.length = 0;
    await page.pass(10_999);
    expect(log).toEqual([]);
    await page.pass(1);
    expect(log).toEqual(["transport null"]);
  });

  it("is asked once when the page wakes, and lives on if it answers", async () => {
    const { log } = await page.connectWebSocket();
    page.env.clock.sleep(25_000);
    for (let i = 0; i < 3; i++) page.env.wake();
    await page.settled();
    expect(page.link.heard).toEqual([expect.stringMatching(/^p\d+:$/)]);
    const [, token] = /^p(\d+):$/.exec(page.link.heard[0] as string)!;
    await page.pass(4_000);
    page.link.say(`q${token}:`);
    await page.pass(20_000);
    expect(log).toEqual([]);
    expect(page.link.heard).toHaveLength(1);
  });

  it("counts as lost when the page wakes and it does not answer within 5 s", async () => {
    const { log } = await page.connectWebSocket();
    const { link } = page;
    page.env.wake();
    await page.pass(4_999);
    expect(log).toEqual([]);
    await page.pass(1);
    expect(link.end).toBeDefined();
    expect(log).toEqual(["transport null"]);
    expect(page.exchange).toMatchObject({ kind: "poll", isHeld: true });
  });

  it("is noticed at once after a sleep in which no timer ran", async () => {
    const { log } = await page.connectWebSocket();
    page.env.clock.sleep(3_600_000);
    await page.pass(0);
    expect(log).toEqual(["transport null"]);
  });
});

it("leaves no timer, no listener and no request behind after close, wherever it was", async () => {
  const { socket } = await page.connectWebSocket();
  socket.close();
  await page.settled();
  page.link.say(ending(1000));
  page.link.close(1000);
  await page.settled();
  expect(socket.readyState).toBe(EnckeSocket.CLOSED);
  expect([page.env.clock.pending, page.env.listeners, page.held]).toEqual([0, 0, []]);
  await page.pass(600_000);
  expect(page.network.links).toHaveLength(1);
});
