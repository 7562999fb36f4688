import { connect } from "node:net";
import { expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { createMiddlebox } from "./middlebox.ts";
import { ends, listening, open, Peer, pair, settle, tcpTarget, until } from "./testing/ends.ts";

test("passes octets and ends of both directions", async () => {
  const { client, server, box } = await pair();
  client.socket.end("question");
  await server.until(({ end }) => end === "ended");
  expect(server.text).toBe("question");
  server.socket.end("answer");
  await client.until(({ end }) => end === "ended");
  expect(client.text).toBe("answer");
  await until(() => box.connections === 0);
});

test("passes a reset of either side", async () => {
  const { client, server, box, target } = await pair();
  client.socket.resetAndDestroy();
  await server.until(({ end }) => end === "reset");
  const other = await open(box);
  (await target.next()).socket.resetAndDestroy();
  await other.until(({ end }) => end === "reset");
  await until(() => box.connections === 0);
});

test("resets its client when the target cannot be reached", async () => {
  const target = await tcpTarget();
  await ends.pop()!();
  const client = await open(await listening({ target: target.url }));
  await client.until(({ end }) => end === "reset");
});

test("passes much more than it may hold to one who reads late, without holding it", async () => {
  const { client, server } = await pair();
  // More than four buffers of the system hold, too.
  const much = Buffer.alloc(64 * 1024 * 1024, "x");
  client.socket.pause();
  let isTaken = false;
  server.socket.write(much, () => (isTaken = true));
  for (let i = 0; i < 50; i++) await settle();
  expect(isTaken).toBe(false);
  let octets = 0;
  client.socket.removeAllListeners("data").on("data", ({ length }) => (octets += length));
  client.socket.resume();
  await until(() => octets === much.length);
});

test("refuses a target that is not http", () => {
  expect(() => createMiddlebox({ target: "https://127.0.0.1:1" })).toThrow(TypeError);
});

test("a delay holds each chunk and the end for its time, in each direction", async () => {
  const clock = new ManualClock();
  const { client, server } = await pair({ delay: 50 }, clock);
  client.socket.write("one ");
  await until(() => clock.pending === 1);
  clock.advance(30);
  client.socket.write("two");
  client.socket.end();
  await settle();
  expect(server.text).toBe("");
  clock.advance(20);
  await server.until(({ text }) => text !== "");
  expect(server.text).toBe("one ");
  await until(() => {
    clock.advance(1);
    return server.end === "ended";
  });
  expect(server.text).toBe("one two");
  expect(clock.now()).toBeGreaterThanOrEqual(1_000_080);

  server.socket.write("back");
  await until(() => clock.pending === 1);
  clock.advance(49);
  await settle();
  expect(client.text).toBe("");
  clock.advance(1);
  await client.until(({ text }) => text === "back");
});

test("a shorter delay lets nothing overtake", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({ delay: 50 }, clock);
  client.socket.write("one ");
  await until(() => clock.pending === 1);
  box.delay = 0;
  client.socket.write("two");
  clock.advance(49);
  await settle();
  expect(server.text).toBe("");
  clock.advance(1);
  await server.until(({ text }) => text === "one two");
});

test("a stall holds both directions until it is over", async () => {
  const { client, server, box } = await pair();
  box.stall = true;
  client.socket.write("up");
  server.socket.write("down");
  await settle();
  expect([client.text, server.text]).toEqual(["", ""]);
  box.stall = false;
  await server.until(({ text }) => text === "up");
  await client.until(({ text }) => text === "down");
});

test("a cut resets all connections on both sides, and new ones pass", async () => {
  const { client, server, box, target } = await pair();
  expect(box.cut()).toBe(1);
  expect(box.cut()).toBe(0);
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  expect(box.connections).toBe(0);
  const next = await open(box);
  next.socket.write("again");
  await (await target.next()).until(({ text }) => text === "again");
});

test("while it is down every connection is reset", async () => {
  const { client, server, box, target } = await pair();
  box.down = true;
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  const refused = new Peer(connect(box.port, "127.0.0.1"));
  await refused.until(({ end }) => end === "reset");
  box.down = false;
  await open(box);
  await target.next();
});

test("closing cuts what is open, stalled or not", async () => {
  const { client, server, box } = await pair();
  box.stall = true;
  client.socket.resetAndDestroy();
  await settle();
  await box.close();
  await server.until(({ end }) => end !== undefined);
});

test.each([
  ["up", ["", "down"]],
  ["down", ["up", ""]],
] as const)("a stall may be of one direction: %s", async (direction, texts) => {
  const { client, server, box } = await pair({ stall: direction });
  client.socket.write("up");
  server.socket.write("down");
  const [stalled, other] = direction === "up" ? [server, client] : [client, server];
  await other.until(({ text }) => text !== "");
  await settle();
  expect([server.text, client.text]).toEqual([texts[0], texts[1]]);
  box.stall = false;
  await stalled.until(({ text }) => text === direction);
});

test.each([
  ["reset", "reset", "reset"],
  ["reset-client", "reset", undefined],
  ["reset-target", undefined, "reset"],
  ["end", "ended", "ended"],
  ["black-hole", undefined, undefined],
] as const)(
  "a cut to %s tells the client: %s, the server: %s, and passes nothing more",
  async (fate, ofClient, ofServer) => {
    const { client, server, box } = await pair();
    client.socket.write("a");
    await server.until(({ text }) => text === "a");
    expect(box.cut(fate)).toBe(1);
    if (ofClient) await client.until(({ end }) => end !== undefined);
    if (ofServer) await server.until(({ end }) => end !== undefined);
    if (!ofClient) client.socket.write("b");
    if (!ofServer) server.socket.write("c");
    await settle();
    expect([client.end, server.end, client.text, server.text]).toEqual([ofClient, ofServer, "", "a"]);
    expect(box.connections).toBe(ofClient && ofServer ? 0 : 1);
    box.cut();
    await until(() => box.connections === 0);
  },
);

test.each([
  ["black-hole-up", ["down", ""]],
  ["black-hole-down", ["", "up"]],
] as const)("a cut to %s leaves one direction", async (fate, texts) => {
  const { client, server, box } = await pair();
  box.cut(fate);
  client.socket.write("up");
  server.socket.write("down");
  const alive = fate === "black-hole-up" ? client : server;
  await alive.until(({ text }) => text !== "");
  await settle();
  expect([client.text, server.text]).toEqual(texts);
});

test("a black hole takes what a reader does not, for as long as it comes", async () => {
  const { client, server, box } = await pair();
  client.socket.pause();
  const much = Buffer.alloc(64 * 1024 * 1024, "x");
  let isTaken = false;
  server.socket.write(much, () => (isTaken = true));
  for (let i = 0; i < 50; i++) await settle();
  expect(isTaken).toBe(false);
  box.cut("black-hole");
  await until(() => isTaken);
});

test("a black hole keeps the end of one side from the other", async () => {
  const { client, server, box } = await pair();
  box.cut("black-hole");
  client.socket.end();
  await client.until(({ end }) => end === "ended");
  await settle();
  expect([server.end, box.connections]).toEqual([undefined, 1]);
});

test("connections that pass nothing for a while are struck, and those that pass something stay", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({ idle: { after: 1_000 } }, clock);
  for (const [from, to] of [[client, server] as const, [server, client] as const]) {
    clock.advance(999);
    from.socket.write("a");
    await to.until(({ text }) => text === "a");
  }
  clock.advance(999);
  await settle();
  expect([client.end, server.end]).toEqual([undefined, undefined]);
  clock.advance(1);
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  await until(() => box.connections === 0);
  expect(clock.pending).toBe(0);
});

test("idle connections may be forgotten without a word, those that were open before, too", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({}, clock);
  clock.advance(60_000);
  box.idle = { after: 60_000, fate: "black-hole" };
  client.socket.write("a");
  server.socket.write("b");
  await settle();
  expect([client.text, server.text, client.end, server.end]).toEqual(["", "", undefined, undefined]);
  expect(clock.pending).toBe(0);
});

test("what was forgotten is not struck again by the clock", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({}, clock);
  box.cut("black-hole");
  clock.advance(1_000);
  box.idle = { after: 1_000 };
  await settle();
  expect([client.end, server.end]).toEqual([undefined, undefined]);
});

test("nothing waits for a connection that is gone", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({ idle: { after: 1_000 } }, clock);
  client.socket.end();
  server.socket.end();
  await until(() => box.connections === 0);
  expect(clock.pending).toBe(0);
});

test("an idle limit that is taken back strikes nobody", async () => {
  const clock = new ManualClock();
  const { client, server, box } = await pair({ idle: { after: 1_000 } }, clock);
  box.idle = undefined;
  clock.advance(10_000);
  client.socket.write("a");
  await server.until(({ text }) => text === "a");
});

test("what waits to become a head passes when its sender ends", async () => {
  const { client, server } = await pair();
  client.socket.end("PING");
  await server.until(({ end }) => end === "ended");
  server.socket.end("HT");
  await client.until(({ end }) => end === "ended");
  expect([server.text, client.text]).toEqual(["PING", "HT"]);
});
