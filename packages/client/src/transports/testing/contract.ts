import { describe, expect, it } from "vitest";
import type { Environment } from "../../page/environment.ts";
import { ManualPage } from "../../page/testing/manual-page.ts";
import type { Payload, Transport, TransportEnd, TransportKind } from "../transport.ts";
import type { Network } from "./network.ts";

/** What a kind's other side does, in its own way. Each is called once the request or the WebSocket has arrived. */
export interface OtherSide {
  /** Says something and ends it in order. */
  speak(): void;
  /** What `speak` says. */
  readonly said: readonly Payload[];
  /** Wants nothing to do with it. */
  refuse(): void;
  /** Breaks off. */
  cut(): void;
}

/** Opens one and writes down what it brings. */
export class Opened {
  readonly messages: Payload[] = [];
  readonly ends: TransportEnd[] = [];
  /** What came after the end, or before there was anything to close. */
  readonly violations: string[] = [];
  readonly transport: Transport;
  #isOpening = true;
  /** Nobody looks any longer at what comes. */
  #isClosed = false;

  constructor(kind: TransportKind, env: Environment, body = "", url = newUrl(kind)) {
    const note = (what: string) => {
      if (this.#isOpening) this.violations.push(`${what} inside open`);
      if (this.#isClosed) return;
      if (this.ends.length > 0) this.violations.push(`${what} after the end`);
    };
    this.transport = kind.open(
      url,
      body,
      {
        onMessage: (message) => {
          note("a message");
          if (!this.#isClosed) this.messages.push(message);
        },
        onClose: (end) => {
          note("an end");
          if (!this.#isClosed) this.ends.push({ code: end.code, reason: end.reason });
        },
      },
      env,
    );
    this.#isOpening = false;
  }

  close(code?: number): void {
    this.#isClosed = true;
    this.transport.close(code);
  }
}

let count = 0;

/** Every request has a URL of its own, as in PROTOCOL.md. */
export function newUrl({ path }: TransportKind): string {
  return `http://encke.test/encke/session/${path}?c=${++count}`;
}

/** What a session relies on, whatever carries it. */
export function describeContract(kind: TransportKind, network: Network, otherSide: OtherSide): void {
  const pageOf = () => new ManualPage(network.WebSocket, network.XMLHttpRequest);
  const open = async () => {
    const opened = new Opened(kind, pageOf());
    await network.settled();
    return opened;
  };

  describe(`${kind.name} as a transport`, () => {
    it("is supported where the page has what it needs, and only looks", async () => {
      expect(kind.isSupported(pageOf())).toBe(true);
      expect(kind.isSupported(new ManualPage())).toBe(false);
      await network.settled();
      expect([network.exchanges, network.links]).toEqual([[], []]);
    });

    it("brings what the other side says, in order, and then its end, once", async () => {
      const { messages, ends, violations } = await open();
      otherSide.speak();
      await network.settled();
      expect(messages).toEqual(otherSide.said);
      expect(ends).toEqual([{ code: 1000, reason: expect.any(String) }]);
      expect(violations).toEqual([]);
    });

    it.each(["refuse", "cut"] as const)("brings nothing but an end where the other side does %s", async (how) => {
      const { messages, ends, violations } = await open();
      otherSide[how]();
      await network.settled();
      expect(messages).toEqual([]);
      expect(ends).toEqual([{ code: 1006, reason: expect.any(String) }]);
      expect(violations).toEqual([]);
    });

    it("brings nothing while the other side is silent", async () => {
      const { messages, ends } = await open();
      expect([messages, ends]).toEqual([[], []]);
    });

    it("may be closed again, and after its end", async () => {
      const opened = await open();
      opened.close();
      opened.close();
      await network.settled();
      opened.close();
      await network.settled();

      const other = await open();
      otherSide.speak();
      await network.settled();
      other.close();
      await network.settled();
      expect(other.ends).toHaveLength(1);
      expect([...opened.violations, ...other.violations]).toEqual([]);
    });

    it("may be closed as soon as it is opened", async () => {
      const opened = new Opened(kind, pageOf());
      opened.close();
      await network.settled();
      expect(opened.violations).toEqual([]);
    });
  });
}
