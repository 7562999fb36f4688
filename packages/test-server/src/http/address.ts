import type { Attach } from "../session/carrier.ts";
import type { Refused } from "./answers.ts";

export type CarrierKind = "websocket" | "stream" | "events" | "html" | "poll" | "send";

/** What a URL of PROTOCOL.md section 2 says. */
export interface Address extends Attach {
  readonly session: string;
  readonly kind: CarrierKind;
  /** The version asked for is the one served. Where it is not, nothing else is read. */
  readonly isServedVersion: boolean;
  readonly mayOpen: boolean;
  readonly protocols: readonly string[];
  /** Milliseconds; undefined: as the server likes. */
  readonly hold: number | undefined;
  /** `k`: the receive-only carrier that a `send` speaks for. */
  readonly speaksFor: number | undefined;
  /** `w`: the origin of the page that an `html` document posts to. Of its form, which does not mean that it is allowed. */
  readonly page: string | undefined;
}

const path = /^\/([A-Za-z0-9_-]{22,64})\/(websocket|stream|events|html|poll|send)$/;
const number = /^(?:0|[1-9][0-9]{0,15})$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const maxHold = 3_600_000;
const minInterval = 1_000;
const maxInterval = 3_600_000;
/** As browsers write it. What a host may hold beside these would mean something in the policy that it is written into. */
const webOrigin = /^https?:\/\/(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

function bad(reason: string): Refused {
  return { status: 400, code: "BAD_REQUEST", reason };
}

/** Reads the part of a request's URL that follows the base. */
export function parseAddress(rest: string): Address | Refused {
  const mark = rest.indexOf("?");
  const match = path.exec(mark < 0 ? rest : rest.slice(0, mark));
  if (!match) return bad("the path is not <base>/<session>/<carrier kind>");
  const [, session, kind] = match as unknown as [string, string, CarrierKind];
  const parameters = new URLSearchParams(mark < 0 ? "" : rest.slice(mark));
  const numeric = (name: string): number | undefined => {
    const value = parameters.get(name);
    if (value === null) return undefined;
    return number.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : Number.NaN;
  };
  const flag = (name: string): boolean | undefined => {
    const value = parameters.get(name);
    return value === null ? false : value === "1" ? true : undefined;
  };

  const version = numeric("v");
  if (!version) return bad("v, the protocol version, is missing or not a number");
  const isServedVersion = version === 1;
  const page = kind === "html" ? (parameters.get("w") ?? "") : undefined;
  if (page !== undefined && !webOrigin.test(page)) return bad("w, the page's origin, is missing or not an origin");
  const blank = {
    session,
    kind,
    isServedVersion,
    number: 1,
    received: 0,
    takesOver: false,
    mayOpen: false,
    protocols: [],
    hold: undefined,
    interval: undefined,
    speaksFor: undefined,
    page,
  };
  // Another version may have other parameters, but its document has to know its page.
  if (!isServedVersion) return blank;
  const c = numeric("c");
  if (!c) return bad("c, the carrier's number, is missing or not a number from 1");
  if (kind === "send") {
    const speaksFor = numeric("k");
    if (speaksFor === 0 || Number.isNaN(speaksFor)) return bad("k is not a carrier's number");
    return { ...blank, number: c, speaksFor };
  }
  const received = numeric("r");
  if (received === undefined || Number.isNaN(received))
    return bad("r, the number of messages received, is missing or not a number");
  const takesOver = flag("t");
  if (takesOver === undefined) return bad("t is neither absent nor 1");
  const mayOpen = flag("o");
  if (mayOpen === undefined) return bad("o is neither absent nor 1");
  const hold = numeric("h");
  if (Number.isNaN(hold) || (hold ?? 0) > maxHold)
    return bad("h, the hold time, is not a number of milliseconds up to an hour");
  const interval = numeric("i");
  if (interval !== undefined && !(interval >= minInterval && interval <= maxInterval))
    return bad("i, the ping interval, is not a number of milliseconds from a second up to an hour");
  const offered = parameters.get("p");
  const protocols = offered === null ? [] : offered.split(",");
  if (!protocols.every((protocol) => token.test(protocol))) return bad("p, the subprotocols, is not a list of tokens");
  return { ...blank, number: c, received, takesOver, mayOpen, hold, interval, protocols };
}
