import { StompCodecError } from "./codec-error.ts";
import type { StompVersion } from "./frame.ts";

// STOMP 1.2, "Value Encoding": a backslash and the letter stand for the octet at the same place. 1.1 lacks the last pair.
const letters = "\\ncr";
const octets = "\\\n:\r";

/** Writes a header name or value so that the octets that delimit headers can be part of it. Not for 1.0. */
export function escapeHeader(text: string, version: StompVersion): string {
  if (!/[\\\n:\r]/.test(text)) return text; // almost always, and several times faster than a replace that finds nothing
  const escaped = version === "1.1" ? /[\\\n:]/g : /[\\\n:\r]/g;
  return text.replace(escaped, (octet) => `\\${letters[octets.indexOf(octet)]}`);
}

/**
 * Takes the escapes back, in one pass, so that two backslashes and an "n" become one and an "n". Not for 1.0.
 *
 * @throws {StompCodecError} `MALFORMED_FRAME`: "Undefined escape sequences such as \t MUST be treated as a fatal protocol error."
 */
export function unescapeHeader(text: string, version: StompVersion): string {
  if (!text.includes("\\")) return text; // almost always
  return text.replace(/\\(.?)/gs, (sequence, letter) => {
    const octet = octets[letters.indexOf(letter || " ")];
    if (!octet || (octet === "\r" && version === "1.1")) {
      throw new StompCodecError("MALFORMED_FRAME", `STOMP ${version} has no escape ${sequence}`);
    }
    return octet;
  });
}
