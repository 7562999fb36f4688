import { expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import type { MiddleboxOptions } from "./middlebox.ts";
import { pair, settle } from "./testing/ends.ts";

const request = "GET / HTTP/1.1\r\n\r\n";
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const complete = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfull";
const interim = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** A request has reached the server. */
async function asked(options: Partial<MiddleboxOptions>, clock?: ManualClock) {
  const ends = await pair(options, clock);
  ends.client.socket.write(request);
  await ends.server.until(({ text }) => text === request);
  return {
    ...ends,
    /** Sends something and expects what the client has got by then. */
    async answer(text: string, received: string) {
      ends.server.socket.write(text);
      if (received === ends.client.text) await settle();
      else await ends.client.until((client) => client.text.length >= received.length);
      expect(ends.client.text).toBe(received);
    },
  };
}

test("a streamed response is held until it ends, and the head passes at once", async () => {
  const { answer } = await asked({ hold: {} });
  await answer(streamHead, streamHead);
  await answer(chunk("one"), streamHead);
  await answer(`${chunk("two")}0\r\n\r\n`, `${streamHead}${chunk("one")}${chunk("two")}0\r\n\r\n`);
});

test("the head may be held, too, and interim responses never are", async () => {
  const { answer } = await asked({ hold: { head: true } });
  await answer(interim, interim);
  await answer(streamHead, interim);
  await answer(chunk("one"), interim);
  await answer("0\r\n\r\n", `${interim}${streamHead}${chunk("one")}0\r\n\r\n`);
});

test("a response without a length is held until its connection ends", async () => {
  const { client, server, answer } = await asked({ hold: { head: true } });
  await answer("HTTP/1.0 200 OK\r\n\r\none", "");
  await answer("two", "");
  server.socket.end();
  await client.until(({ end }) => end === "ended");
  expect(client.text).toBe("HTTP/1.0 200 OK\r\n\r\nonetwo");
});

test("what is held is lost when the target resets", async () => {
  const { client, server, answer } = await asked({ hold: {} });
  await answer(streamHead + chunk("one"), streamHead);
  server.socket.resetAndDestroy();
  await client.until(({ end }) => end === "reset");
  expect(client.text).toBe(streamHead);
});

test("complete answers pass at once, one after the other", async () => {
  const { client, server, answer } = await asked({ hold: { head: true, ms: 205 } }, new ManualClock());
  await answer(complete, complete);
  client.socket.write(request);
  await server.until(({ text }) => text === request + request);
  await answer(complete, complete + complete);
});

test("an answer without a body passes at once, whatever its headers say", async () => {
  const { client, server } = await pair({ hold: { head: true } });
  client.socket.write("HEAD / HTTP/1.1\r\n\r\n");
  await server.until(({ text }) => text !== "");
  server.socket.write(interim + streamHead);
  await client.until(({ text }) => text === interim + streamHead);
  const notModified = "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n";
  client.socket.write(request);
  await server.until(({ text }) => text.endsWith(request));
  server.socket.write(notModified);
  await client.until(({ text }) => text === interim + streamHead + notModified);
});

test("each part of a stream may be held for a time, counted from its first octet", async () => {
  const clock = new ManualClock();
  const { client, answer } = await asked({ hold: { ms: 205, head: true } }, clock);
  await answer(streamHead, "");
  clock.advance(100);
  await answer(chunk("one"), "");
  clock.advance(104);
  await settle();
  expect(client.text).toBe("");
  clock.advance(1);
  await client.until(({ text }) => text === streamHead + chunk("one"));
  clock.advance(1_000);
  await answer(chunk("two"), streamHead + chunk("one"));
  clock.advance(205);
  await client.until(({ text }) => text.endsWith(chunk("two")));
});

test("a buffer may pass when it is full", async () => {
  const { answer } = await asked({ hold: { bytes: 30 } });
  await answer(streamHead + chunk("ten octets"), streamHead);
  await answer(chunk("ten octets"), streamHead + chunk("ten octets") + chunk("ten octets"));
  await answer(chunk("ten octets"), streamHead + chunk("ten octets") + chunk("ten octets"));
});

test("only some responses may be held", async () => {
  const hold = {
    only: ({ headers }: { headers: ReadonlyMap<string, string> }) =>
      headers.get("content-type") === "text/event-stream",
  };
  const plain = streamHead.replace("text/event-stream", "text/plain");
  const { client, server, answer } = await asked({ hold });
  await answer(plain + chunk("one"), plain + chunk("one"));
  await answer("0\r\n\r\n", `${plain}${chunk("one")}0\r\n\r\n`);
  client.socket.write(request);
  await server.until(({ text }) => text === request + request);
  const before = client.text;
  await answer(streamHead + chunk("one"), before + streamHead);
});

test("what is held goes on its way when nothing is to be held any more", async () => {
  const { client, box, answer } = await asked({ hold: {} });
  await answer(streamHead + chunk("one"), streamHead);
  box.hold = undefined;
  await client.until(({ text }) => text === streamHead + chunk("one"));
  await answer(chunk("two"), streamHead + chunk("one") + chunk("two"));
});

test("what is held waits for the end of a stall, too", async () => {
  const { client, box, answer } = await asked({ hold: {} });
  await answer(streamHead + chunk("one"), streamHead);
  box.stall = "down";
  box.hold = undefined;
  await settle();
  expect(client.text).toBe(streamHead);
  box.stall = false;
  await client.until(({ text }) => text === streamHead + chunk("one"));
});

test("a black hole takes what is held", async () => {
  const clock = new ManualClock();
  const { client, box, answer } = await asked({ hold: { ms: 205 } }, clock);
  await answer(streamHead + chunk("one"), streamHead);
  box.cut("black-hole-down");
  clock.advance(205);
  await settle();
  expect(client.text).toBe(streamHead);
});

test("messages of a WebSocket are not held", async () => {
  const { answer } = await asked({ hold: { head: true } });
  const agreed = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  await answer(`${agreed}data`, `${agreed}data`);
});

test("a response that is older than its limit is reset in its midst, however much passes", async () => {
  const clock = new ManualClock();
  const { client, server, answer } = await asked({ response: { after: 30_000 } }, clock);
  clock.advance(60_000);
  await answer(streamHead, streamHead);
  clock.advance(29_999);
  await answer("5\r\non", `${streamHead}5\r\non`);
  clock.advance(1);
  await client.until(({ end }) => end === "reset");
  await server.until(({ end }) => end === "reset");
  expect(client.text).toBe(`${streamHead}5\r\non`);
});

test("a limit of responses may come while they last, and end them without a reset", async () => {
  const clock = new ManualClock();
  const { client, server, box, answer } = await asked({}, clock);
  await answer(streamHead, streamHead);
  clock.advance(5_000);
  box.response = { after: 6_000, fate: "end" };
  clock.advance(999);
  await answer(chunk("one"), streamHead + chunk("one"));
  clock.advance(1);
  await client.until(({ end }) => end === "ended");
  await server.until(({ end }) => end === "ended");
});

test("a limit of responses leaves what is between them alone, and WebSockets", async () => {
  const clock = new ManualClock();
  const { client, server, answer } = await asked({ response: { after: 1_000 } }, clock);
  await answer(complete, complete);
  clock.advance(2_000);
  client.socket.write(request);
  await server.until(({ text }) => text === request + request);
  const agreed = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  await answer(agreed, complete + agreed);
  clock.advance(2_000);
  await answer("data", `${complete}${agreed}data`);
});
