import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code, ProtocolError } from "./codes.ts";
import { base64Record, numberRecord, parameterRecord, payloadRecord, recordReader, Type } from "./wire.ts";

type Record_ = [type: string, number: number, payload: string | Uint8Array];

/** Reads the pieces as one carrier's text; what was read, and at last the code of the error if there was one. */
function read(pieces: readonly string[], { maxPayload = 1_000_000, isWhole = false } = {}): (Record_ | number)[] {
  const out: (Record_ | number)[] = [];
  const reader = recordReader((...record) => out.push(record), maxPayload);
  try {
    for (const piece of pieces) reader(piece, isWhole);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    out.push(error.code);
  }
  return out;
}

const binary = fc.uint8Array({ maxLength: 20 });
const text = fc.string({ unit: "binary", maxLength: 20 });
const number = fc.maxSafeNat();
const withNumber = fc.constantFrom(Type.acknowledge, Type.start, Type.ping, Type.pong, Type.name, Type.end);
const withPayload = fc.constantFrom(Type.text, Type.greeting, Type.close);
/** A record and how it is written. */
const written: fc.Arbitrary<{ record: Record_; wire: string }> = fc.oneof(
  fc.tuple(withNumber, number).map(([type, n]) => ({ record: [type, n, ""] as Record_, wire: numberRecord(type, n) })),
  fc.tuple(withPayload, text).map(([type, payload]) => ({
    record: [type, payload.length, payload] as Record_,
    wire: payloadRecord(type, payload),
  })),
  binary.map((octets) => ({
    record: [Type.binary, Math.ceil(octets.length / 3) * 4, octets] as Record_,
    wire: base64Record(octets),
  })),
);

/** Cuts text at these places, which may be anywhere, even between the halves of a surrogate pair. */
function cut(whole: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((one, other) => one - other);
  return [...ends, whole.length].map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
}

describe("records", () => {
  it("are a letter, a number and a colon, and a payload where the type has one", () => {
    expect(numberRecord(Type.acknowledge, 0)).toBe("a0:");
    expect(numberRecord(Type.start, 2 ** 53 - 1)).toBe("s9007199254740991:");
    expect(payloadRecord(Type.text, "hello")).toBe("t5:hello");
    expect(payloadRecord(Type.text, "")).toBe("t0:");
  });

  it("count their payload in UTF-16 code units", () => {
    expect(payloadRecord(Type.text, "☄🙂")).toBe("t3:☄🙂");
  });

  it("write octets as base64 with padding", () => {
    expect(base64Record(Uint8Array.of())).toBe("b0:");
    expect(base64Record(Uint8Array.of(0))).toBe("b4:AA==");
    expect(base64Record(Uint8Array.of(251, 255))).toBe("b4:+/8=");
    expect(base64Record(Uint8Array.of(1, 2, 3))).toBe("b4:AQID");
  });

  it("write octets by the million", () => {
    const octets = Uint8Array.from({ length: 1_000_000 }, (_, at) => at * 7);
    const [[, , payload]] = read([base64Record(octets)], { maxPayload: 2_000_000 }) as [Record_];
    expect(Buffer.compare(payload as Uint8Array, octets)).toBe(0);
  });

  it("write parameters as in a URL's query, without those that are undefined", () => {
    expect(parameterRecord(Type.close, { code: 4006, reason: "a&b=c ☄", retry: undefined })).toBe(
      "x36:code=4006&reason=a%26b%3Dc+%E2%98%84",
    );
    expect(parameterRecord(Type.close, {})).toBe("x0:");
  });
});

describe("the reader", () => {
  it("reads back what was written, in order", () => {
    fc.assert(
      fc.property(fc.array(written), (all) => {
        expect(read([all.map(({ wire }) => wire).join("")], { isWhole: true })).toEqual(
          all.map(({ record }) => record),
        );
      }),
    );
  });

  it("reads the same however the text is cut, once each record is complete", () => {
    fc.assert(
      fc.property(fc.array(written), fc.array(fc.nat()), (all, places) => {
        const pieces = cut(all.map(({ wire }) => wire).join(""), places);
        expect(read(pieces)).toEqual(all.map(({ record }) => record));
      }),
    );
  });

  it("hands over each record as soon as it is complete, and no sooner", () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1 }), (all) => {
        const counts: number[] = [];
        let count = 0;
        const reader = recordReader(() => count++, 1000);
        for (const { wire } of all) {
          reader(wire.slice(0, -1), false);
          counts.push(count);
          reader(wire.slice(-1), false);
          counts.push(count);
        }
        expect(counts).toEqual(all.flatMap((_, index) => [index, index + 1]));
      }),
    );
  });

  it("throws nothing but a ProtocolError, whatever comes", () => {
    const nearly = fc.stringMatching(/^([a-z]?[0-9]{0,18}:?[A-Za-z0-9+/=]{0,6}){0,6}$/);
    fc.assert(
      fc.property(fc.oneof(text, nearly), fc.array(fc.nat()), fc.boolean(), (garbage, places, isWhole) => {
        const codes = read(cut(garbage, places), { maxPayload: 100, isWhole }).filter((item) => !Array.isArray(item));
        expect(codes.length).toBeLessThan(2);
        for (const code of codes) expect([Code.malformed, Code.tooBig]).toContain(code);
      }),
    );
  });

  it("says the same of garbage however it is cut", () => {
    const nearly = fc.stringMatching(/^([a-z][0-9]{1,2}:[A-Za-z0-9]{0,12}){1,6}$/);
    fc.assert(
      fc.property(nearly, fc.array(fc.nat()), (garbage, places) => {
        expect(read(cut(garbage, places))).toEqual(read([garbage]));
      }),
    );
  });

  it("takes an empty text", () => {
    expect(read(["", "a1", "", ":", ""])).toEqual([["a", 1, ""]]);
    expect(read(["", "a1:"], { isWhole: true })).toEqual([["a", 1, ""]]);
  });

  it("may be cut between the halves of a surrogate pair", () => {
    expect(read(["t2:\ud83d", "\ude42a1:"])).toEqual([
      ["t", 2, "🙂"],
      ["a", 1, ""],
    ]);
  });

  it.each(["a01:", "a-1:", "a+1:", "a1.0:", "a 1:", "a:", "A1:", "1:", ":", "\n", "a1;", "t1 :x", "é1:"])(
    "does not take %j, and says so with 4000",
    (wire) => {
      expect(read([wire], { isWhole: true })).toEqual([Code.malformed]);
      // The next record shows it at the latest.
      expect(read([wire, "a1:a1:a1:a1:a1:a1:a1:"])).toEqual([Code.malformed]);
    },
  );

  it("takes numbers up to 2^53-1", () => {
    expect(read(["a9007199254740991:"])).toEqual([["a", 2 ** 53 - 1, ""]]);
    expect(read(["a9007199254740992:"])).toEqual([Code.malformed]);
    expect(read(["a9999999999999999:"])).toEqual([Code.malformed]);
    expect(read(["a10000000000000000:"])).toEqual([Code.malformed]);
  });

  it("hands over what precedes the error", () => {
    expect(read(["a1:t2:hip1:!"], { isWhole: true })).toEqual([
      ["a", 1, ""],
      ["t", 2, "hi"],
      ["p", 1, ""],
      Code.malformed,
    ]);
  });

  it.each(["a", "a1", "t5:hell", "b4:AAA", "t1:"])("does not take %j as the end of a batch", (wire) => {
    expect(read([`a1:${wire}`], { isWhole: true })).toEqual([["a", 1, ""], Code.malformed]);
    expect(read([`a1:${wire}`])).toEqual([["a", 1, ""]]);
  });

  it.each(["b4:A===", "b1:A", "b4:A☄==", "b4:-_==", "b5:AAAAA"])("does not take %j as base64", (wire) => {
    expect(read([wire])).toEqual([Code.malformed]);
  });

  it("takes base64 without padding and with spaces, as browsers do", () => {
    expect(read(["b2:AA", "b5:AA ==", "b0:"]).map((record) => (record as Record_)[2])).toEqual([
      Uint8Array.of(0),
      Uint8Array.of(0),
      Uint8Array.of(),
    ]);
  });
});

describe("the bounds", () => {
  it("allow a payload of just that length", () => {
    expect(read(["t4:abcd"], { maxPayload: 4 })).toEqual([["t", 4, "abcd"]]);
    expect(read(["t5:abcde"], { maxPayload: 4 })).toEqual([Code.tooBig]);
  });

  it("are enforced before the payload arrives", () => {
    expect(read(["t9007199254740991:"], { maxPayload: 4 })).toEqual([Code.tooBig]);
    expect(read(["x5:"], { maxPayload: 4 })).toEqual([Code.tooBig]);
  });

  it("are not for numbers that are no lengths", () => {
    expect(read(["a100:p100:"], { maxPayload: 4 })).toEqual([
      ["a", 100, ""],
      ["p", 100, ""],
    ]);
  });

  it("end a number that does not end", () => {
    expect(read(["a", ..."1".repeat(30)])).toEqual([Code.malformed]);
  });

  it("are not about how many records share a text", () => {
    expect(read(["a1:".repeat(100_000)])).toHaveLength(100_000);
  });
});

it("reads a long payload that comes in very many pieces", () => {
  const pieces = ["t4000000:", ...Array.from({ length: 400_000 }, () => "0123456789")];
  const [record] = read(pieces, { maxPayload: 4_000_000 }) as [Record_];
  expect(record[2]).toHaveLength(4_000_000);
});
