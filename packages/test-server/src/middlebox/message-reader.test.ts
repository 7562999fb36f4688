import * as fc from "fast-check";
import { expect, test } from "vitest";
import { requestBody, requestGrammar, responseBody, responseGrammar } from "./heads.ts";
import { MessageReader } from "./message-reader.ts";

const get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const post = `POST /b HTTP/1.1\r\nContent-Length: ${get.length}\r\n\r\n${get}`;
const chunked =
  "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
  `${get.length.toString(16)};x=y\r\n${get}\r\n1\r\n☄\r\n0\r\nx: y\r\n\r\n`.replace("☄", "\xff");
const upgrade = "GET /d HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\r\n";

/** What a reader makes of the parts, one after the other. */
function read(...parts: string[]) {
  const reader = new MessageReader(requestGrammar, requestBody);
  const pieces = parts.flatMap((part) => [...reader.read(Buffer.from(part, "latin1"))]);
  return {
    text: pieces.map(({ octets }) => octets.toString("latin1")).join(""),
    heads: pieces.filter(({ head }) => head).map(({ octets }) => octets.toString("latin1")),
    upgrades: pieces.filter(({ head }) => head?.isWebSocket).length,
  };
}

test("finds each head of requests that follow one another, and none in a body, however they are cut", () => {
  const parts = fc.array(fc.constantFrom(get, post, chunked), { maxLength: 5 });
  fc.assert(
    fc.property(parts, fc.array(fc.nat()), (requests, cuts) => {
      const text = [...requests, upgrade, "\x81\x05", get].join("");
      const at = [0, ...cuts.map((cut) => cut % text.length).sort((one, other) => one - other), text.length];
      const found = read(...at.slice(1).map((end, i) => text.slice(at[i], end)));
      expect(found).toEqual({
        text,
        heads: [...requests, upgrade].map((request) => request.slice(0, request.indexOf("\r\n\r\n") + 4)),
        upgrades: 1,
      });
    }),
  );
});

test.each([
  ["STOMP", "CONNECT\naccept-version:1.2\n\n\0"],
  ["TLS", "\x16\x03\x01\x02\x00\x01"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a line end", "\n"],
  ["a head that never ends", `GET /${"x".repeat(70_000)}`],
])("lets %s pass at once", (_, text) => {
  expect(read(text)).toEqual({ text, heads: [], upgrades: 0 });
});

test.each([
  ["content-length", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"],
  ["chunk size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"],
])("lets all pass behind a %s that is none", (_, text) => {
  expect(read(text, upgrade)).toMatchObject({ text: text + upgrade, upgrades: 0 });
});

test("keeps only the start of a head back", () => {
  const reader = new MessageReader(requestGrammar, requestBody);
  expect([...reader.read(Buffer.from(`${get}GET /a HT`))].map(({ octets }) => String(octets))).toEqual([get]);
});

/** Pairs of a request's method and a response to it. Each body looks like a response itself. */
const inner = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const responses: [string, string][] = [
  ["GET", `HTTP/1.1 200 OK\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`],
  [
    "POST",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  ],
  ["POST", "HTTP/1.0 200\r\nContent-Length: 1\r\n\r\nx"],
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
  ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
  ["DELETE", "HTTP/1.1 204 No Content\r\n\r\n"],
];
/** After these no head is found. */
const last: [string, string][] = [
  ["GET", `HTTP/1.1 200 OK\r\n\r\n${inner}`],
  ["GET", `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n${inner}`],
  ["GET", `HTTP/1.1 101 Switching Protocols\r\n\r\n${inner}`],
  ["CONNECT", `HTTP/1.1 200 OK\r\n\r\n${inner}`],
];

test("finds each head and end of responses that follow one another, however they are cut", () => {
  const parts = fc.array(fc.constantFrom(...responses), { maxLength: 5 });
  fc.assert(
    fc.property(parts, fc.constantFrom(...last), fc.array(fc.nat()), (before, end, cuts) => {
      const all = [...before, end];
      const text = all.map(([, response]) => response).join("");
      const methods = all.map(([method]) => method);
      const reader = new MessageReader(responseGrammar, (head) => responseBody(head, methods.shift()));
      const at = [0, ...cuts.map((cut) => cut % text.length).sort((one, other) => one - other), text.length];
      const pieces = at
        .slice(1)
        .flatMap((end, i) => [...reader.read(Buffer.from(text.slice(at[i], end), "latin1"))])
        .map(({ octets, head, isEnd }) => ({ text: octets.toString("latin1"), isHead: head !== undefined, isEnd }));
      expect(pieces.filter(({ isHead }) => isHead).map(({ text }) => text)).toEqual(
        all.map(([, response]) => response.slice(0, response.indexOf("\r\n\r\n") + 4)),
      );
      let found = "";
      const complete: string[] = [];
      for (const { text, isEnd } of pieces) {
        found += text;
        if (isEnd) complete.push(found);
        if (isEnd) found = "";
      }
      expect([...complete, found]).toEqual(all.map(([, response]) => response));
    }),
  );
});

test("gives back a head that remains unfinished", () => {
  const reader = new MessageReader(requestGrammar, requestBody);
  expect([...reader.read(Buffer.from("PING"))]).toEqual([]);
  expect(String(reader.end())).toBe("PING");
});

test.each(["+OK ready", "H", "HTTP/2"])("a server may begin with %s", (text) => {
  const reader = new MessageReader(responseGrammar, (head) => responseBody(head, undefined));
  const passed = [...reader.read(Buffer.from(text))].map(({ octets }) => String(octets)).join("");
  expect(passed + reader.end()).toBe(text);
});
