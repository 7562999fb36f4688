import { describe, expect, it } from "vitest";
import { lifecycleOf } from "./lifecycle.ts";

interface Listener {
  readonly type: string;
  readonly run: (event: object) => void;
  readonly isCapturing: boolean;
}

/** A window or a document. Node's own EventTarget knows of no capturing. */
class Target {
  listeners: Listener[] = [];
  /** Events of this one pass through there on their way down, as those of a document pass through its window. */
  parent: Target | undefined;

  get types(): string[] {
    return this.listeners.map(({ type }) => type);
  }

  addEventListener(type: string, run: (event: object) => void, isCapturing = false): void {
    this.listeners.push({ type, run, isCapturing });
  }

  removeEventListener(type: string, run: (event: object) => void, isCapturing = false): void {
    this.listeners = this.listeners.filter(
      (one) => one.type !== type || one.run !== run || one.isCapturing !== isCapturing,
    );
  }

  /** As in DOM, "dispatch": down, and up again. */
  fire(type: string, traits: object = {}): void {
    this.parent?.hear(type, traits, true);
    this.hear(type, traits, true);
    this.hear(type, traits, false);
    this.parent?.hear(type, traits, false);
  }

  hear(type: string, traits: object, isCapturing: boolean): void {
    for (const listener of this.listeners.filter((one) => one.type === type && one.isCapturing === isCapturing)) {
      listener.run({ type, ...traits });
    }
  }
}

function page() {
  const document = Object.assign(new Target(), { hidden: false });
  const window = Object.assign(new Target(), { document });
  document.parent = window;
  const lifecycle = lifecycleOf(window as unknown as Window);
  const heard: string[] = [];
  return {
    window,
    document,
    heard,
    offWake: lifecycle.onWake(() => heard.push("wake")),
    offLeave: lifecycle.onLeave((isKept) => heard.push(isKept ? "leave, kept" : "leave")),
  };
}

describe("a page wakes", () => {
  it.each(["online", "offline"])("with %s", (type) => {
    const { window, heard } = page();
    window.fire(type);
    expect(heard).toEqual(["wake"]);
  });

  it("with resume", () => {
    const { document, heard } = page();
    document.fire("resume");
    expect(heard).toEqual(["wake"]);
  });

  it("when it comes out of the back/forward cache, and not when it is loaded", () => {
    const { window, heard } = page();
    window.fire("pageshow", { persisted: false });
    expect(heard).toEqual([]);
    window.fire("pageshow", { persisted: true });
    expect(heard).toEqual(["wake"]);
  });

  it("when it becomes visible, and not when it is hidden", () => {
    const { document, heard } = page();
    document.hidden = true;
    document.fire("visibilitychange");
    expect(heard).toEqual([]);
    document.hidden = false;
    document.fire("visibilitychange");
    expect(heard).toEqual(["wake"]);
  });
});

describe("a page leaves", () => {
  it("with pagehide, which says whether it is kept in the back/forward cache", () => {
    const { window, document, heard } = page();
    document.hidden = true;
    window.fire("pagehide", { persisted: true });
    expect(heard).toEqual(["leave, kept"]);
    window.fire("pagehide", { persisted: false });
    expect(heard).toEqual(["leave, kept", "leave"]);
  });

  it("once each time, and not when it is hidden after it has come back", () => {
    const { window, document, heard } = page();
    for (const round of [1, 2]) {
      window.fire("pagehide", { persisted: true });
      document.hidden = true;
      document.fire("visibilitychange");
      document.hidden = false;
      document.fire("visibilitychange");
      window.fire("pageshow", { persisted: true });
      document.hidden = true;
      document.fire("visibilitychange");
      document.hidden = false;
      document.fire("visibilitychange");
      expect(heard.filter((what) => what === "leave, kept")).toHaveLength(round);
    }
  });

  it("when it is hidden behind pagehide, so that what the page's own listeners send goes along", () => {
    const { window, document, heard } = page();
    window.addEventListener("pagehide", () => heard.push("the page's own"));
    window.fire("pagehide", { persisted: false });
    document.hidden = true;
    document.fire("visibilitychange");
    expect(heard).toEqual(["the page's own", "leave"]);
  });

  it("not when it is only hidden", () => {
    const { document, heard } = page();
    document.hidden = true;
    document.fire("visibilitychange");
    expect(heard).toEqual([]);
  });

  it("without unload or beforeunload, which would keep it out of that cache", () => {
    const { window, document } = page();
    expect([...window.types, ...document.types].sort()).toEqual([
      "offline",
      "online",
      "pagehide",
      "pageshow",
      "resume",
      "visibilitychange",
      "visibilitychange",
    ]);
  });
});

it("leaves no listener behind", () => {
  const { window, document, heard, offWake, offLeave } = page();
  offWake();
  offLeave();
  expect([...window.types, ...document.types]).toEqual([]);
  window.fire("online");
  window.fire("pagehide", { persisted: false });
  expect(heard).toEqual([]);
});

it("is silent in a worker, which has no document, but for the network", () => {
  const worker = new Target();
  const heard: string[] = [];
  const off = lifecycleOf(worker as unknown as Window).onWake(() => heard.push("wake"));
  worker.fire("online");
  expect(heard).toEqual(["wake"]);
  off();
  expect(worker.types).toEqual([]);
});

it("is silent where there are no events at all", () => {
  const lifecycle = lifecycleOf({});
  for (const off of [lifecycle.onWake(() => {}), lifecycle.onLeave(() => {})]) expect(off).not.toThrow();
});
