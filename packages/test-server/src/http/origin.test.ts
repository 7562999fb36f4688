import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { isOriginAllowed } from "./origin.ts";

const listed = new Set(["https://listed.test", "http://listed.test:8080"]);

function isAllowed(headers: IncomingHttpHeaders, session?: { origin: string | undefined }, page?: string): boolean {
  return isOriginAllowed({ headers } as IncomingMessage, listed, session, page);
}

describe("a request may act", () => {
  it.each<[string, IncomingHttpHeaders]>([
    ["without Origin: no browser sent it, or a GET from the same origin", { host: "a.test" }],
    ["without Origin, if the browser calls it same-origin", { host: "a.test", "sec-fetch-site": "same-origin" }],
    ["without Origin, if it was typed into a browser", { host: "a.test", "sec-fetch-site": "none" }],
    ["from the server's own origin", { origin: "http://a.test", host: "a.test" }],
    ["from the server's own origin, with a port", { origin: "http://a.test:8000", host: "a.test:8000" }],
    ["from the server's own origin by address", { origin: "http://[::1]:8000", host: "[::1]:8000" }],
    ["from the server's own origin behind a proxy that ends TLS", { origin: "https://a.test", host: "a.test" }],
    [
      "behind a proxy that rewrites Host and says so",
      { origin: "https://a.test", host: "backend:8000", "x-forwarded-host": "a.test" },
    ],
    [
      "behind several such proxies, of which the first one met the browser",
      { origin: "https://a.test", host: "backend:8000", "x-forwarded-host": "a.test, inner.test" },
    ],
    [
      "behind a proxy that rewrites Host and does not say so, if the browser calls it same-origin",
      { origin: "https://a.test", host: "backend:8000", "sec-fetch-site": "same-origin" },
    ],
    ["from a listed origin", { origin: "https://listed.test", host: "a.test", "sec-fetch-site": "cross-site" }],
    ["from a listed origin with a port", { origin: "http://listed.test:8080", host: "a.test" }],
  ])("%s", (_, headers) => {
    expect(isAllowed(headers)).toBe(true);
  });
});

describe("a request may not act", () => {
  it.each<[string, IncomingHttpHeaders]>([
    ["without Origin, as by an image in another site", { host: "a.test", "sec-fetch-site": "cross-site" }],
    ["without Origin, as by an image in a sister site", { host: "a.test", "sec-fetch-site": "same-site" }],
    ["from another origin", { origin: "https://evil.test", host: "a.test" }],
    ["from another port of the same host", { origin: "http://a.test:81", host: "a.test" }],
    ["from a host that contains this one's name", { origin: "http://a.test.evil.test", host: "a.test" }],
    ["from a host whose name this one contains", { origin: "http://test", host: "a.test" }],
    ["from a name with this host as its user", { origin: "http://a.test@evil.test", host: "a.test" }],
    ["from a listed host by another scheme", { origin: "http://listed.test", host: "a.test" }],
    ["from a listed host at another port", { origin: "https://listed.test:8443", host: "a.test" }],
    ["from a listed origin in other words", { origin: "https://listed.test/", host: "a.test" }],
    ["from an opaque origin, as in a sandbox", { origin: "null", host: "null" }],
    ["from an opaque origin that a proxy calls by its name", { origin: "null", host: "a", "x-forwarded-host": "null" }],
    ["from a file", { origin: "file://", host: "a.test" }],
    [
      "from a file, through a proxy that forwards no host",
      { origin: "file://", host: "a.test", "x-forwarded-host": "" },
    ],
    ["from something that is no origin", { origin: "a.test", host: "a.test" }],
    ["from nowhere", { origin: "", host: "a.test" }],
    [
      "where the browser calls it same-site",
      { origin: "https://b.a.test", host: "a.test", "sec-fetch-site": "same-site" },
    ],
    [
      "where only a later proxy has that name",
      { origin: "https://b.test", host: "a", "x-forwarded-host": "a.test, b.test" },
    ],
    ["from another origin, to a server without a name", { origin: "https://evil.test" }],
  ])("%s", (_, headers) => {
    expect(isAllowed(headers)).toBe(false);
  });
});

describe("a session", () => {
  const own = { origin: "http://a.test", host: "a.test" };

  it("is open to the origin that opened it, even if that could not open another", () => {
    expect(isAllowed({ origin: "https://b.test", host: "a.test" }, { origin: "https://b.test" })).toBe(true);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ["the server's own", own],
    ["a listed one", { origin: "https://listed.test", host: "a.test" }],
    ["one that the browser calls same-origin", { ...own, "sec-fetch-site": "same-origin" }],
  ])("is closed to every other origin: %s", (_, headers) => {
    expect(isAllowed(headers, { origin: "https://b.test" })).toBe(false);
  });

  it("that was opened without one is open to all that are allowed, and to no others", () => {
    expect(isAllowed(own, { origin: undefined })).toBe(true);
    expect(isAllowed({ origin: "https://evil.test", host: "a.test" }, { origin: undefined })).toBe(false);
  });

  it("is open without Origin, as it is to who knows its id", () => {
    expect(isAllowed({ host: "a.test" }, { origin: "https://b.test" })).toBe(true);
  });
});

describe("a document for a frame", () => {
  const host = "a.test";
  const own = "http://a.test";
  const listedOne = "https://listed.test";

  it.each<[string, IncomingHttpHeaders, string]>([
    ["the server's own page", { host }, own],
    ["the server's own page, as the browser says", { host, "sec-fetch-site": "same-origin" }, own],
    ["the server's own page behind a proxy", { host: "backend", "x-forwarded-host": host }, "https://a.test"],
    ["a listed page, where the browser does not say from where it comes", { host }, listedOne],
    ["a listed page that says so itself", { host, origin: listedOne }, listedOne],
  ])("may open a session for %s", (_, headers, page) => {
    expect(isAllowed(headers, undefined, page)).toBe(true);
  });

  it.each<[string, IncomingHttpHeaders, string]>([
    ["another page", { host }, "https://evil.test"],
    ["another page by a link in an own one", { host, "sec-fetch-site": "same-origin" }, "https://evil.test"],
    ["an own page that is not where it says", { host, "sec-fetch-site": "cross-site" }, own],
    ["a page of a sister site that says it is an own one", { host, "sec-fetch-site": "same-site" }, own],
    ["a listed page that may be another", { host, "sec-fetch-site": "cross-site" }, listedOne],
    ["an own page, at another's request", { host, origin: "https://evil.test" }, own],
  ])("may not open a session for %s", (_, headers, page) => {
    expect(isAllowed(headers, undefined, page)).toBe(false);
  });

  it("may join the session that its page has opened", () => {
    expect(isAllowed({ host, "sec-fetch-site": "cross-site" }, { origin: listedOne }, listedOne)).toBe(true);
    expect(isAllowed({ host: "backend", "sec-fetch-site": "same-origin" }, { origin: own }, own)).toBe(true);
  });

  it("may not join a session that another page has opened, or none", () => {
    expect(isAllowed({ host }, { origin: listedOne }, own)).toBe(false);
    expect(isAllowed({ host, "sec-fetch-site": "cross-site" }, { origin: undefined }, listedOne)).toBe(false);
  });
});
