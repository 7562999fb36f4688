import { type Breakable, type Line, moment } from "./line.ts";

/** An XMLHttpRequest that fails with a network error while the line is cut, in flight or from the start. */
export function faultyXmlHttpRequest(Real: typeof XMLHttpRequest, line: Line): typeof XMLHttpRequest {
  return class FaultyXmlHttpRequest extends Real implements Breakable {
    readonly kind = "http";
    #failed = false;
    #cancelFailure: (() => void) | undefined;

    constructor() {
      super();
      // The first listener of its type runs first: what break() aborts must look like an error, not like an abort.
      this.addEventListener("abort", (event) => {
        if (!this.#failed) return;
        event.stopImmediatePropagation();
        this.dispatchEvent(new ProgressEvent("error"));
      });
      this.addEventListener("loadend", () => line.open.delete(this));
    }

    override get readyState(): number {
      return this.#failed ? Real.DONE : super.readyState;
    }

    override open(...parameters: [method: string, url: string | URL]): void {
      this.#failed = false;
      super.open(...parameters);
    }

    override send(body?: Document | XMLHttpRequestBodyInit | null): void {
      if (line.httpPasses) {
        line.open.add(this);
        super.send(body);
        return;
      }
      const timer = setTimeout(() => {
        this.#cancelFailure = undefined;
        this.#failed = true;
        for (const type of ["readystatechange", "error", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
      }, moment());
      this.#cancelFailure = () => clearTimeout(timer);
    }

    override abort(): void {
      if (this.#cancelFailure === undefined) {
        super.abort();
        return;
      }
      this.#cancelFailure();
      this.#cancelFailure = undefined;
      for (const type of ["abort", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
    }

    break(): void {
      line.open.delete(this);
      setTimeout(() => {
        if (super.readyState === Real.DONE || super.readyState === Real.UNSENT) return;
        this.#failed = true;
        super.abort();
      });
    }
  };
}

/** An EventSource whose stream dies for good when the line is cut, and that hears nothing while streams are held back. */
export function faultyEventSource(Real: typeof EventSource, line: Line): typeof EventSource {
  return class FaultyEventSource extends Real implements Breakable {
    readonly kind = "stream";

    constructor(url: string | URL, init?: EventSourceInit) {
      super(url, init);
      if (!line.streamsPass) {
        // The first listeners of their types run first.
        const hold = (event: Event) => event.stopImmediatePropagation();
        for (const type of ["open", "message"]) this.addEventListener(type, hold);
      }
      if (line.httpPasses) line.open.add(this);
      else this.#fail(moment());
    }

    override close(): void {
      line.open.delete(this);
      super.close();
    }

    break(): void {
      this.#fail(0);
    }

    #fail(afterMs: number): void {
      this.close();
      setTimeout(() => this.dispatchEvent(new Event("error")), afterMs);
    }
  };
}
