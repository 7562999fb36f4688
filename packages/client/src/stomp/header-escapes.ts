import { malformed, type StompVersion } from "./frame.ts";

// STOMP 1.2, "Value Encoding": each stands for the octet at the same place. 1.1 lacks the last.
const escapes = ["\\\\", "\\n", "\\c", "\\r"];
const octets = (version: StompVersion) => (version === "1.1" ? "\\\n:" : "\\\n:\r");

/** Writes a header name or value so that the octets that delimit headers can be part of it. Not for 1.0. */
export const escapeHeader = (text: string, version: StompVersion): string =>
  // The test is several times faster than a replace that finds nothing, as almost always.
  /[\\\n:\r]/.test(text)
    ? text.replace(/[\\\n:\r]/g, (octet) => escapes[octets(version).indexOf(octet)] ?? octet)
    : text;

/**
 * Takes the escapes back, in one pass, so that two backslashes and an "n" become one and an "n". Not for 1.0.
 *
 * @throws {EnckeError} `MALFORMED_FRAME`: "Undefined escape sequences such as \t MUST be treated as a fatal protocol error."
 */
export const unescapeHeader = (text: string, version: StompVersion): string =>
  text.replace(/\\.?/gs, (sequence) => octets(version)[escapes.indexOf(sequence)] ?? malformed(sequence));
