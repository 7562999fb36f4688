import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** What a session is to the rules below: it has one origin only. */
interface Opened {
  /** The origin that opened it; undefined if none is known. */
  readonly origin: string | undefined;
}

/** The one value of a header that is repeated or listed: the first. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(",")[0]?.trim();
}

/**
 * Whether a request may act: PROTOCOL.md section 10.
 *
 * @param listed origins that are allowed beside the server's own
 * @param session the session in question, if there is one
 * @param page `w` of an `html` request: the origin whose page is to get what the session says
 */
export function isOriginAllowed(
  request: IncomingMessage,
  listed: ReadonlySet<string>,
  session?: Opened,
  page?: string,
): boolean {
  const { headers } = request;
  const { origin, "sec-fetch-site": site } = headers;
  // Set by browsers only, and not by pages (WHATWG Fetch, "forbidden request-header"); it stays right behind a proxy that rewrites Host.
  if (origin !== undefined) {
    const isSame = site === "same-origin" && session?.origin === undefined;
    if (!isSame && !isAllowed(origin, headers, listed, session)) return false;
  }
  // An image, a script or a frame has no Origin, whose page it may be in.
  const isForeign = origin === undefined && (site === "cross-site" || site === "same-site");
  if (page === undefined) return !isForeign;
  // Anyone can write `w` into a frame's URL. So a frame in another origin's page may join what that origin has opened, and open nothing.
  return isForeign ? session?.origin === page : isAllowed(page, headers, listed, session);
}

function isAllowed(
  origin: string,
  headers: IncomingHttpHeaders,
  listed: ReadonlySet<string>,
  session: Opened | undefined,
): boolean {
  // A page cannot get hold of another origin's session id, unless that origin gives it away.
  if (session?.origin !== undefined) return session.origin === origin;
  if (listed.has(origin)) return true;
  let host: string;
  try {
    host = new URL(origin).host;
  } catch {
    return false;
  }
  // That of a file is empty, as a header may be.
  return host !== "" && (host === headers.host || host === first(headers["x-forwarded-host"]));
}
