import { describe, expect, it } from "vitest";
import { EnckeError } from "../errors.ts";
import { encodeFrame } from "./encode.ts";
import type { Headers, StompVersion } from "./frame.ts";

const versions: StompVersion[] = ["1.0", "1.1", "1.2"];
const refusal = (headers: Headers, version: StompVersion, command = "SEND") => {
  try {
    return encodeFrame(command, headers, "", version);
  } catch (error) {
    return error instanceof EnckeError ? error.code : error;
  }
};

describe("encodeFrame", () => {
  it.each(versions)("writes command, headers, a blank line and the closing NUL (STOMP %s)", (version) => {
    expect(encodeFrame("SUBSCRIBE", { id: "0", destination: "/queue/a" }, "", version)).toBe(
      "SUBSCRIBE\nid:0\ndestination:/queue/a\n\n\0",
    );
  });

  it("writes a frame without headers", () => {
    expect(encodeFrame("DISCONNECT", {}, "", "1.2")).toBe("DISCONNECT\n\n\0");
  });

  it("adds the length of a text body in octets of UTF-8, not in characters", () => {
    expect(encodeFrame("SEND", {}, "abc", "1.2")).toBe("SEND\ncontent-length:3\n\nabc\0");
    expect(encodeFrame("SEND", {}, "aé€😀", "1.2")).toBe("SEND\ncontent-length:10\n\naé€😀\0");
    expect(encodeFrame("SEND", {}, "é".repeat(1000), "1.2")).toContain("\ncontent-length:2000\n");
    expect(encodeFrame("SEND", {}, "e".repeat(1000), "1.2")).toContain("\ncontent-length:1000\n");
  });

  it("counts long text right wherever a character stands", () => {
    for (let shift = 0; shift < 5; shift++) {
      const body = "a".repeat(shift) + "😀€é".repeat(3000);
      expect(encodeFrame("SEND", {}, body, "1.2")).toContain(`\ncontent-length:${shift + 27_000}\n`);
    }
  });

  it("counts a lone surrogate as the three octets of the U+FFFD that a WebSocket sends for it", () => {
    expect(encodeFrame("SEND", {}, "\ud83d", "1.2")).toContain("\ncontent-length:3\n");
  });

  it("adds no length to an empty body", () => {
    expect(encodeFrame("SEND", {}, "", "1.2")).toBe("SEND\n\n\0");
    expect(encodeFrame("SEND", {}, new Uint8Array(), "1.2")).toEqual(new TextEncoder().encode("SEND\n\n\0"));
  });

  it("writes the true length and no other where the headers carry one", () => {
    expect(encodeFrame("SEND", { "content-length": "3", a: "b" }, "abc", "1.2")).toBe(
      "SEND\na:b\ncontent-length:3\n\nabc\0",
    );
    expect(encodeFrame("SEND", { "content-length": "99" }, "abc", "1.2")).toBe("SEND\ncontent-length:3\n\nabc\0");
    expect(encodeFrame("SEND", { "content-length": "7" }, "", "1.2")).toBe("SEND\n\n\0");
  });

  it("writes bytes for a binary body, NULs included, and leaves the given bytes alone", () => {
    const body = Uint8Array.of(0, 255, 10, 0);
    const frame = encodeFrame("SEND", { name: "é" }, body, "1.2") as Uint8Array;
    const head = new TextEncoder().encode("SEND\nname:é\ncontent-length:4\n\n");
    expect(frame).toEqual(Uint8Array.of(...head, 0, 255, 10, 0, 0));
    frame.fill(7);
    expect(body).toEqual(Uint8Array.of(0, 255, 10, 0));
  });

  it("escapes backslash, LF, colon and CR in names and values of 1.2", () => {
    expect(encodeFrame("SEND", { "a:\\b": "\\n\n:\r" }, "", "1.2")).toBe("SEND\na\\c\\\\b:\\\\n\\n\\c\\r\n\n\0");
  });

  it("escapes all but CR in 1.1, which has no escape for it and takes it as data", () => {
    expect(encodeFrame("SEND", { "a:\\b": "\\n\n:\r" }, "", "1.1")).toBe("SEND\na\\c\\\\b:\\\\n\\n\\c\r\n\n\0");
  });

  it("escapes nothing in 1.0", () => {
    expect(encodeFrame("SEND", { "a\\b": "\\n:c" }, "", "1.0")).toBe("SEND\na\\b:\\n:c\n\n\0");
  });

  it.each(versions)("escapes nothing in CONNECT and CONNECTED (STOMP %s)", (version) => {
    for (const command of ["CONNECT", "CONNECTED"]) {
      expect(encodeFrame(command, { passcode: "a:b\\c" }, "", version)).toBe(`${command}\npasscode:a:b\\c\n\n\0`);
    }
  });

  it("escapes in the STOMP frame, which the exemption does not name", () => {
    expect(encodeFrame("STOMP", { passcode: "a:b" }, "", "1.2")).toBe("STOMP\npasscode:a\\cb\n\n\0");
  });

  it("refuses in frames without escapes what would be read as other headers", () => {
    for (const [command, version] of [
      ["SEND", "1.0"],
      ["CONNECT", "1.2"],
      ["CONNECTED", "1.1"],
    ] as const) {
      expect(refusal({ a: "b\nadmin:true" }, version, command)).toBe("HEADER_NOT_WRITABLE");
      expect(refusal({ a: "b\r" }, version, command)).toBe("HEADER_NOT_WRITABLE");
      expect(refusal({ "a\nb": "" }, version, command)).toBe("HEADER_NOT_WRITABLE");
      expect(refusal({ "a:b": "" }, version, command)).toBe("HEADER_NOT_WRITABLE");
    }
  });

  it.each(versions)("refuses an empty name (STOMP %s)", (version) => {
    expect(refusal({ "": "value" }, version)).toBe("HEADER_NOT_WRITABLE");
  });

  it("leaves out a header that is undefined", () => {
    expect(encodeFrame("SEND", { a: undefined, b: "" }, "", "1.2")).toBe("SEND\nb:\n\n\0");
  });

  it("names the header that it refuses, and not the value, which may be a secret", () => {
    expect(() => encodeFrame("CONNECT", { passcode: "top\nsecret" }, "", "1.2")).toThrow(/passcode/);
    expect(() => encodeFrame("CONNECT", { passcode: "top\nsecret" }, "", "1.2")).not.toThrow(/secret/);
  });
});
