import { Code, ProtocolError } from "./codes.ts";

/**
 * Records: PROTOCOL.md section 3. Written and read by both sides, so this file knows neither.
 *
 *     record = type number ":" [ payload ]
 */
export const Type = {
  acknowledge: "a",
  binary: "b",
  end: "e",
  greeting: "g",
  name: "n",
  ping: "p",
  pong: "q",
  start: "s",
  text: "t",
  close: "x",
} as const;

/** A record without a payload. */
export function numberRecord(type: string, number: number): string {
  return `${type + number}:`;
}

/** A record with one. */
export function payloadRecord(type: string, payload: string): string {
  return numberRecord(type, payload.length) + payload;
}

/** A record whose payload is parameters, as in a URL's query. Those that are undefined are left out. */
export function parameterRecord(type: string, parameters: Record<string, string | number | undefined>): string {
  return payloadRecord(type, `${new URLSearchParams(JSON.parse(JSON.stringify(parameters)))}`);
}

/** A binary message on a text carrier. */
export function base64Record(message: Uint8Array): string {
  let octets = "";
  // A call takes a bounded number of arguments.
  for (let at = 0; at < message.length; at += 8192) octets += String.fromCharCode(...message.subarray(at, at + 8192));
  return payloadRecord(Type.binary, btoa(octets));
}

/** Takes one record. `payload` is empty for types that have none; that of `b` comes as octets. @throws {ProtocolError} */
export type RecordSink = (type: string, number: number, payload: string | Uint8Array) => void;

function malformed(): never {
  throw new ProtocolError(Code.malformed, "Malformed record");
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (octet) => octet.charCodeAt(0));
  } catch {
    return malformed();
  }
}

/** A record up to its ":". At most 16 digits: 2^53-1. */
const head = /([a-z])(0|[1-9]\d{0,15}):/y;
const longestHead = 18;

/**
 * Reads records from text that arrives cut anywhere, even inside a number or between the halves of a surrogate pair. Holds at most one that is incomplete.
 *
 * @param maxPayload the longest payload taken, in UTF-16 code units
 * @returns takes the next text and hands over each record that it completes; `isWhole`: it must not end inside one. Throws a `ProtocolError` with 4000 or 4004,
 * and is of no use after it
 */
export function recordReader(sink: RecordSink, maxPayload: number): (text: string, isWhole: boolean) => void {
  let held = "";
  /** Before there is so much, another look is not worth it. */
  let wanted = 0;
  return (text, isWhole) => {
    held += text;
    let at = 0;
    while (held.length >= wanted && at < held.length) {
      head.lastIndex = at;
      const [{ length }, type, digits] = head.exec(held) ?? [""];
      if (!type) {
        if (held.length - at >= longestHead) malformed();
        break;
      }
      const number = +digits!;
      if (number >= 2 ** 53) malformed();
      const from = at + length;
      const end = "tbgx".includes(type) ? from + number : from;
      if (end - from > maxPayload) throw new ProtocolError(Code.tooBig, "Message too big");
      if (end > held.length) {
        wanted = end - at;
        break;
      }
      const payload = held.slice(from, end);
      at = end;
      wanted = 0;
      sink(type, number, type === Type.binary ? fromBase64(payload) : payload);
    }
    held = held.slice(at);
    if (isWhole && held) malformed();
  };
}
