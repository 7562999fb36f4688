import fc from "fast-check";
import { expect, it } from "vitest";
import { sizeOf } from "./utf8.ts";

it.each([
  ["", 0],
  ["a", 1],
  ["\0\x7f", 2],
  ["\x80", 2],
  ["ß", 2],
  ["\u07ff", 2],
  ["\u0800", 3],
  ["☄", 3],
  ["\uffff", 3],
  ["🙂", 4],
  ["\ud83d", 3],
  ["\ude42\ud83d", 6],
  ["\ud83d🙂\ude42", 10],
])("%j has %i octets", (text, octets) => {
  expect(sizeOf(text)).toBe(octets);
});

it("counts octets as they are", () => {
  expect(sizeOf(Uint8Array.of(1, 255))).toBe(2);
});

it("agrees with TextEncoder about any text, lone surrogates included", () => {
  const encoder = new TextEncoder();
  // Any sequence of UTF-16 code units, of which most have nothing above ASCII.
  const units = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));
  fc.assert(
    fc.property(fc.array(units), (codes) => {
      const text = String.fromCharCode(...codes);
      expect(sizeOf(text)).toBe(encoder.encode(text).length);
    }),
  );
});
