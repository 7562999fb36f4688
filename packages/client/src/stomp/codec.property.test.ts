import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnckeError } from "../errors.ts";
import { FrameDecoder } from "./decode.ts";
import { encodeFrame } from "./encode.ts";
import { type Frame, isUnescaped, type StompVersion } from "./frame.ts";

const version = fc.constantFrom<StompVersion[]>("1.0", "1.1", "1.2");
const command = fc.constantFrom("CONNECT", "CONNECTED", "STOMP", "SEND", "MESSAGE", "ERROR", "RECEIPT");

/** Text that is rich in what the grammar gives a meaning to, and in characters of two, three and four octets. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom("\\", "\n", "\r", ":", "n", "c", "r", "t", "\0", " ", "é", "€", "😀", "\ufeff") }),
  fc.string({ unit: "binary" }),
  fc.string(),
);
const longText = fc.tuple(text, fc.integer({ min: 1, max: 400 })).map(([part, times]) => part.repeat(times));

/** A frame that STOMP `version` can express, and so what comes out is what went in. */
const frameOf = (version: StompVersion): fc.Arbitrary<Frame> =>
  command.chain((command) => {
    const writable = (header: string) => (isUnescaped(command, version) ? header.replace(/[\r\n]/g, "") : header);
    const name = text
      .map((name) => (isUnescaped(command, version) ? writable(name.replaceAll(":", "")) : name))
      .filter((name) => name !== "" && name !== "content-length");
    const headers = fc
      .array(fc.tuple(fc.oneof(name, fc.constantFrom("__proto__", "constructor")), text.map(writable)), {
        maxLength: 9,
      })
      .map((entries) => Object.assign(Object.create(null), ...entries.map(record)) as Record<string, string>);
    return fc.record({
      command: fc.constant(command),
      headers,
      body: fc.oneof(text, longText, fc.uint8Array(), fc.uint8Array({ minLength: 600, maxLength: 2000 })),
    });
  });

/** `{ [name]: value }` even where the name is `__proto__`. */
function record([name, value]: [string, string]) {
  return Object.defineProperty(Object.create(null), name, { value, enumerable: true }) as object;
}

type Chunk = string | Uint8Array;

/** Frames and the error that comes out, with headers as entries because deep equality skips `__proto__`. */
function decode(chunks: Chunk[], version: StompVersion, ...limits: number[]) {
  const out: unknown[] = [];
  const decoder = new FrameDecoder(
    ({ command, headers, body }) => out.push({ command, headers: Object.entries(headers), body }),
    ...limits,
  );
  decoder.version = version;
  try {
    for (const chunk of chunks) decoder.feed(chunk);
  } catch (error) {
    if (!(error instanceof EnckeError)) throw error;
    out.push("error");
  }
  return out;
}

function cut<T extends Chunk>(whole: T, cuts: number[]): T[] {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  return at.slice(1).map((end, i) => whole.slice(at[i], end) as T);
}

const toBytes = (chunk: Chunk) => (typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);

const concat = (chunks: Chunk[]) => Uint8Array.from(chunks.flatMap((chunk) => [...toBytes(chunk)]));

/** A stream of frames, all text or all bytes, with line ends between them. */
const stream = fc.record({ version, isText: fc.boolean() }).chain(({ version, isText }) =>
  fc.array(fc.tuple(frameOf(version), fc.stringMatching(/^\n{0,2}$/)), { minLength: 1, maxLength: 4 }).map((parts) => {
    const written = parts.flatMap(([{ command, headers, body }, eols]) => {
      const sent = isText && typeof body !== "string" ? "" : body;
      return [encodeFrame(command, headers, sent, version), eols];
    });
    return { version, input: isText ? written.join("") : concat(written) };
  }),
);

/** Nearly STOMP: pieces of the grammar in any order. */
const garbage = fc
  .array(
    fc.oneof(
      text,
      fc.constantFrom("MESSAGE\n", "CONNECTED\n", "a:b\n", "content-length:3\n", "content-length:9999\n", "\n\n", "\0"),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(""));

const cuts = fc.array(fc.nat(), { maxLength: 30 });

describe("the codec", () => {
  it("decodes what it encoded", () => {
    fc.assert(
      fc.property(
        version.chain((version) => fc.tuple(fc.constant(version), frameOf(version))),
        ([version, { command, headers, body }]) => {
          const length = typeof body === "string" ? toBytes(body).length : body.length;
          const expected = [...Object.entries(headers), ...(length ? [["content-length", String(length)]] : [])];
          const encoded = encodeFrame(command, headers, body, version);
          expect(typeof encoded).toBe(typeof body);
          expect(decode([encoded], version)).toEqual([{ command, headers: expected, body }]);
        },
      ),
    );
  });

  it("makes the same frames of a stream however it is cut", () => {
    fc.assert(
      fc.property(stream, cuts, ({ version, input }, cuts) => {
        expect(decode(cut(input, cuts), version)).toEqual(decode([input], version));
      }),
    );
  });

  it("makes the same frames of a stream that comes a unit at a time", () => {
    fc.assert(
      fc.property(stream, ({ version, input }) => {
        const everyUnit = [...Array(input.length).keys()];
        expect(decode(cut(input, everyUnit), version)).toEqual(decode([input], version));
      }),
      { numRuns: 30 },
    );
  });

  it("makes the same octets of text and bytes in turn", () => {
    fc.assert(
      fc.property(stream, cuts, fc.infiniteStream(fc.boolean()), ({ version, input }, cuts, isBytes) => {
        if (typeof input !== "string") return;
        const pieces = cut(new TextDecoder().decode(toBytes(input)), cuts);
        for (let i = pieces.length - 1; i > 0; i--) {
          // A character cannot be half text and half bytes.
          if (!/^[\udc00-\udfff]/.test(pieces[i]!)) continue;
          pieces[i - 1] += pieces[i]![0];
          pieces[i] = pieces[i]!.slice(1);
        }
        const chunks = pieces.map((piece) => (isBytes.next().value ? toBytes(piece) : piece));
        const octets = (out: unknown[]) =>
          out.map((item) =>
            typeof item === "string" ? item : { ...(item as Frame), body: [...toBytes((item as Frame).body)] },
          );
        expect(octets(decode(chunks, version))).toEqual(octets(decode([pieces.join("")], version)));
      }),
    );
  });

  it("makes the same of anything at all however it is cut, and throws nothing but its own error", () => {
    fc.assert(
      fc.property(garbage, version, cuts, fc.boolean(), (text, version, cuts, isText) => {
        const input = isText ? text : toBytes(text);
        const frames = (out: unknown[]) => out.filter((item) => item !== "error");
        // What is held is looked at when what may complete it comes.
        const last = isText ? "\n\0" : toBytes("\n\0");
        const whole = decode([input, last], version, 150, 100);
        const parts = decode([...cut(input, cuts), last], version, 150, 100);
        expect(frames(parts)).toEqual(frames(whole));
        expect(parts.includes("error")).toBe(whole.includes("error"));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes any octets without another error than its own", () => {
    const octets = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200, max: 0x8f, min: 0 }));
    fc.assert(
      fc.property(octets, version, cuts, (tail, version, cuts) => {
        for (const start of ["", "MESSAGE\n", "MESSAGE\ncontent-length:5\n\n", "MESSAGE\n\n"]) {
          decode(cut(concat([start, tail]), cuts), version);
        }
      }),
    );
  });

  it("stops at a limit before a chunk goes beyond it by more than its own length", () => {
    const part = fc.oneof(fc.constantFrom("x", "a:b\n", "é", "MESSAGE\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    const start = fc.constantFrom("", "MESSAGE\n", "MESSAGE\n\n", "MESSAGE\na:b\n\n");
    fc.assert(
      fc.property(start, part, version, fc.boolean(), (start, part, version, isText) => {
        const chunk = isText ? part : toBytes(part);
        const decoder = new FrameDecoder(() => {}, 2000, 1000);
        decoder.version = version;
        let taken = 0;
        try {
          decoder.feed(start);
          for (; taken < 10_000; taken += chunk.length) decoder.feed(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(EnckeError);
        }
        expect(taken).toBeLessThanOrEqual(2000);
      }),
    );
  });
});
