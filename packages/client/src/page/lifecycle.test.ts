import { describe, expect, it } from "vitest";
import { lifecycleOf } from "./lifecycle.ts";

/** A window with a document, which count the listeners that they have. */
class Target extends EventTarget {
  readonly types: string[] = [];

  override addEventListener(type: string, ...rest: [EventListener]): void {
    this.types.push(type);
    super.addEventListener(type, ...rest);
  }

  override removeEventListener(type: string, ...rest: [EventListener]): void {
    this.types.splice(this.types.indexOf(type), 1);
    super.removeEventListener(type, ...rest);
  }

  fire(type: string, traits: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), traits));
  }
}

function page() {
  const document = Object.assign(new Target(), { hidden: false });
  const window = Object.assign(new Target(), { document });
  const lifecycle = lifecycleOf(window as unknown as Window);
  const heard: string[] = [];
  return {
    window,
    document,
    heard,
    offWake: lifecycle.onWake(() => heard.push("wake")),
    offLeave: lifecycle.onLeave(() => heard.push("leave")),
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
  it("with pagehide, unless it is kept in the back/forward cache", () => {
    const { window, heard } = page();
    window.fire("pagehide", { persisted: true });
    expect(heard).toEqual([]);
    window.fire("pagehide", { persisted: false });
    expect(heard).toEqual(["leave"]);
  });

  it("without unload or beforeunload, which would keep it out of that cache", () => {
    const { window, document } = page();
    expect([...window.types, ...document.types].sort()).toEqual(
      ["offline", "online", "pagehide", "pageshow", "resume", "visibilitychange"].sort(),
    );
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
