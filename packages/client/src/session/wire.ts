import { Code, ProtocolError } from "./codes.ts";

/**
 * Records: PROTOCOL.md section 3. Written and read by both sides, so this file knows neither.
 *
 *     record = type number ":" [ payload ]
 */
export const Type = {
  acknowledge: 0x61, // a
  binary: 0x62, // b
  end: 0x65, // e
  greeting: 0x67, // g
  name: 0x6e, // n
  ping: 0x70, // p
  pong: 0x71, // q
  start: 0x73, // s
  text: 0x74, // t
  close: 0x78, // x
} as const;

/** A record without a payload. */
export function numberRecord(type: number, number: number): string {
  return `${String.fromCharCode(type)}${number}:`;
}

/** A record with one. */
export function payloadRecord(type: number, payload: string): string {
  return numberRecord(type, payload.length) + payload;
}

/** A record whose payload is parameters, as in a URL's query. Those that are undefined are left out. */
export function parameterRecord(type: number, parameters: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value !== undefined) query.set(key, String(value));
  return payloadRecord(type, String(query));
}

/** A binary message on a text carrier. */
export function base64Record(message: Uint8Array): string {
  let octets = "";
  // `apply` takes a bounded number of arguments.
  for (let at = 0; at < message.length; at += 0x2000) {
    octets += String.fromCharCode.apply(null, message.subarray(at, at + 0x2000) as unknown as number[]);
  }
  return payloadRecord(Type.binary, btoa(octets));
}

function fromBase64(text: string): Uint8Array {
  let octets: string;
  try {
    octets = atob(text);
  } catch {
    throw new ProtocolError(Code.malformed, "A binary message is not base64.");
  }
  const message = new Uint8Array(octets.length);
  for (let at = 0; at < octets.length; at++) message[at] = octets.charCodeAt(at);
  return message;
}

/** Binary messages as one binary WebSocket message: each behind its length in four octets. */
export function binaryBatch(messages: Uint8Array[]): Uint8Array {
  let size = 0;
  for (const message of messages) size += 4 + message.length;
  const batch = new Uint8Array(size);
  const view = new DataView(batch.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    batch.set(message, at + 4);
    at += 4 + message.length;
  }
  return batch;
}

/** Takes one record. `payload` is empty for types that have none; a binary message comes as octets, with the type `b`. */
export type RecordSink = (type: number, number: number, payload: string | Uint8Array) => void;

/** Cuts a binary WebSocket message into its messages. @throws {ProtocolError} where a length does not fit. */
export function readBinaryBatch(batch: Uint8Array, sink: RecordSink): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  for (let at = 0; at < batch.length; ) {
    const from = at + 4;
    const end = from <= batch.length ? from + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > batch.length) throw new ProtocolError(Code.malformed, "A binary batch is cut short.");
    sink(Type.binary, end - from, batch.subarray(from, end));
    at = end;
  }
}

const hasPayload = (type: number) =>
  type === Type.text || type === Type.binary || type === Type.greeting || type === Type.close;

/** Longest number: 2^53-1 has 16 digits. */
const maxDigits = 16;

/**
 * Reads records from text that arrives cut anywhere, even inside a number or between the halves of a surrogate pair.
 * It holds at most one record that is incomplete.
 */
export class RecordReader {
  #pieces: string[] = [];
  #held = 0;
  /** Units needed before another look is worth it. */
  #wanted = 0;

  constructor(
    readonly sink: RecordSink,
    /** The longest payload taken, in UTF-16 code units. */
    readonly maxPayload: number,
  ) {}

  /** Takes the next text and hands over each record that it completes. @throws {ProtocolError} 4000 or 4004; the reader is of no use after it. */
  read(text: string): void {
    if (this.#held > 0) {
      this.#pieces.push(text);
      this.#held += text.length;
      if (this.#held < this.#wanted) return;
      text = this.#pieces.join("");
      this.#pieces = [];
      this.#held = 0;
    }
    let at = 0;
    while (at < text.length) {
      const type = text.charCodeAt(at);
      if (type < 0x61 || type > 0x7a) throw new ProtocolError(Code.malformed, "A record does not start with a type.");
      let number = 0;
      let digit = at + 1;
      let unit = 0;
      for (; digit < text.length; digit++) {
        unit = text.charCodeAt(digit);
        if (unit < 0x30 || unit > 0x39) break;
        number = number * 10 + unit - 0x30;
      }
      const digits = digit - at - 1;
      const leadingZero = digits > 1 && text.charCodeAt(at + 1) === 0x30;
      if (digits > maxDigits || leadingZero || !Number.isSafeInteger(number)) {
        throw new ProtocolError(Code.malformed, "A record's number is not of its form.");
      }
      if (digit === text.length) return this.#hold(text, at, 0);
      if (unit !== 0x3a || digits === 0) throw new ProtocolError(Code.malformed, "A record has no number.");
      const from = digit + 1;
      if (!hasPayload(type)) {
        this.sink(type, number, "");
        at = from;
        continue;
      }
      if (number > this.maxPayload) throw new ProtocolError(Code.tooBig, "A message is too big.");
      const end = from + number;
      if (end > text.length) return this.#hold(text, at, end - at);
      const payload = text.slice(from, end);
      this.sink(type, number, type === Type.binary ? fromBase64(payload) : payload);
      at = end;
    }
  }

  /** The input ends here. @throws {ProtocolError} 4000 inside a record. */
  end(): void {
    if (this.#held > 0) throw new ProtocolError(Code.malformed, "A batch ends inside a record.");
  }

  #hold(text: string, from: number, wanted: number): void {
    this.#pieces = [text.slice(from)];
    this.#held = text.length - from;
    this.#wanted = wanted;
  }
}
