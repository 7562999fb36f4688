import { expect, test } from "vitest";
import { asText, pieceAsText } from "./as-text.ts";

const bomAndComet = Buffer.from("\ufeff☄");

test("what is UTF-8 is text, to the last character, and what is not stays as it is", () => {
  expect(asText(bomAndComet)).toBe("\ufeff☄");
  const cut = bomAndComet.subarray(0, -1);
  expect(asText(cut)).toBe(cut);
});

test("a view is read from where it begins to where it ends", () => {
  const octets = new Uint8Array(Buffer.from("-one-")).subarray(1, 4);
  expect([asText(octets), pieceAsText(octets)]).toEqual(["one", "one"]);
});

test("a piece of a stream is text only if no character of it can be cut", () => {
  expect(pieceAsText(Buffer.from("SEND\n\n\0"))).toBe("SEND\n\n\0");
  expect(pieceAsText(bomAndComet)).toBe(bomAndComet);
});
