import { type Frame, type Headers, isUnescaped, malformed, type StompVersion } from "./frame.ts";
import { unescapeHeader } from "./header-escapes.ts";

/** `headers.constructor` is undefined on what inherits from this, and a header called `__proto__` one like any other. */
const noMembers = Object.create(null);

/**
 * Reads a frame's head: all up to and with the blank line that ends it. A frame without a command is a heart-beat.
 *
 * @throws {EnckeError} `MALFORMED_FRAME`
 */
export function readHead(head: string, version: StompVersion): Pick<Frame, "command" | "headers"> {
  const lines = version === "1.1" ? head : head.replaceAll("\r\n", "\n");
  let end = lines.indexOf("\n");
  const command = lines.slice(0, end);
  if (/[^\w-]/.test(command)) malformed(command);
  const isEscaped = !isUnescaped(command, version) && lines.includes("\\");
  const read = (text: string) => (isEscaped ? unescapeHeader(text, version) : text);

  const headers: Headers = Object.create(noMembers);
  for (let start = end + 1; ; start = end + 1) {
    end = lines.indexOf("\n", start);
    if (end <= start) return { command, headers };
    const colon = lines.indexOf(":", start);
    if (colon <= start || colon > end) malformed(lines.slice(start, end));
    // Of repeated headers the first counts.
    headers[read(lines.slice(start, colon))] ??= read(lines.slice(colon + 1, end));
  }
}
