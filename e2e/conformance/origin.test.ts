import { describe, expect, it } from "vitest";
import type { Parameters, Peer } from "./peer.ts";
import { CONNECT } from "./stomp.ts";
import { streamKinds } from "./stream.ts";
import { isForeign, type Target, useServer } from "./target.ts";

const server = useServer();

const FOREIGN = "http://foreign.example";
const opening: Parameters = { r: 0, t: 1, o: 1, h: 0 };

const originOf = ({ base }: Target): string => new URL(base).origin;

async function expectForbidden(response: Response): Promise<void> {
  const body = await response.text();
  expect(response.status, body).toBe(403);
  expect(body).toMatch(/^FORBIDDEN_ORIGIN/);
  expect(body).not.toContain("foreign");
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
}

async function expectAllowed(response: Response): Promise<void> {
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/^g[0-9]+:/);
}

const open = (peer: Peer, headers: Record<string, string>) => peer.post("poll", opening, { headers });
const again = (peer: Peer, headers: Record<string, string>) => peer.post("poll", { r: 0, t: 1, h: 0 }, { headers });

describe("an origin that is not allowed", () => {
  it("10 is answered 403 FORBIDDEN_ORIGIN to a poll, before anything takes effect", async () => {
    const peer = server.peer();
    await expectForbidden(await peer.post("poll", opening, { headers: { origin: FOREIGN }, body: peer.say(CONNECT) }));
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 is answered 403 to a send, whose body is not taken in", async () => {
    const peer = server.peer();
    await peer.poll({ o: 1, h: 0 });
    await expectForbidden(await peer.post("send", {}, { headers: { origin: FOREIGN }, body: "s1:t1:\n" }));
    expect((await peer.poll({ h: 0 })).acknowledged).toBe(0);
  });

  it("10 is refused a WebSocket with 403", async () => {
    const peer = server.peer();
    await expect(peer.socket({ o: 1, t: 1 }, { origin: FOREIGN })).rejects.toThrow("403");
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it("10 does not take over from the active carrier", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    await socket.greeted();
    await expectForbidden(await again(peer, { origin: FOREIGN }));
    await socket.settled();
    expect(socket.isOpen).toBe(true);
  });

  it.each([
    ["null", () => "null"],
    ["with the host's name and another port", () => originOf(server).replace(/(:\d+)?$/, ":1")],
    ["that only begins with the host's name", () => `${originOf(server)}.foreign.example`],
    ["that is no origin", () => "foreign"],
  ])("10 %s is answered 403", async (_, origin) => {
    await expectForbidden(await open(server.peer(), { origin: origin() }));
  });

  it.each(streamKinds)("10 is answered 403 to %s, before anything takes effect", async (kind) => {
    const peer = server.peer();
    await expectForbidden(await peer.attach(kind, { o: 1, t: 1 }, { headers: { origin: FOREIGN } }));
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });

  it.each(["cross-site", "same-site"])(
    "10 that an image or a frame hides is answered 403 to events where Sec-Fetch-Site is %s",
    async (site) => {
      const peer = server.peer();
      await expectForbidden(await peer.attach("events", { o: 1, t: 1 }, { headers: { "sec-fetch-site": site } }));
      expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
    },
  );

  it("10 is not allowed by Sec-Fetch-Site: same-site or cross-site", async () => {
    await expectForbidden(await open(server.peer(), { origin: FOREIGN, "sec-fetch-site": "same-site" }));
    await expectForbidden(await open(server.peer(), { origin: FOREIGN, "sec-fetch-site": "cross-site" }));
  });
});

describe("an origin that is allowed", () => {
  it("10 is one with the host and port of Host", async () => {
    const peer = server.peer();
    await expectAllowed(await open(peer, { origin: originOf(server) }));
    const socket = await peer.socket({}, { origin: originOf(server) });
    await socket.greeted();
  });

  it("10 is one with the host and port of X-Forwarded-Host", async () => {
    const headers = { origin: "https://shop.example", "x-forwarded-host": "shop.example" };
    await expectAllowed(await open(server.peer(), headers));
    const socket = await server.peer().socket({ o: 1, t: 1 }, headers);
    await socket.greeted();
  });

  it("10 is any with Sec-Fetch-Site: same-origin", async () => {
    await expectAllowed(
      await open(server.peer(), { origin: "https://behind.example", "sec-fetch-site": "same-origin" }),
    );
  });

  it.each(["same-origin", "none"])("10 is none, where Sec-Fetch-Site is %s", async (site) => {
    for (const kind of streamKinds) {
      const headers = { "sec-fetch-site": site };
      await (await server.peer().stream(kind, { o: 1, t: 1 }, { headers })).greeted();
    }
  });

  it("10 is the one that opened this very session", async () => {
    const peer = server.peer();
    const origin = "https://behind.example";
    await expectAllowed(await open(peer, { origin, "sec-fetch-site": "same-origin" }));
    await expectAllowed(await again(peer, { origin }));
    const socket = await peer.socket({}, { origin });
    await socket.greeted();
    await expectForbidden(await open(server.peer(), { origin }));
  });

  it("10 is none at all, also where a page had opened the session: a same-origin GET has no Origin", async () => {
    const peer = server.peer();
    await expectAllowed(await open(peer, { origin: originOf(server) }));
    await expectAllowed(await again(peer, {}));
  });

  it("10 is the server's own in a session that was opened without any", async () => {
    const peer = server.peer();
    await expectAllowed(await open(peer, {}));
    await expectAllowed(await again(peer, { origin: originOf(server) }));
  });
});

describe.skipIf(isForeign)("on a server with two origins on its list", () => {
  const [one, other] = ["https://one.example", "http://other.example:8080"];
  const listing = useServer({ origins: [one, other] });

  it.each([one, other])("10 answers to %s carry Access-Control-Allow-Origin and Vary", async (origin) => {
    const peer = listing.peer();
    const response = await open(peer, { origin });
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(response.headers.get("vary")).toMatch(/\borigin\b/i);
    await expectAllowed(response);
    const sent = await peer.post("send", {}, { headers: { origin } });
    expect(sent.status).toBe(200);
    expect(sent.headers.get("access-control-allow-origin")).toBe(origin);
  });

  it("10 a listed origin is told what is wrong with its request", async () => {
    const response = await listing.peer().post("poll", { ...opening, r: "x" }, { headers: { origin: one } });
    expect(response.status).toBe(400);
    expect(response.headers.get("access-control-allow-origin")).toBe(one);
  });

  it.each(["stream", "events"] as const)("10 a listed origin can read %s", async (kind) => {
    const stream = await listing.peer().stream(kind, { o: 1, t: 1 }, { headers: { origin: one } });
    await stream.greeted();
    expect(stream.response.headers.get("access-control-allow-origin")).toBe(one);
    expect(stream.response.headers.get("vary")).toMatch(/\borigin\b/i);
  });

  it("10 a listed origin can open a WebSocket", async () => {
    const socket = await listing.peer().socket({ o: 1, t: 1 }, { origin: one });
    await socket.greeted();
  });

  it("10 another scheme or port than the list says is not on it", async () => {
    await expectForbidden(await open(listing.peer(), { origin: "http://one.example" }));
    await expectForbidden(await open(listing.peer(), { origin: "http://other.example" }));
  });

  it("10 a session belongs to the origin that opened it: another one on the list is answered 403", async () => {
    const peer = listing.peer();
    await expectAllowed(await open(peer, { origin: one }));
    expect((await again(peer, { origin: other })).status).toBe(403);
    expect((await peer.post("send", {}, { headers: { origin: other } })).status).toBe(403);
    await expect(peer.socket({ t: 1 }, { origin: other })).rejects.toThrow("403");
    await expectAllowed(await again(peer, { origin: one }));
  });

  it("10 answers to an origin that is allowed without the list carry no Access-Control-Allow-Origin of another", async () => {
    const response = await open(listing.peer(), { origin: originOf(listing) });
    expect([null, originOf(listing)]).toContain(response.headers.get("access-control-allow-origin"));
    await expectAllowed(response);
  });
});

describe("what a request says", () => {
  const MARKER = "qzxmarkerqzx";

  async function expectNoEcho(response: Response): Promise<void> {
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain(MARKER);
    for (const [name, value] of response.headers) expect(`${name}: ${value}`).not.toContain(MARKER);
  }

  it("10 is never repeated in an answer", async () => {
    const peer = server.peer();
    await expectNoEcho(await peer.post(MARKER, opening));
    await expectNoEcho(await peer.post("poll", { ...opening, r: MARKER }));
    await expectNoEcho(await peer.post("poll", { ...opening, o: MARKER }));
    await expectNoEcho(await peer.attach("html", { ...opening, w: `http://${MARKER}.example` }));
    await expectNoEcho(await peer.attach("html", { ...opening, w: MARKER }));
    await expectNoEcho(await open(peer, { origin: `http://${MARKER}.example` }));
    await expectNoEcho(await fetch(`${server.base}/${MARKER}/poll?v=1&c=1&r=0`, { method: "POST" }));
    await expectNoEcho(await fetch(`${peer.url("poll", opening)}&${MARKER}=1`));
  });

  it("10 is not in the reason of x either", async () => {
    const peer = server.peer();
    await peer.connect();
    const response = await peer.post("send", {}, { body: `z5:${MARKER}` });
    const body = await response.text();
    expect(body).toContain("4000");
    expect(body).not.toContain(MARKER);
  });

  it("10 does not bring the session's id back", async () => {
    const peer = server.peer();
    expect(await (await peer.post("poll", { ...opening, r: "x" })).text()).not.toContain(peer.session);
    expect(await (await peer.post("poll", { r: 0, t: 1 })).text()).not.toContain(peer.session);
  });
});
