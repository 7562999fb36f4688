const encoder = new TextEncoder();

/** Octets of `text` in UTF-8. A lone surrogate counts 3, as the U+FFFD that it becomes. */
export function utf8Length(text: string): number {
  // A regular expression over short text takes a quarter of the time of an encoder.
  return /[^\0-\x7f]/.test(text) ? encoder.encode(text).length : text.length;
}
