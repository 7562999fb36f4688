import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { htmlFraming, toScriptString } from "./html.ts";

const pieces = fc.constantFrom(
  "</script>",
  "<!--",
  "-->",
  "<script",
  "&lt;",
  "\\",
  "\\u003c",
  '"',
  "'",
  "\n",
  "\r",
  "\0",
);
const others = fc.constantFrom("\u2028", "\u2029", "\uFEFF", "\uD800", "\uDC00", "😀", "`$", " ");
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.oneof(pieces, others)).map((all) => all.join("")),
);

describe("a string in a script", () => {
  it("is the text that it was made from, lone surrogates aside", () => {
    fc.assert(
      fc.property(text, (original) => {
        expect(runInNewContext(toScriptString(original))).toBe(Buffer.from(original).toString());
      }),
    );
  });

  it("means nothing to HTML, and is one line", () => {
    fc.assert(
      fc.property(text, (original) => {
        expect(toScriptString(original)).not.toMatch(/[<>&\n\r\u2028\u2029]/);
      }),
    );
  });
});

describe("a document", () => {
  it("has a nonce of its own, by which its policy knows its scripts", () => {
    const [one, other] = [htmlFraming("https://a.test"), htmlFraming("https://a.test")];
    const nonce = /nonce="([^"]{16,})"/.exec(one.opening)![1]!;
    expect(one.headers["Content-Security-Policy"]).toBe(
      `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors https://a.test`,
    );
    expect(one.frame("a0:")).toBe(`<script nonce="${nonce}">r("a0:")</script>\n`);
    expect(other.opening).not.toContain(nonce);
  });
});
