import { describe, expect, it } from "vitest";
import type { Parameters } from "./peer.ts";
import { newTopic } from "./stomp.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();
const ownOrigin = (): string => new URL(server.base).origin;

/** The answer, left open. */
const opened = (parameters: Parameters = {}, headers: Record<string, string> = {}): Promise<Response> =>
  server.peer().attach("html", { o: 1, t: 1, ...parameters }, { headers });

async function expectForbidden(response: Response): Promise<void> {
  const body = await response.text();
  expect(response.status, body).toBe(403);
  expect(body).toMatch(/^FORBIDDEN_ORIGIN/);
  expect(body).not.toContain("foreign");
}

const nonceOf = (response: Response): string =>
  /^default-src 'none'; script-src 'nonce-([A-Za-z0-9+/_-]{16,}={0,2})'; frame-ancestors [^;]+$/.exec(
    response.headers.get("content-security-policy") ?? "",
  )?.[1] ?? "none";

describe("the document", () => {
  it("5.4 has a policy of a nonce and the page's origin, and nothing else", async () => {
    const response = await opened();
    const nonce = nonceOf(response);
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors ${ownOrigin()}`,
    );
    expect(response.headers.get("x-frame-options")).toBeNull();
  });

  it("5.4 has a nonce that no other has", async () => {
    const nonces = await Promise.all(Array.from({ length: 20 }, async () => nonceOf(await opened())));
    expect(nonces).not.toContain("none");
    expect(new Set(nonces).size).toBe(20);
  });

  it("5.4 posts each batch to the page's origin and to no other", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("html", { r: received, t: 1 });
    await peer.publish(topic, "for the page");
    await stream.until("the message comes", () => stream.bodies.length > 0);
    expect(new Set(stream.targets)).toEqual(new Set([ownOrigin()]));
  });

  it("5.4 has <, >, &, U+2028 and U+2029 of a message as escapes only", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("html", { r: received, t: 1 });
    await stream.until("s comes", () => stream.start !== undefined);
    const before = stream.text.length;
    await peer.publish(topic, "1</script>2<!--3<script>4-->5&amp;6\u20287\u20298\\u003c");
    await stream.until("the message comes", () => stream.bodies.length > 0);
    const written = stream.text.slice(before).replaceAll(/<script nonce="[^"]*">|<\/script>/g, "");
    expect(written).not.toMatch(/[<>&\u2028\u2029]/);
    expect(written.toLowerCase()).toContain("1\\u003c/script\\u003e2\\u003c!--3");
  });
});

describe("w", () => {
  it("5.4 may be the server's own origin, by whatever scheme: TLS may end before it", async () => {
    expect((await opened({ w: ownOrigin() })).status).toBe(200);
    expect((await opened({ w: ownOrigin().replace("http:", "https:") })).status).toBe(200);
  });

  it("10 may have the host and port of X-Forwarded-Host", async () => {
    const headers = { "x-forwarded-host": "shop.example" };
    expect((await opened({ w: "https://shop.example" }, headers)).status).toBe(200);
  });

  it.each([
    ["another origin", () => "http://foreign.example"],
    ["another port of the host", () => ownOrigin().replace(/(:\d+)?$/, ":1")],
    ["a host that only begins with the host's name", () => ownOrigin().replace(/(:\d+)?$/, ".foreign.example")],
  ])("5.4 that is %s is answered 403, before anything takes effect", async (_, w) => {
    const peer = server.peer();
    await expectForbidden(await peer.attach("html", { o: 1, t: 1, w: w() }));
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 is not allowed by Sec-Fetch-Site: same-origin, which a link can have", async () => {
    await expectForbidden(await opened({ w: "http://foreign.example" }, { "sec-fetch-site": "same-origin" }));
  });

  it.each<[string, string | undefined]>([
    ["missing", undefined],
    ["empty", ""],
    ["null", "null"],
    ["a wildcard", "*"],
    ["without a scheme", "foreign.example"],
    ["of a file", "file://"],
    ["with a path", "http://foreign.example/"],
    ["with a directive behind it", "http://foreign.example; script-src *"],
    ["with a line behind it", "http://foreign.example\r\nSet-Cookie: a=b"],
  ])("2 that is %s is answered 400", async (_, w) => {
    const response = await opened({ w });
    const body = await response.text();
    expect(response.status, body).toBe(400);
    expect(body).toMatch(/^BAD_REQUEST: [^\r\n]+\n?$/);
    expect(body).not.toContain("foreign");
  });

  it("10 does not make up for an Origin that is not allowed", async () => {
    await expectForbidden(await opened({}, { origin: "http://foreign.example" }));
  });

  it("10 is the origin that opens the session", async () => {
    const peer = server.peer();
    const w = "https://behind.example";
    const stream = await peer.stream("html", { o: 1, t: 1, w }, { headers: { "x-forwarded-host": "behind.example" } });
    await stream.greeted();
    expect((await peer.post("poll", { r: 0, t: 1, h: 0 }, { headers: { origin: w } })).status).toBe(200);
    expect((await peer.post("poll", { r: 0, t: 1, h: 0 }, { headers: { origin: ownOrigin() } })).status).toBe(403);
  });

  it("10 is the one that opened the session, or is refused", async () => {
    const peer = server.peer();
    const origin = "https://behind.example";
    const headers = { origin, "sec-fetch-site": "same-origin" };
    expect((await peer.post("poll", { r: 0, t: 1, o: 1, h: 0 }, { headers })).status).toBe(200);
    await expectForbidden(await peer.attach("html", { t: 1 }));
    const stream = await peer.stream("html", { t: 1, w: origin });
    await stream.greeted();
  });
});

describe("a frame in a page of another site", () => {
  it.each(["cross-site", "same-site"])(
    "10 opens no session where Sec-Fetch-Site is %s, whatever w says",
    async (site) => {
      const peer = server.peer();
      await expectForbidden(await peer.attach("html", { o: 1, t: 1 }, { headers: { "sec-fetch-site": site } }));
      expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
    },
  );

  it("10 does not take over a session of the server's own pages", async () => {
    const peer = server.peer();
    const stream = await peer.stream("html", { o: 1, t: 1 });
    await stream.greeted();
    const headers = { "sec-fetch-site": "cross-site" };
    await expectForbidden(await peer.attach("html", { t: 1, w: "http://foreign.example" }, { headers }));
    await stream.settled();
    expect(stream.isOpen).toBe(true);
  });
});

describe.skipIf(isForeign)("on a server with an origin on its list", () => {
  const listed = "https://listed.example";
  const listing = useServer({ origins: [listed] });

  it("5.4 w may be that, and is in the policy", async () => {
    const response = await listing.peer().attach("html", { o: 1, t: 1, w: listed });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toMatch(/ frame-ancestors https:\/\/listed\.example$/);
  });

  it("10 a frame in its page joins a session that it has opened with Origin", async () => {
    const peer = listing.peer();
    const open = { r: 0, t: 1, o: 1, h: 0 };
    expect((await peer.post("poll", open, { headers: { origin: listed } })).status).toBe(200);
    const stream = await peer.stream("html", { t: 1, w: listed }, { headers: { "sec-fetch-site": "cross-site" } });
    await stream.greeted();
    expect(new Set(stream.targets)).toEqual(new Set([listed]));
  });

  it("10 a frame in another page does not open one in its name", async () => {
    const headers = { "sec-fetch-site": "cross-site" };
    await expectForbidden(await listing.peer().attach("html", { o: 1, t: 1, w: listed }, { headers }));
  });
});
