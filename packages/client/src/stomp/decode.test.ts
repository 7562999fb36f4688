import { describe, expect, it } from "vitest";
import { EnckeError } from "../errors.ts";
import { FrameDecoder } from "./decode.ts";
import type { Frame, StompVersion } from "./frame.ts";

const versions: StompVersion[] = ["1.0", "1.1", "1.2"];
type Limits = { maxFrame?: number; maxHead?: number };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Feeds the chunks and returns what came out: frames, and at last the code of the error, if there was one. */
function decode(chunks: (string | Uint8Array)[], version: StompVersion = "1.2", limits: Limits = {}) {
  const out: (Frame | string)[] = [];
  const decoder = new FrameDecoder((frame) => out.push(frame), limits.maxFrame, limits.maxHead);
  decoder.version = version;
  try {
    for (const chunk of chunks) decoder.feed(chunk);
  } catch (error) {
    if (!(error instanceof EnckeError)) throw error;
    out.push(error.code);
  }
  return out;
}

/** The same input as text and as bytes; bodies are compared as text. */
function decodeBothWays(input: string, version?: StompVersion, limits?: Limits) {
  const asText = decode([input], version, limits);
  const asBytes = decode([bytes(input)], version, limits).map((item) => {
    if (typeof item === "string") return item;
    expect(item.body).toBeInstanceOf(Uint8Array);
    return { ...item, body: new TextDecoder().decode(item.body as Uint8Array) };
  });
  expect(asBytes).toEqual(asText);
  return asText;
}

const message = (headers: Record<string, string>, body = "") => ({ command: "MESSAGE", headers, body });

describe("a frame", () => {
  it.each(versions)("has a command, headers and a body up to the NUL (STOMP %s)", (version) => {
    expect(decodeBothWays("MESSAGE\nsubscription:0\nmessage-id:007\n\nhello queue a\0", version)).toEqual([
      message({ subscription: "0", "message-id": "007" }, "hello queue a"),
    ]);
  });

  it("may have neither headers nor a body", () => {
    expect(decodeBothWays("DISCONNECT\n\n\0")).toEqual([{ command: "DISCONNECT", headers: {}, body: "" }]);
  });

  it("may share its chunk with others and with heart-beats", () => {
    expect(decodeBothWays("\nMESSAGE\n\na\0\n\r\nMESSAGE\n\nb\0MESSAGE\n\n\0")).toEqual([
      message({}, "a"),
      message({}, "b"),
      message({}),
    ]);
  });

  it("has a string body where it came as text and a Uint8Array body where it came as bytes, in one stream", () => {
    const frames = decode(["MESSAGE\n\ntext\0", bytes("MESSAGE\n\nbytes\0"), "MESSAGE\n\ntext\0"]);
    expect(frames).toEqual([message({}, "text"), { ...message({}), body: bytes("bytes") }, message({}, "text")]);
  });

  it("is not looked for in a body", () => {
    expect(decodeBothWays("MESSAGE\n\nMESSAGE\nfoo:bar\n\n\0")).toEqual([message({}, "MESSAGE\nfoo:bar\n\n")]);
  });

  it("may have a command that no standard knows, for the owner to judge", () => {
    expect(decodeBothWays("X-PING\n\n\0")).toEqual([{ command: "X-PING", headers: {}, body: "" }]);
  });

  it.each(["GET / HTTP/1.1\r\nHost: a\r\n", "{\n", "<html>\n", "\0\n", " MESSAGE\n", "a:b\n", "é\n"])(
    "does not begin with %j, which is refused at the first blank line",
    (input) => {
      expect(decodeBothWays(`${input}\r\n`)).toEqual(["MALFORMED_FRAME"]);
    },
  );

  it("reads what is no UTF-8 in its head as U+FFFD", () => {
    const head = Uint8Array.of(...bytes("MESSAGE\na:"), 0xc3);
    expect(decode([head, bytes("\n\n\0")])).toEqual([{ ...message({ a: "\ufffd" }), body: bytes("") }]);
    expect(decode([head, "\n\n\0"])).toEqual([{ ...message({ a: "\ufffd" }), body: bytes("") }]);
  });

  it("keeps a byte order mark in a header", () => {
    expect(decodeBothWays("MESSAGE\n\ufeffa:\ufeffb\n\n\0")).toEqual([message({ "\ufeffa": "\ufeffb" })]);
  });
});

describe("a header", () => {
  it("counts the first time where it is repeated", () => {
    expect(decodeBothWays("MESSAGE\nfoo:World\nfoo:Hello\n\n\0")).toEqual([message({ foo: "World" })]);
    expect(decodeBothWays("MESSAGE\nfoo:\nfoo:Hello\n\n\0")).toEqual([message({ foo: "" })]);
  });

  it.each(["1.1", "1.2"] as const)("is unescaped in name and value, in one pass (STOMP %s)", (version) => {
    expect(decodeBothWays("MESSAGE\na\\cb\\\\:\\\\n\\n\\c\\\\\\\\c\n\n\0", version)).toEqual([
      message({ "a:b\\": "\\n\n:\\\\c" }),
    ]);
  });

  it("knows the escape for CR in 1.2 alone", () => {
    expect(decodeBothWays("MESSAGE\na:\\r\n\n\0", "1.2")).toEqual([message({ a: "\r" })]);
    expect(decodeBothWays("MESSAGE\na:\\r\n\n\0", "1.1")).toEqual(["MALFORMED_FRAME"]);
  });

  it.each(["\\t", "\\", "a\\", "\\\\\\", "\\C", "\\ ", "\\😀", "\\u000a"])(
    "is refused with the undefined escape %j from 1.1 on",
    (value) => {
      for (const version of ["1.1", "1.2"] as const) {
        expect(decodeBothWays(`MESSAGE\na:${value}\n\n\0`, version)).toEqual(["MALFORMED_FRAME"]);
        expect(decodeBothWays(`MESSAGE\n${value}:a\n\n\0`, version)).toEqual(["MALFORMED_FRAME"]);
      }
      expect(decodeBothWays(`MESSAGE\na:${value.trim()}\n\n\0`, "1.0")).toEqual([message({ a: value.trim() })]);
    },
  );

  it.each(versions)("is taken as it is in CONNECT and CONNECTED (STOMP %s)", (version) => {
    for (const command of ["CONNECT", "CONNECTED"]) {
      expect(decodeBothWays(`${command}\npasscode:a:b\\n\\t\\\n\n\0`, version)).toEqual([
        { command, headers: { passcode: "a:b\\n\\t\\" }, body: "" },
      ]);
    }
  });

  it("is unescaped in the STOMP frame, which the exemption does not name", () => {
    expect(decodeBothWays("STOMP\npasscode:a\\cb\n\n\0")).toEqual([
      { command: "STOMP", headers: { passcode: "a:b" }, body: "" },
    ]);
  });

  it.each(versions)("is never trimmed (STOMP %s)", (version) => {
    expect(decodeBothWays("MESSAGE\n a : b \ncontent-length: 2 \n\nab\0", version)).toEqual([
      message({ " a ": " b ", "content-length": " 2 " }, "ab"),
    ]);
  });

  it("may have an empty value and a value with colons", () => {
    expect(decodeBothWays("MESSAGE\na:\nb:c:d\n\n\0")).toEqual([message({ a: "", b: "c:d" })]);
  });

  it.each(versions)("needs a name and a colon (STOMP %s)", (version) => {
    expect(decodeBothWays("MESSAGE\na\n\n\0", version)).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("MESSAGE\na\nb:c\n\n\0", version)).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("MESSAGE\n:a\n\n\0", version)).toEqual(["MALFORMED_FRAME"]);
  });

  it("may be called like a member of Object.prototype, and none is there otherwise", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const [frame] = decode([`MESSAGE\n${names.map((name) => `${name}:x\n${name}:y\n`).join("")}\n\0`]) as [Frame];
    expect(Object.keys(frame.headers)).toEqual(names);
    expect(names.map((name) => frame.headers[name])).toEqual(["x", "x", "x", "x"]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();

    const [plain] = decode(["MESSAGE\na:b\n\n\0"]) as [Frame];
    expect(names.map((name) => plain.headers[name])).toEqual([undefined, undefined, undefined, undefined]);
    expect({ ...plain.headers }).toStrictEqual({ a: "b" });
    expect(JSON.stringify(plain.headers)).toBe('{"a":"b"}');
  });
});

describe("a line end", () => {
  it.each(["1.0", "1.2"] as const)("may be CR LF (STOMP %s)", (version) => {
    expect(decodeBothWays("\r\nMESSAGE\r\na:b\r\nc:d\n\r\ne\r\n\0\r\n", version)).toEqual([
      message({ a: "b", c: "d" }, "e\r\n"),
    ]);
  });

  it("is LF alone in 1.1, where CR is data", () => {
    expect(decodeBothWays("MESSAGE\na:b\r\n\n\0", "1.1")).toEqual([message({ a: "b\r" })]);
    expect(decodeBothWays("MESSAGE\na:b\r\n\r\n\0", "1.1")).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("\r\n", "1.1")).toEqual(["MALFORMED_FRAME"]);
  });

  it("is not a CR alone", () => {
    expect(decodeBothWays("MESSAGE\na:b\rc\n\n\0")).toEqual([message({ a: "b\rc" })]);
    expect(decodeBothWays("\rMESSAGE\n\n\0")).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("MESSAGE\n\r\r\n\n\0")).toEqual(["MALFORMED_FRAME"]);
  });
});

describe("content-length", () => {
  it("counts octets, in text too", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:10\n\naé€😀\0\n")).toEqual([
      message({ "content-length": "10" }, "aé€😀"),
    ]);
  });

  it("lets the body have NULs", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:4\n\n\0é\0\0MESSAGE\n\n\0")).toEqual([
      message({ "content-length": "4" }, "\0é\0"),
      message({}),
    ]);
  });

  it("may be 0", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:0\n\n\0")).toEqual([message({ "content-length": "0" })]);
    expect(decodeBothWays("MESSAGE\ncontent-length:0\n\na\0")).toEqual(["MALFORMED_FRAME"]);
  });

  it("counts the first time where it is repeated", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:1\ncontent-length:9\n\na\0")).toEqual([
      message({ "content-length": "1" }, "a"),
    ]);
  });

  it.each(["-1", "one", "1,0", "١"])("is not %j", (length) => {
    expect(decodeBothWays(`MESSAGE\ncontent-length:${length}\n\na\0`)).toEqual(["MALFORMED_FRAME"]);
  });

  it("is refused when no NUL follows, with the first that comes later", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:2\n\nabc\0")).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("MESSAGE\ncontent-length:2\n\na\0MESSAGE\n\n\0")).toEqual(["MALFORMED_FRAME"]);
  });

  it("is understood in text where a peer counted characters, and refused in bytes", () => {
    expect(decode(["MESSAGE\ncontent-length:4\n\nhéhé\0"])).toEqual([message({ "content-length": "4" }, "héhé")]);
    expect(decode([bytes("MESSAGE\ncontent-length:4\n\nhéhé\0")])).toEqual(["MALFORMED_FRAME"]);
    expect(decodeBothWays("MESSAGE\ncontent-length:3\n\n😀\0")).toEqual(["MALFORMED_FRAME"]);
    expect(decode(["MESSAGE\ncontent-length:3\n\n\ud83d", "\ude00\0"])).toEqual(["MALFORMED_FRAME"]);
  });

  it("may end where a chunk ends", () => {
    expect(decode(["MESSAGE\ncontent-length:2\n\nab", "\0"])).toEqual([message({ "content-length": "2" }, "ab")]);
    expect(decode(["MESSAGE\ncontent-length:2\n\nab", "c\0"])).toEqual(["MALFORMED_FRAME"]);
  });
});

describe("a frame that comes in text and bytes", () => {
  const head = "MESSAGE\nname:é\ncontent-length:6\n\n";

  it("has a body of bytes", () => {
    const body = bytes("aé\0bc");
    expect(decode([`${head}aé`, bytes("\0bc\0")])).toEqual([
      { command: "MESSAGE", headers: { name: "é", "content-length": "6" }, body },
    ]);
    expect(decode([bytes(`${head}aé`), "\0bc\0"])[0]).toMatchObject({ body });
    expect(decode([`${head}a`, bytes("é"), "\0", "b", bytes("c"), "\0"])[0]).toMatchObject({ body });
    expect(decode([`${head}aé\0bc`, bytes("\0")])[0]).toMatchObject({ body });
    expect(decode([bytes(head), "aé\0bc\0"])[0]).toMatchObject({ headers: { name: "é" }, body });
    expect(decode([head.slice(0, 13), bytes(head.slice(13)), "aé\0bc\0"])[0]).toMatchObject({ body });
    expect(decode([head, bytes("aé\0bc\0")])[0]).toMatchObject({ body });
  });
});

describe("a limit", () => {
  it("bounds the frame, head and body together", () => {
    const frame = "MESSAGE\na:b\n\n0123456789\0";
    const size = frame.length - 1;
    expect(decodeBothWays(frame, "1.2", { maxFrame: size })).toEqual([message({ a: "b" }, "0123456789")]);
    expect(decodeBothWays(frame, "1.2", { maxFrame: size - 1 })).toEqual(["FRAME_TOO_BIG"]);
  });

  it("refuses a content-length beyond it before the body comes", () => {
    expect(decodeBothWays("MESSAGE\ncontent-length:16777216\n\n")).toEqual(["FRAME_TOO_BIG"]);
    expect(decodeBothWays(`MESSAGE\ncontent-length:${"9".repeat(400)}\n\n`)).toEqual(["FRAME_TOO_BIG"]);
    expect(decodeBothWays("MESSAGE\ncontent-length:1000\n\n")).toEqual([]);
  });

  it("refuses a body without a content-length once it has outgrown it", () => {
    const chunks = ["MESSAGE\n\n", ...Array(10).fill("0123456789")];
    expect(decode(chunks, "1.2", { maxFrame: 110 })).toEqual([]);
    expect(decode(chunks, "1.2", { maxFrame: 108 })).toEqual(["FRAME_TOO_BIG"]);
    expect(decode(chunks.map(bytes), "1.2", { maxFrame: 108 })).toEqual(["FRAME_TOO_BIG"]);
  });

  it("bounds the head", () => {
    const head = "MESSAGE\nabc:def\n\n";
    expect(decodeBothWays(`${head}\0`, "1.2", { maxHead: head.length })).toHaveLength(1);
    expect(decodeBothWays(`${head}\0`, "1.2", { maxHead: head.length - 1 })).toEqual(["FRAME_TOO_BIG"]);
  });

  it("bounds a line that never ends as it does a frame", () => {
    expect(decodeBothWays("A".repeat(101), "1.2", { maxFrame: 100 })).toEqual(["FRAME_TOO_BIG"]);
    expect(decode(["MESSAGE\n", ..."a".repeat(93)], "1.2", { maxFrame: 100 })).toEqual(["FRAME_TOO_BIG"]);
  });

  it("does not count the line ends between frames", () => {
    expect(decodeBothWays("\n".repeat(1000), "1.2", { maxFrame: 10, maxHead: 10 })).toEqual([]);
    expect(decode(Array(1000).fill("\r\n"), "1.2", { maxFrame: 10, maxHead: 10 })).toEqual([]);
  });
});

describe("a binary body", () => {
  it("is a view of the chunk that holds all of it", () => {
    const chunk = bytes("MESSAGE\n\nabc\0");
    const [frame] = decode([chunk]) as [Frame];
    expect((frame.body as Uint8Array).buffer).toBe(chunk.buffer);
  });
});

describe("FrameDecoder", () => {
  it("reads with the version that onFrame sets from the next frame on", () => {
    const out: Frame[] = [];
    const decoder = new FrameDecoder((frame) => {
      out.push(frame);
      decoder.version = frame.headers.version as StompVersion;
    });
    decoder.feed("CONNECTED\nversion:1.0\n\n\0MESSAGE\nversion:1.2\na:\\t\n\n\0MESSAGE\na:\\n\n\n\0");
    expect(out.map(({ headers }) => headers.a)).toEqual([undefined, "\\t", "\n"]);
  });

  it("takes an empty chunk as nothing", () => {
    expect(decode(["", new Uint8Array(), "MESS", "", "AGE\n\na", "", "\0", new Uint8Array()])).toEqual([
      message({}, "a"),
    ]);
  });

  it("delivers what came before an error", () => {
    expect(decode(["MESSAGE\n\na\0MESSAGE\noops\n\n\0MESSAGE\n\nb\0"])).toEqual([message({}, "a"), "MALFORMED_FRAME"]);
  });

  it("reads a long body in the smallest chunks in linear time", () => {
    const length = 200_000;
    for (const one of ["x", bytes("x")]) {
      for (const header of [`content-length:${length}\n`, ""]) {
        const frames: Frame[] = [];
        const decoder = new FrameDecoder((frame) => frames.push(frame));
        decoder.feed(`MESSAGE\n${header}\n`);
        for (let i = 0; i < length; i++) decoder.feed(one);
        decoder.feed(typeof one === "string" ? "\0" : Uint8Array.of(0));
        expect(frames[0]?.body).toHaveLength(length);
      }
    }
  });
});
