/**
 * PROTOCOL.md section 3, read and written a second time: nothing here is shared with encke's own code, so a mistake
 * made there is not made here too. Strict on purpose: whatever the grammar does not allow a server to say throws.
 */
export interface WireRecord {
  readonly type: string;
  /** The payload's length for `g`, `t`, `b` and `x`. */
  readonly number: number;
  readonly payload: string;
}

export type Message = string | Uint8Array;

/** A message with the number that it has in its direction. */
export interface Numbered {
  readonly number: number;
  readonly message: Message;
}

const HAS_PAYLOAD = "gtbx";

/** Reads the whole records at the beginning of what came from a server; the rest of it waits for more. */
export function readSome(text: string): [records: WireRecord[], rest: string] {
  const records: WireRecord[] = [];
  const head = /([gastbpqex])(0|[1-9][0-9]{0,15}):/y;
  let at = 0;
  while (at < text.length) {
    head.lastIndex = at;
    const [whole, type, digits] = head.exec(text) ?? [];
    if (type === undefined) {
      if (/^[gastbpqex](0|[1-9][0-9]{0,15})?$/.test(text.slice(at, at + 18))) break;
      throw new Error(`no record at ${at} of ${JSON.stringify(text.slice(0, at + 60))}`);
    }
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) throw new Error(`${type}${digits} is above 2^53-1`);
    const from = at + whole!.length;
    const end = from + (HAS_PAYLOAD.includes(type) ? number : 0);
    if (end > text.length) break;
    records.push({ type, number, payload: text.slice(from, end) });
    at = end;
  }
  return [records, text.slice(at)];
}

/** Reads a batch that came from a server. */
export function read(batch: string): WireRecord[] {
  const [records, rest] = readSome(batch);
  if (rest !== "") throw new Error(`cut off at the end of its batch: ${JSON.stringify(rest.slice(0, 60))}`);
  return records;
}

/** Reads a binary WebSocket message as the `b` record that it stands for. */
export function readBinary(octets: Buffer): WireRecord[] {
  const payload = octets.toString("base64");
  return [{ type: "b", number: payload.length, payload }];
}

/** The messages among a carrier's records, numbered from its `s` on. */
export function messagesOf(records: readonly WireRecord[]): Numbered[] {
  const messages: Numbered[] = [];
  let next: number | undefined;
  for (const { type, number, payload } of records) {
    if (type === "s") next = number;
    if (type !== "t" && type !== "b") continue;
    if (next === undefined) throw new Error("a message came before the carrier's s");
    messages.push({ number: next++, message: type === "t" ? payload : fromBase64(payload) });
  }
  return messages;
}

function fromBase64(payload: string): Uint8Array {
  const octets = Buffer.from(payload, "base64");
  if (octets.toString("base64") !== payload) throw new Error(`not padded base64: ${payload.slice(0, 60)}`);
  return octets;
}

export const text = (message: string): string => `t${message.length}:${message}`;

export function binary(octets: Uint8Array): string {
  const payload = Buffer.from(octets).toString("base64");
  return `b${payload.length}:${payload}`;
}

/** The payload of a `g` or an `x`. */
export const parametersOf = (record: WireRecord): URLSearchParams => new URLSearchParams(record.payload);

export function endOfSession(parameters: Record<string, string>): string {
  const payload = new URLSearchParams(parameters).toString();
  return `x${payload.length}:${payload}`;
}
