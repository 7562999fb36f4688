import { type Clock, systemClock } from "./clock.ts";
import { type Lifecycle, lifecycleOf, listen } from "./lifecycle.ts";
import { type Seat, seatAt } from "./seat.ts";

/** What STOMP takes from the page. No file outside this folder looks at globals, so a test can stand for any browser. */
export interface StompEnvironment {
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly WebSocket: typeof WebSocket | undefined;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** Shows what a listener threw, as the browser shows it for its own events. */
  reportError(error: unknown): void;
}

/** What sessions and their transports take besides. */
export interface Environment extends StompEnvironment {
  readonly XMLHttpRequest: typeof XMLHttpRequest | undefined;
  /** Only if it hands over an answer while that comes. */
  readonly fetch: typeof fetch | undefined;
  readonly EventSource: typeof EventSource | undefined;
  readonly document: Document | undefined;
  /** Against this a relative endpoint is resolved; undefined outside a page. */
  readonly baseUrl: string | undefined;
  /** The page's Content-Security-Policy has kept a request from leaving. Returns what stops it. @param run told the URL, or of a WebSocket only its scheme */
  onBlocked(run: (url: string) => void): () => void;
  /** This tab's leave to hold a request open. @param onDenied it may not, or not any longer */
  seatAt(host: string, onDenied: () => void): Seat;
  /** Unguessable octets, for session ids. */
  randomOctets(count: number): Uint8Array;
  /** Sends a last POST that outlives the page, if the browser takes it. */
  beacon(url: string, body: string): void;
  /** What `remember` was given for this endpoint last, in this browser; null if nothing is there. May throw. */
  recall(endpoint: string): string | null;
  /** Keeps a text for an endpoint. Where that cannot be, it is not. */
  remember(endpoint: string, text: string): void;
}

type Scope = Partial<Window> & Partial<typeof globalThis>;

/** Of the page, worker or server process that this runs in. Globals are read here, at the call, and not at import. */
export function stompEnvironment(scope = globalThis as unknown as Scope): StompEnvironment {
  return {
    clock: systemClock,
    lifecycle: lifecycleOf(scope),
    WebSocket: scope.WebSocket,
    random: Math.random,
    // Browsers that have no `reportError` yet (Safari 15.3) show what a timer throws just so.
    reportError: (error) =>
      systemClock.after(0, () => {
        throw error;
      }),
  };
}

/** The same for all of encke. */
export function pageEnvironment(scope = globalThis as unknown as Scope): Environment {
  return {
    ...stompEnvironment(scope),
    XMLHttpRequest: scope.XMLHttpRequest,
    fetch: "body" in (scope.Response?.prototype ?? {}) ? scope.fetch?.bind(scope) : undefined,
    EventSource: scope.EventSource,
    document: scope.document,
    baseUrl: scope.document?.baseURI ?? scope.location?.href,
    onBlocked: (run) =>
      listen(scope, ["securitypolicyviolation"], true, ({ blockedURI }: SecurityPolicyViolationEvent) =>
        run(blockedURI),
      ),
    seatAt: (host, onDenied) => seatAt(host, onDenied, scope),
    randomOctets: (count) => crypto.getRandomValues(new Uint8Array(count)),
    beacon: (url, body) => navigator.sendBeacon(url, body),
    // Looking at `localStorage` may throw already, as in a sandbox.
    recall: (endpoint) => scope.localStorage!.getItem(`encke ${endpoint}`),
    remember(endpoint, text) {
      try {
        scope.localStorage!.setItem(`encke ${endpoint}`, text);
      } catch {}
    },
  };
}
