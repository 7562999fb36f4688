import * as fc from "fast-check";
import { expect, test } from "vitest";
import { asksForWebSocket, RequestReader } from "./request-reader.ts";

const get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const post = `POST /b HTTP/1.1\r\nContent-Length: ${get.length}\r\n\r\n${get}`;
const chunked =
  "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
  `${get.length.toString(16)};x=y\r\n${get}\r\n1\r\n☄\r\n0\r\nx: y\r\n\r\n`.replace("☄", "\xff");
const upgrade = "GET /d HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\r\n";

/** What a reader makes of the parts, one after the other. */
function read(...parts: string[]) {
  const reader = new RequestReader();
  const pieces = parts.flatMap((part) => [...reader.read(Buffer.from(part, "latin1"))]);
  return {
    text: pieces.map(({ octets }) => octets.toString("latin1")).join(""),
    heads: pieces.filter(({ head }) => head).map(({ octets }) => octets.toString("latin1")),
    upgrades: pieces.filter(({ head }) => head && asksForWebSocket(head)).length,
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
  const reader = new RequestReader();
  expect([...reader.read(Buffer.from(`${get}GET /a HT`))].map(({ octets }) => String(octets))).toEqual([get]);
});
