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

/** Binary messages as one binary WebSocket message: each behind its length in four octets, the most significant first. */
export function binaryBatch(messages: Uint8Array[]): Uint8Array {
  const batch = new Uint8Array(messages.reduce((size, message) => size + 4 + message.length, 0));
  const view = new DataView(batch.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    batch.set(message, at + 4);
    at += 4 + message.length;
  }
  return batch;
}

/** Takes one record. `payload` is empty for types that have none; that of `b` comes as octets. @throws {ProtocolError} */
export type RecordSink = (type: string, number: number, payload: string | Uint8Array) => void;

function malformed(): never {
  throw new ProtocolError(Code.malformed, "Malformed record");
}

/** Cuts a binary WebSocket message into its messages. @throws {ProtocolError} 4000 where a length does not fit */
export function readBinaryBatch(batch: Uint8Array, sink: RecordSink): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  for (let at = 0; at < batch.length; ) {
    const from = at + 4;
    if (from > batch.length) malformed();
    at = from + view.getUint32(at);
    if (at > batch.length) malformed();
    sink(Type.binary, at - from, batch.subarray(from, at));
  }
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (octet) => octet.charCodeAt(0));
  } catch {
    return malformed();
  }
}

/** A record up to its ":", with a number of at most 16 digits. */
const head = /^[a-z](0|[1-9]\d{0,15})$/;
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
    if (held.length >= wanted) {
      text = held;
      let at = 0;
      wanted = 0;
      while (at < text.length) {
        const colon = text.indexOf(":", at);
        if (colon < 0 || colon > at + longestHead) {
          if (text.length - at > longestHead) malformed();
          break;
        }
        if (!head.test(text.slice(at, colon))) malformed();
        const type = text[at]!;
        const number = +text.slice(at + 1, colon);
        if (number > Number.MAX_SAFE_INTEGER) malformed();
        const from = colon + 1;
        let payload: string | Uint8Array = "";
        let end = from;
        if ("tbgx".includes(type)) {
          if (number > maxPayload) throw new ProtocolError(Code.tooBig, "Message too big");
          end += number;
          if (end > text.length) {
            wanted = end - at;
            break;
          }
          payload = text.slice(from, end);
          if (type === Type.binary) payload = fromBase64(payload);
        }
        at = end;
        sink(type, number, payload);
      }
      held = text.slice(at);
    }
    if (isWhole && held) malformed();
  };
}
