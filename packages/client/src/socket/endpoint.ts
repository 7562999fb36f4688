import { EnckeError } from "../errors.ts";

/**
 * The absolute http(s) URL below which a server's sessions are, without a slash at the end.
 *
 * @param endpoint a path such as "/encke", or an http, https, ws or wss URL
 * @param baseUrl what a path is relative to; undefined outside a page
 * @throws {EnckeError} `BAD_OPTION`
 */
export function resolveEndpoint(endpoint: string, baseUrl: string | undefined): string {
  let url: URL;
  try {
    url = new URL(endpoint, baseUrl);
  } catch {
    throw new EnckeError(
      "BAD_OPTION",
      "The endpoint is not a URL.",
      'Give a path as "/encke", or outside a page a whole URL.',
    );
  }
  url.protocol = url.protocol.replace(/^ws/, "http");
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new EnckeError("BAD_OPTION", "The endpoint is not an http or https URL without query and fragment.");
  }
  return url.href.replace(/\/$/, "");
}
