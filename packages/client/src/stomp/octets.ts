/** What a socket delivers, and what a body is. */
export type TextOrOctets = string | Uint8Array;

export const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As octets; text in UTF-8. */
export const toOctets = (data: TextOrOctets): Uint8Array => (typeof data === "string" ? encoder.encode(data) : data);

/** As text; octets are read as UTF-8, with U+FFFD for what is none. */
export const toText = (data: TextOrOctets): string => (typeof data === "string" ? data : decoder.decode(data));

/** Whether it is sure that octets are characters. Of short text, which mostly is ASCII, this tells it at less than the cost of an encoder. */
export const isAscii = (text: string): boolean => text.length < 500 && !/[^\0-\x7f]/.test(text);

/** `first` and `second` in one array, with `room` zeroes behind them. */
export function join(first: Uint8Array, second: Uint8Array, room: number): Uint8Array {
  const joined = new Uint8Array(first.length + second.length + room);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
