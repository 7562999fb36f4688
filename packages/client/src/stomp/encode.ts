import { StompCodecError } from "./codec-error.ts";
import { type Headers, isUnescaped, type StompVersion } from "./frame.ts";
import { escapeHeader } from "./header-escapes.ts";

const utf8 = new TextEncoder();
const scratch = new Uint8Array(4096);

/**
 * Writes one frame: text for a string body, bytes for a `Uint8Array` body (which is copied).
 *
 * `content-length` is this function's own. It is written for every body that is not empty, and where `headers` has one,
 * and always says the true number of octets (of UTF-8, for text): a wrong one would derail every frame after it.
 *
 * Names and values are escaped as `version` asks: `\`, LF and ":" in 1.1, CR too in 1.2, nothing in 1.0 nor in CONNECT and
 * CONNECTED (STOMP 1.2, "Value Encoding"). A CR stays as it is in 1.1, which has no escape for it and allows it as data.
 *
 * @throws {StompCodecError} `HEADER_NOT_WRITABLE` for an empty name, and in a frame without escapes for a CR or LF anywhere
 * and a ":" in a name: the receiver would read other headers than these.
 */
export function encodeFrame(
  command: string,
  headers: Headers,
  body: string | Uint8Array,
  version: StompVersion,
): string | Uint8Array {
  const unescaped = isUnescaped(command, version);
  let head = `${command}\n`;
  let hasLength = body.length > 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (name === "content-length") {
      hasLength = true;
    } else if (!name || (unescaped && (/[\r\n:]/.test(name) || /[\r\n]/.test(value)))) {
      throw new StompCodecError(
        "HEADER_NOT_WRITABLE",
        `The header ${JSON.stringify(name)} cannot be written in ${command} of STOMP ${version}.`,
      );
    } else {
      head += unescaped ? `${name}:${value}\n` : `${escapeHeader(name, version)}:${escapeHeader(value, version)}\n`;
    }
  }
  if (typeof body === "string") {
    const length = hasLength && octetLength(body);
    return `${head}${hasLength ? `content-length:${length}\n` : ""}\n${body}\0`;
  }
  const start = utf8.encode(`${head}${hasLength ? `content-length:${body.length}\n` : ""}\n`);
  const frame = new Uint8Array(start.length + body.length + 1); // the last octet stays 0: it is the closing NUL
  frame.set(start);
  frame.set(body, start.length);
  return frame;
}

function octetLength(text: string): number {
  // For short text, which mostly is ASCII, a regular expression costs less than a call to TextEncoder.
  if (text.length < 500 && !/[^\0-\x7f]/.test(text)) return text.length;
  let octets = 0;
  for (let at = 0; at < text.length; ) {
    // A slice that ends within a surrogate pair does not count it as two lone halves: the first no longer fits.
    const { read, written } = utf8.encodeInto(text.slice(at, at + scratch.length), scratch);
    at += read;
    octets += written;
  }
  return octets;
}
