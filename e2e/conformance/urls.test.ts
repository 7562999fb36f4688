import { describe, expect, it } from "vitest";
import { type Parameters, Peer } from "./peer.ts";
import { CONNECT } from "./stomp.ts";
import { streamKinds } from "./stream.ts";
import { useServer } from "./target.ts";

const server = useServer();

const attach: Parameters = { r: 0, t: 1, o: 1, h: 0 };

/** The answer to something that is not of its form. */
async function expectBadRequest(response: Response): Promise<void> {
  const body = await response.text();
  expect(response.status, body).toBe(400);
  expect(body).toMatch(/^BAD_REQUEST: [^\r\n]+\n?$/);
}

describe("the session's id", () => {
  it.each([
    ["22", "abcdefghijklmnopqrst-_"],
    ["64", "Z9".repeat(32)],
  ])("2 a session of %s characters can be opened", async (_, session) => {
    const peer = new Peer(server.base, session.slice(0, -6) + server.peer().session.slice(0, 6));
    expect((await peer.poll({ o: 1, h: 0 })).shape).toBe("ga");
  });

  it.each([
    ["21 characters", "a".repeat(21)],
    ["65 characters", "a".repeat(65)],
    ["a dot in it", `${"a".repeat(22)}.`],
    ["a percent-encoded slash in it", `${"a".repeat(22)}%2F`],
    ["a letter beyond ASCII in it", `${"a".repeat(22)}%C3%A9`],
  ])("2 a session with %s is answered 400", async (_, session) => {
    await expectBadRequest(await new Peer(server.base, session).post("poll", attach));
  });
});

describe("the carrier kind", () => {
  it.each(["telepathy", "Poll", "polling", "poll/1"])("2 the carrier kind %s is answered 400", async (kind) => {
    await expectBadRequest(await server.peer().post(kind, attach));
  });
});

describe("parameters", () => {
  const attaches: [what: string, parameters: Parameters][] = [
    ["no v", { v: undefined }],
    ["v=one", { v: "one" }],
    ["no c", { c: undefined }],
    ["an empty c", { c: "" }],
    ["c=0", { c: 0 }],
    ["c=-1", { c: -1 }],
    ["c=1.5", { c: "1.5" }],
    ["c=1e3", { c: "1e3" }],
    ["c=0x10", { c: "0x10" }],
    ["c=2^53", { c: "9007199254740992" }],
    ["no r", { r: undefined }],
    ["r=-1", { r: -1 }],
    ["r=2^53", { r: "9007199254740992" }],
    ["r=many", { r: "many" }],
    ["t=0", { t: 0 }],
    ["t=true", { t: "true" }],
    ["o=0", { o: 0 }],
    ["o=yes", { o: "yes" }],
  ];
  const polls: typeof attaches = [
    ["h=-1", { h: -1 }],
    ["h=3600001", { h: 3_600_001 }],
    ["h=soon", { h: "soon" }],
  ];

  const pinged: typeof attaches = [
    ["an empty i", { i: "" }],
    ["i=0", { i: 0 }],
    ["i=999", { i: 999 }],
    ["i=3600001", { i: 3_600_001 }],
    ["i=1e4", { i: "1e4" }],
    ["i=often", { i: "often" }],
  ];

  it.each([...attaches, ...polls])("2 a poll with %s is answered 400", async (_, parameters) => {
    await expectBadRequest(await server.peer().post("poll", { ...attach, ...parameters }));
  });

  it.each([...attaches, ...pinged])("2 a WebSocket with %s is refused with 400", async (_, parameters) => {
    await expect(server.peer().socket({ ...attach, ...parameters })).rejects.toThrow("400");
  });

  describe.each(streamKinds)("%s", (kind) => {
    it.each([...attaches, ...pinged])("2 with %s is answered 400", async (_, parameters) => {
      await expectBadRequest(await server.peer().attach(kind, { ...attach, h: undefined, ...parameters }));
    });

    it.each([1_000, 3_600_000])("2 i may be %d", async (i) => {
      await (await server.peer().stream(kind, { o: 1, t: 1, i })).greeted();
    });
  });

  it.each([
    ["no v", { v: undefined }],
    ["c=0", { c: 0 }],
    ["k=0", { k: 0 }],
    ["k=first", { k: "first" }],
  ])("2 a send with %s is answered 400", async (_, parameters: Parameters) => {
    const peer = server.peer();
    await peer.connect();
    await expectBadRequest(await peer.post("send", parameters));
  });

  it("2 a carrier's number may be 2^53-1", async () => {
    expect((await server.peer().poll({ o: 1, h: 0, c: Number.MAX_SAFE_INTEGER })).shape).toBe("ga");
  });

  it("2 parameters that are not in the table are ignored", async () => {
    expect((await server.peer().poll({ o: 1, h: 0, zz: 1, R: "x", "": "y" })).shape).toBe("ga");
  });

  it("2 a question mark in a parameter that is ignored does not end the parameters", async () => {
    const url = `${server.base}/${server.peer().session}/poll?v=1&c=1&zz=a?b&r=0&t=1&o=1&h=0`;
    const response = await fetch(url, { method: "POST", body: "" });
    expect(response.status, await response.text()).toBe(200);
  });

  it("2 a request that is answered 400 takes no effect", async () => {
    const peer = server.peer();
    await expectBadRequest(await peer.post("poll", { ...attach, r: "x" }, { body: peer.say(CONNECT) }));
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });
});

describe("methods", () => {
  it.each([
    ["GET", "poll"],
    ["PUT", "poll"],
    ["DELETE", "poll"],
    ["OPTIONS", "poll"],
    ["GET", "send"],
    ["PATCH", "send"],
    ["POST", "websocket"],
    ["GET", "stream"],
    ["PUT", "stream"],
    ["POST", "events"],
    ["OPTIONS", "events"],
    ["POST", "html"],
    ["DELETE", "html"],
  ])("10 %s on %s is answered 405 METHOD_NOT_ALLOWED", async (method, kind) => {
    const w = new URL(server.base).origin;
    const response = await fetch(server.peer().url(kind, { ...attach, w }), { method });
    const body = await response.text();
    expect(response.status, body).toBe(405);
    expect(body).toMatch(/^METHOD_NOT_ALLOWED/);
    expect(response.headers.get("allow")).toBe(["websocket", "events", "html"].includes(kind) ? "GET" : "POST");
  });

  it.each(["poll", "events", "html"])("10 HEAD on %s is answered 405", async (kind) => {
    const w = new URL(server.base).origin;
    expect((await fetch(server.peer().url(kind, { ...attach, w }), { method: "HEAD" })).status).toBe(405);
  });
});

describe("answers", () => {
  function expectOwnHeaders({ headers }: Response): void {
    expect(headers.get("cache-control")).toBe("no-store, no-transform");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-encoding")).toBeNull();
  }
  const PLAIN = /^text\/plain; ?charset=utf-8$/i;

  it("5 the answer to a poll has its three headers and is plain text", async () => {
    const response = await server.peer().post("poll", attach);
    expect(response.status).toBe(200);
    expectOwnHeaders(response);
    expect(response.headers.get("content-type")).toMatch(PLAIN);
  });

  it("5 the answer to a send has its three headers and is plain text", async () => {
    const peer = server.peer();
    await peer.connect();
    const response = await peer.post("send");
    expect(response.status).toBe(200);
    expectOwnHeaders(response);
    expect(response.headers.get("content-type")).toMatch(PLAIN);
  });

  describe.each([
    ["stream", PLAIN],
    ["events", /^text\/event-stream(; ?charset=utf-8)?$/i],
    ["html", /^text\/html; ?charset=utf-8$/i],
  ] as const)("%s", (kind, type) => {
    it("5 is chunked, and has its three headers and its type", async () => {
      const response = await server.peer().attach(kind, { o: 1, t: 1 });
      expect(response.status).toBe(200);
      expectOwnHeaders(response);
      expect(response.headers.get("content-type")).toMatch(type);
      expect(response.headers.get("content-length")).toBeNull();
    });

    it("5 says in the same form that a session is gone, and ends", async () => {
      const response = await server.peer().attach(kind, { t: 1 });
      expect(response.status).toBe(200);
      expectOwnHeaders(response);
      expect(response.headers.get("content-type")).toMatch(type);
      expect(await response.text()).toContain("4002");
    });

    it("5 is never padded: the greeting is all there is at first", async () => {
      const stream = await server.peer().stream(kind, { o: 1, t: 1 });
      await stream.greeted();
      await stream.settled();
      expect(stream.text.length).toBeLessThan(700);
    });
  });

  it("5 that a session is gone comes with 200 and the same headers", async () => {
    const response = await server.peer().post("poll", { r: 0, t: 1, h: 0 });
    expect(response.status).toBe(200);
    expectOwnHeaders(response);
  });

  it("5 refusals have the three headers too", async () => {
    expectOwnHeaders(await server.peer().post("poll", { ...attach, r: "x" }));
    expectOwnHeaders(await fetch(server.peer().url("poll", attach)));
  });
});
