const beyondAscii = /[^\0-\x7f]/;

/** Octets of `text` in UTF-8. A lone surrogate counts 3, as the U+FFFD that it becomes. */
export function utf8Length(text: string): number {
  let octets = text.length;
  if (!beyondAscii.test(text)) return octets;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) octets += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      octets += 2; // four octets for two units
      at++;
    } else octets += 2;
  }
  return octets;
}
