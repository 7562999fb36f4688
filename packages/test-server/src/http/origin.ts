import type { IncomingMessage } from "node:http";

/** The one value of a header that is repeated or listed: the first. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(",")[0]?.trim();
}

/**
 * Whether a request may act: PROTOCOL.md section 10.
 *
 * @param listed origins that are allowed beside the server's own
 * @param opener the origin that opened the session in question; a session has one origin only
 */
export function isOriginAllowed(
  request: IncomingMessage,
  listed: ReadonlySet<string>,
  session?: { readonly origin: string | undefined },
): boolean {
  const { headers } = request;
  const { origin } = headers;
  if (origin === undefined) return true;
  // A page cannot get hold of another origin's session id, unless that origin gives it away.
  if (session?.origin !== undefined) return session.origin === origin;
  if (listed.has(origin)) return true;
  // Set by browsers only, and not by pages (WHATWG Fetch, "forbidden request-header"); it stays right behind a proxy that rewrites Host.
  if (headers["sec-fetch-site"] === "same-origin") return true;
  let host: string;
  try {
    host = new URL(origin).host;
  } catch {
    return false;
  }
  // That of a file is empty, as a header may be.
  return host !== "" && (host === headers.host || host === first(headers["x-forwarded-host"]));
}
