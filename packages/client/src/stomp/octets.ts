import { toOctets } from "../utf8.ts";

/** What a socket delivers, and what a body is. */
export type TextOrOctets = string | Uint8Array;

const decoder = new TextDecoder();

/** As text; octets are read as UTF-8, with U+FFFD for what is none. */
export const toText = (data: TextOrOctets): string => (typeof data === "string" ? data : decoder.decode(data));

/** One behind the other: text if all of them are, otherwise octets. */
export function join(pieces: TextOrOctets[]): TextOrOctets {
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  const octets = pieces.map(toOctets);
  const joined = new Uint8Array(octets.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of octets) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
