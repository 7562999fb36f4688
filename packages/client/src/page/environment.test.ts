import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { pageEnvironment } from "./environment.ts";

describe("importing the client", () => {
  let script: string;
  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [new URL("../index.ts", import.meta.url).pathname],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "Encke",
    });
    script = outputFiles[0]!.text;
  });

  /** A global object that notes what is asked of it. */
  function run(globals: Record<string, unknown> = {}) {
    const touched: string[] = [];
    const spied = Object.fromEntries(
      [
        "setTimeout",
        "setInterval",
        "fetch",
        "WebSocket",
        "XMLHttpRequest",
        "document",
        "navigator",
        "localStorage",
      ].map((name) => [name, undefined]),
    );
    for (const name of Object.keys(spied)) {
      Object.defineProperty(spied, name, { get: () => void touched.push(name), enumerable: true });
    }
    // What the language's standard library has on the Web, in Node and in a worker alike.
    const standard = { URL, URLSearchParams, TextEncoder, TextDecoder, Event, EventTarget, MessageEvent, Blob };
    const Encke = runInNewContext(
      `${script}; Encke`,
      Object.defineProperties({ ...standard, ...globals }, Object.getOwnPropertyDescriptors(spied)),
    );
    return { Encke, touched };
  }

  it("starts no timer, makes no request, and does not even look at the page", () => {
    const { Encke, touched } = run();
    expect(touched).toEqual([]);
    expect(Object.keys(Encke).sort()).toEqual(expect.arrayContaining(["EnckeError", "EnckeSocket", "connect"]));
  });

  it("needs no page: using it there fails with a word on why", () => {
    const { Encke } = run();
    expect(() => Encke.connect("http://encke.test/encke")).toThrow("None of the transports");
  });
});

describe("the environment", () => {
  it("is what there is at the call, not at import", () => {
    expect(pageEnvironment().XMLHttpRequest).toBeUndefined();
    const Fake = class {} as unknown as typeof XMLHttpRequest;
    vi.stubGlobal("XMLHttpRequest", Fake);
    vi.stubGlobal("WebSocket", Fake);
    expect(pageEnvironment()).toMatchObject({ XMLHttpRequest: Fake, WebSocket: Fake });
  });

  it("resolves against the document's base, or the worker's location, or nothing", () => {
    expect(pageEnvironment().baseUrl).toBeUndefined();
    vi.stubGlobal("location", { href: "http://encke.test/worker.js" });
    expect(pageEnvironment().baseUrl).toBe("http://encke.test/worker.js");
    vi.stubGlobal("document", { baseURI: "http://encke.test/base/" });
    expect(pageEnvironment().baseUrl).toBe("http://encke.test/base/");
  });

  it("has luck, and octets that nobody guesses", () => {
    const env = pageEnvironment();
    expect(env.random()).toBeGreaterThanOrEqual(0);
    expect(env.random()).toBeLessThan(1);
    const [one, other] = [env.randomOctets(18), env.randomOctets(18)];
    expect(one).toHaveLength(18);
    expect(one).not.toEqual(other);
  });

  it("sends beacons", () => {
    const sendBeacon = vi.fn(() => true);
    vi.stubGlobal("navigator", { sendBeacon });
    pageEnvironment().beacon("http://encke.test/", "x");
    expect(sendBeacon).toHaveBeenCalledWith("http://encke.test/", "x");
  });

  it("shows what a listener threw, later, as uncaught", () => {
    vi.useFakeTimers();
    const error = new Error("thrown by a listener");
    pageEnvironment().reportError(error);
    expect(() => vi.runAllTimers()).toThrow(error);
    vi.useRealTimers();
  });

  it("has a clock that shows the time and whose timers can be cancelled", () => {
    vi.useFakeTimers({ now: 5_000 });
    const { clock } = pageEnvironment();
    const ran: string[] = [];
    clock.after(100, () => ran.push("one"));
    clock.after(100, () => ran.push("other"))();
    expect(clock.now()).toBe(5_000);
    vi.advanceTimersByTime(100);
    expect([clock.now(), ran, vi.getTimerCount()]).toEqual([5_100, ["one"], 0]);
    vi.useRealTimers();
  });
});
