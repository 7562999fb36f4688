import { type Breakable, type Line, moment } from "./line.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * A WebSocket that can be refused and killed. It stands in front of a real one and hands its events on; a subclass
 * could not do it, because constructing a WebSocket connects it.
 */
export function faultyWebSocket(Real: typeof WebSocket, line: Line): typeof WebSocket {
  class FaultyWebSocket extends EventTarget implements Breakable {
    static readonly CONNECTING = CONNECTING;
    static readonly OPEN = OPEN;
    static readonly CLOSING = CLOSING;
    static readonly CLOSED = CLOSED;
    readonly CONNECTING = CONNECTING;
    readonly OPEN = OPEN;
    readonly CLOSING = CLOSING;
    readonly CLOSED = CLOSED;

    declare onopen: ((event: Event) => void) | null;
    declare onmessage: ((event: MessageEvent) => void) | null;
    declare onerror: ((event: Event) => void) | null;
    declare onclose: ((event: CloseEvent) => void) | null;

    readonly kind = "websocket";
    readonly url: string;
    #real: WebSocket | undefined;
    #broken = false;
    #readyState = CONNECTING;
    #binaryType: BinaryType = "blob";

    constructor(url: string | URL, protocols?: string | string[]) {
      super();
      const absolute = new URL(url, document.baseURI);
      absolute.protocol = absolute.protocol.replace("http", "ws");
      this.url = absolute.href;
      line.open.add(this);
      if (line.webSocketPasses) this.#open(new Real(url, protocols));
      else setTimeout(() => this.#end(true, new CloseEvent("close", { code: 1006 })), moment());
    }

    get readyState(): number {
      return this.#readyState;
    }

    get bufferedAmount(): number {
      return this.#real?.bufferedAmount ?? 0;
    }

    get protocol(): string {
      return this.#real?.protocol ?? "";
    }

    get extensions(): string {
      return this.#real?.extensions ?? "";
    }

    get binaryType(): BinaryType {
      return this.#binaryType;
    }

    set binaryType(type: BinaryType) {
      this.#binaryType = type;
      if (this.#real !== undefined) this.#real.binaryType = type;
    }

    send(data: Parameters<WebSocket["send"]>[0]): void {
      if (this.#readyState === CONNECTING) throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
      if (!this.#broken) this.#real?.send(data);
    }

    close(code?: number, reason?: string): void {
      this.#real?.close(code, reason);
      if (this.#readyState < CLOSING) this.#readyState = CLOSING;
    }

    break(): void {
      if (this.#broken || this.#readyState === CLOSED) return;
      this.#broken = true;
      // The server's end has to go too. What this page sees does not wait for it, and is not as clean.
      this.#real?.close();
      if (this.#real !== undefined) setTimeout(() => this.#end(false, new CloseEvent("close", { code: 1006 })));
    }

    #open(real: WebSocket): void {
      this.#real = real;
      real.binaryType = this.#binaryType;
      real.addEventListener("open", () => {
        if (this.#broken || this.#readyState !== CONNECTING) return;
        this.#readyState = OPEN;
        this.dispatchEvent(new Event("open"));
      });
      real.addEventListener("message", ({ data, origin }) => {
        if (!this.#broken) this.dispatchEvent(new MessageEvent("message", { data, origin }));
      });
      let failed = false;
      real.addEventListener("error", () => {
        failed = true;
      });
      real.addEventListener("close", ({ code, reason, wasClean }) => {
        if (!this.#broken) this.#end(failed, new CloseEvent("close", { code, reason, wasClean }));
      });
    }

    #end(failed: boolean, close: CloseEvent): void {
      if (this.#readyState === CLOSED) return;
      this.#readyState = CLOSED;
      line.open.delete(this);
      if (failed) this.dispatchEvent(new Event("error"));
      this.dispatchEvent(close);
    }
  }

  for (const type of ["open", "message", "error", "close"]) eventHandler(FaultyWebSocket.prototype, type);
  return FaultyWebSocket as unknown as typeof WebSocket;
}

/** Gives a class the attribute `on<type>`, as HTML defines event handlers: one listener that can be exchanged. */
function eventHandler(prototype: EventTarget, type: string): void {
  type Handler = (this: EventTarget, event: Event) => void;
  const handlers = new WeakMap<EventTarget, Handler | null>();
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get(this: EventTarget) {
      return handlers.get(this) ?? null;
    },
    set(this: EventTarget, handler: unknown) {
      const known = handlers.has(this);
      handlers.set(this, typeof handler === "function" ? (handler as Handler) : null);
      if (!known) this.addEventListener(type, (event) => handlers.get(this)?.call(this, event));
    },
  });
}
