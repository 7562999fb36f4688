import { describe, expect, it } from "vitest";
import { type Address, parseAddress } from "./address.ts";

const session = "AZaz09-_AZaz09-_AZaz09";

/** Reads the address of a poll with these parameters beside those that every attach has. */
function attach(changes: Record<string, string | undefined> = {}, kind = "poll") {
  const w = kind === "html" ? { w: "https://a.test" } : {};
  const parameters = Object.entries({ v: "1", c: "2", r: "3", ...w, ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  return parseAddress(`/${session}/${kind}?${new URLSearchParams(parameters as [string, string][])}`);
}

const refused = (reason?: string) => ({
  status: 400,
  code: "BAD_REQUEST",
  reason: reason === undefined ? expect.any(String) : expect.stringMatching(reason),
});

describe("the address of an attach", () => {
  it("says which session, which carrier, and what was received", () => {
    expect(attach()).toEqual({
      session,
      kind: "poll",
      isServedVersion: true,
      number: 2,
      received: 3,
      takesOver: false,
      mayOpen: false,
      protocols: [],
      hold: undefined,
      speaksFor: undefined,
    });
  });

  it("says whether it takes over and may open the session, and how long it may be held", () => {
    expect(attach({ t: "1", o: "1", h: "250" })).toMatchObject({ takesOver: true, mayOpen: true, hold: 250 });
    expect(attach({ h: "0" })).toMatchObject({ hold: 0 });
  });

  it.each(["1000", "3600000"])("may ask for a ping interval of %s ms", (i) => {
    expect(attach({ i }, "events")).toMatchObject({ interval: Number(i) });
  });

  it.each(["http://a.test", "https://a.test:8443", "http://127.0.0.1:8000", "http://[::1]:8000", "http://my_host"])(
    "says for html which page it is for: %s",
    (w) => {
      expect(attach({ w }, "html")).toMatchObject({ kind: "html", page: w });
    },
  );

  it("is for no page but in html", () => {
    expect(attach({ w: "https://a.test" }, "stream")).toMatchObject({ page: undefined });
  });

  it("says which subprotocols are offered, in order", () => {
    expect(attach({ p: "v12.stomp" })).toMatchObject({ protocols: ["v12.stomp"] });
    expect(attach({ p: "v12.stomp,v11.stomp,a!#$%&'*+-.^_`|~" })).toMatchObject({
      protocols: ["v12.stomp", "v11.stomp", "a!#$%&'*+-.^_`|~"],
    });
  });

  it.each(["websocket", "stream", "events", "html", "poll"])("may be of kind %s", (kind) => {
    expect(attach({}, kind)).toMatchObject({ kind, received: 3 });
  });

  it("does not mind parameters that it does not know, and takes the first of those that it does", () => {
    expect(parseAddress(`/${session}/poll?x=1&c=1&v=1&c=7&r=0&r=x&w`)).toMatchObject({ number: 1, received: 0 });
  });

  it("takes numbers up to 2^53-1", () => {
    const most = String(2 ** 53 - 1);
    expect(attach({ c: most, r: most })).toMatchObject({ number: 2 ** 53 - 1, received: 2 ** 53 - 1 });
  });
});

describe("the address of a send", () => {
  it("needs no more than its number", () => {
    expect(parseAddress(`/${session}/send?v=1&c=9`)).toMatchObject({ kind: "send", number: 9, speaksFor: undefined });
  });

  it("may speak for a carrier", () => {
    expect(parseAddress(`/${session}/send?v=1&c=9&k=4`)).toMatchObject({ speaksFor: 4 });
  });

  it.each(["0", "x", "-1", ""])("does not speak for carrier %j", (k) => {
    expect(parseAddress(`/${session}/send?v=1&c=9&k=${k}`)).toEqual(refused("^k "));
  });
});

describe("another version", () => {
  it.each(["2", "999"])("%s is read no further, as its parameters may be others", (v) => {
    expect(parseAddress(`/${session}/poll?v=${v}&c=x&r=-1&t=yes`)).toMatchObject({
      session,
      isServedVersion: false,
    } satisfies Partial<Address>);
  });

  it("has to say the page that an html document is for, as it could not be told otherwise", () => {
    expect(parseAddress(`/${session}/html?v=2&w=https://a.test`)).toMatchObject({
      isServedVersion: false,
      page: "https://a.test",
    });
    expect(parseAddress(`/${session}/html?v=2`)).toEqual(refused("^w,"));
  });
});

describe("what is not of its form", () => {
  it.each([
    "",
    "/",
    `/${session}`,
    `/${session}/`,
    `/${session}/telepathy`,
    `/${session}/Poll`,
    `/${session}/poll/`,
    `/${session}/poll/1`,
    `//${session}/poll`,
    `/${session.slice(1)}/poll`,
    `/${"a".repeat(65)}/poll`,
    `/${session}./poll`,
    `/${session}%2F/poll`,
    `/../${session}/poll`,
    `/${session}/poll\n`,
  ])("is refused: the path %j", (path) => {
    expect(parseAddress(`${path}?v=1&c=1&r=0`)).toEqual(refused("path"));
  });

  it.each<[string, Record<string, string | undefined>]>([
    ["v", { v: undefined }],
    ["v", { v: "0" }],
    ["v", { v: "" }],
    ["v", { v: "one" }],
    ["v", { v: "01" }],
    ["c", { c: undefined }],
    ["c", { c: "0" }],
    ["c", { c: "-1" }],
    ["c", { c: "1.5" }],
    ["c", { c: "1e3" }],
    ["c", { c: "0x1" }],
    ["c", { c: " 1" }],
    ["c", { c: "007" }],
    ["c", { c: "9007199254740992" }],
    ["r", { r: undefined }],
    ["r", { r: "" }],
    ["r", { r: "-1" }],
    ["r", { r: "many" }],
    ["t", { t: "" }],
    ["t", { t: "0" }],
    ["t", { t: "true" }],
    ["o", { o: "yes" }],
    ["h", { h: "" }],
    ["h", { h: "soon" }],
    ["h", { h: "3600001" }],
    ["i", { i: "" }],
    ["i", { i: "0" }],
    ["i", { i: "999" }],
    ["i", { i: "3600001" }],
    ["i", { i: "often" }],
    ["p", { p: "" }],
    ["p", { p: "a,,b" }],
    ["p", { p: "a b" }],
    ["p", { p: "ä" }],
    ["p", { p: "a".repeat(65) }],
  ])("is refused: %s, in %j", (name, changes) => {
    expect(attach(changes)).toEqual(refused(`^${name}[ ,]`));
  });

  it.each([
    undefined,
    "",
    "null",
    "*",
    "a.test",
    "//a.test",
    "https://",
    "https://a.test/",
    "https://A.test",
    "https://a.test:",
    "https://a.test:123456",
    "https://*.test",
    "https://u@a.test",
    "https://a.test;script-src",
    "https://a.test 'self'",
    "https://a.test\r\nX: y",
    "file://",
    "javascript:alert(1)",
  ])("is refused: the page %j of an html document", (w) => {
    expect(attach({ w }, "html")).toEqual(refused("^w,"));
  });

  it("is not repeated in the answer", () => {
    const secret = "<script>secret</script>";
    for (const name of ["v", "c", "r", "t", "o", "h", "i", "p", "w"]) {
      expect(JSON.stringify(attach({ [name]: secret }, "html"))).not.toContain("secret");
    }
    expect(JSON.stringify(parseAddress(`/${secret}/poll`))).not.toContain("secret");
  });
});
