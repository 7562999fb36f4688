import { describe, expect, it } from "vitest";
import { parseRelayUrl } from "./relay-url.ts";

describe("where to relay to", () => {
  it.each([
    ["stomp://broker.test", { hostname: "broker.test", port: 61_613 }],
    ["stomp://broker.test:1234/", { hostname: "broker.test", port: 1234 }],
    ["stomp://[::1]:1234", { hostname: "::1", port: 1234 }],
    ["stomp://me:p%40ss@b.test/%2F", { hostname: "b.test", port: 61_613, login: "me", passcode: "p@ss", host: "/" }],
    ["stomp://me@b.test/shop", { hostname: "b.test", port: 61_613, login: "me", passcode: "", host: "shop" }],
  ])("is in %s", (text, target) => {
    expect(parseRelayUrl(text)).toEqual(target);
  });

  it.each(["", "broker.test", "http://broker.test", "stomp:", "stomp://b.test?x=1", "stomp://b.test#x"])(
    "is not in %j",
    (text) => {
      expect(parseRelayUrl(text)).toBeUndefined();
    },
  );
});
