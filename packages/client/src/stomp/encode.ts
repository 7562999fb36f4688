import { StompCodecError } from "./codec-error.js";
import { type Headers, isUnescaped, type StompVersion } from "./frame.js";

const utf8 = new TextEncoder();
const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r" };

/**
 * Writes one frame, ready to be sent as one message: text for a string body, bytes for a `Uint8Array` body (which is copied).
 *
 * The `content-length` header is this function's own: it is written for every body that is not empty, and where `headers` has one, always
 * with the true number of octets (of UTF-8, for text), because a wrong one derails every frame after it.
 *
 * Names and values are escaped as `version` asks: not at all in 1.0, `\` LF and `:` in 1.1, also CR in 1.2; CONNECT and CONNECTED never
 * (STOMP 1.2, "Value Encoding"). Where a CR has no escape it is refused, except in 1.1 values and names, whose grammar has it as data.
 *
 * @throws {StompCodecError} `UNWRITABLE_HEADER` for an empty name and, in a frame without escapes, for CR or LF anywhere and ":" in a name:
 * written raw they would become other headers at the receiver.
 */
export function encodeFrame(command: string, headers: Headers, body: string | Uint8Array, version: StompVersion): string | Uint8Array {
  const unescaped = isUnescaped(command, version);
  let head = `${command}\n`;
  let hasLength = body.length > 0;
  for (const name of Object.keys(headers)) {
    if (name === "content-length") {
      hasLength = true;
      continue;
    }
    const value = headers[name] as string;
    if (!name || (unescaped && (/[\r\n:]/.test(name) || /[\r\n]/.test(value)))) {
      throw new StompCodecError("UNWRITABLE_HEADER", `STOMP ${version} cannot write the header ${JSON.stringify(name)} in ${command}`);
    }
    head += unescaped ? `${name}:${value}\n` : `${escape(name, version)}:${escape(value, version)}\n`;
  }
  if (typeof body === "string") {
    return hasLength ? `${head}content-length:${octetLength(body)}\n\n${body}\0` : `${head}\n\0`;
  }
  const start = utf8.encode(hasLength ? `${head}content-length:${body.length}\n\n` : `${head}\n`);
  const frame = new Uint8Array(start.length + body.length + 1); // the last one stays 0: the closing NUL
  frame.set(start);
  frame.set(body, start.length);
  return frame;
}

function escape(text: string, version: StompVersion): string {
  return /[\\\n\r:]/.test(text) ? text.replace(version === "1.2" ? /[\\\n\r:]/g : /[\\\n:]/g, (c) => escapes[c] as string) : text;
}

/** Octets of `text` in UTF-8; a surrogate without its other half counts as the U+FFFD that a WebSocket puts in its place. */
function octetLength(text: string): number {
  // Most bodies are short, and a call to TextEncoder costs as much as a loop over a few hundred characters.
  if (text.length > 500) return utf8.encode(text).length;
  let octets = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return utf8.encode(text).length;
  }
  return octets;
}
