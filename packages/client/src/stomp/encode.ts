import { EnckeError } from "../errors.ts";
import { toOctets } from "../utf8.ts";
import { isUnescaped, type StompVersion } from "./frame.ts";
import { escapeHeader } from "./header-escapes.ts";
import { join, type TextOrOctets } from "./octets.ts";

/**
 * Writes one frame: text for a string body, bytes for a `Uint8Array` body (which is copied).
 *
 * `content-length` is this function's own: it is written for every body that is not empty, and always says the true number
 * of octets (of UTF-8, for text), because a wrong one would derail every frame after it. A header that is undefined is left out.
 *
 * Names and values are escaped as `version` asks: `\`, LF and ":" in 1.1, CR too in 1.2, nothing in 1.0 nor in CONNECT and
 * CONNECTED (STOMP 1.2, "Value Encoding"). A CR stays as it is in 1.1, which has no escape for it and allows it as data.
 *
 * @throws {EnckeError} `HEADER_NOT_WRITABLE` for an empty name, and in a frame without escapes for a CR or LF anywhere
 * and a ":" in a name: the receiver would read other headers than these.
 */
export function encodeFrame(
  command: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: TextOrOctets,
  version: StompVersion,
): TextOrOctets {
  const unescaped = isUnescaped(command, version);
  const written = (text: string) => (unescaped ? text : escapeHeader(text, version));
  let head = `${command}\n`;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name === "content-length") continue;
    if (!name || (unescaped && (/[\n:\r]/.test(name) || /[\n\r]/.test(value)))) {
      // The value may be a secret.
      throw new EnckeError("HEADER_NOT_WRITABLE", name);
    }
    head += `${written(name)}:${written(value)}\n`;
  }
  if (body.length) head += `content-length:${toOctets(body).length}\n`;
  head += "\n";
  return typeof body === "string" ? `${head}${body}\0` : join([head, body, "\0"]);
}
