import { EnckeError } from "../errors.ts";
import type { TextOrOctets } from "./octets.ts";

/** A STOMP version as it is written in `accept-version` and `version`. */
export type StompVersion = "1.0" | "1.1" | "1.2";

/** Header names to values, unescaped. Where a name is repeated, the first value counts (STOMP 1.2, "Repeated Header Entries"). */
export type Headers = Record<string, string>;

/** One STOMP frame. A frame decoded from text has a string body, one decoded from bytes a `Uint8Array` body. */
export interface Frame {
  readonly command: string;
  readonly headers: Headers;
  readonly body: TextOrOctets;
}

/**
 * Whether the headers of this frame are written as they are: STOMP 1.0 knows no escapes, and CONNECT and CONNECTED are
 * exempt "in order to remain backward compatible with STOMP 1.0" (STOMP 1.2, "Value Encoding"). The STOMP frame is not:
 * the clause does not name it, and whoever sends it cannot mean 1.0.
 */
export const isUnescaped = (command: string, version: StompVersion): boolean =>
  version === "1.0" || /^CONNECT/.test(command);

/** Says no to what came in. */
export function malformed(what: string): never {
  throw new EnckeError("MALFORMED_FRAME", what);
}
