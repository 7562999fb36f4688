/**
 * As much of XMLHttpRequest (WHATWG XHR) as a transport needs, over `fetch`, which msw intercepts. It has no `upload`, as a listener there would ask for a preflight: who
 * looks for it fails.
 */
export class FetchingXMLHttpRequest extends EventTarget {
  readyState = 0;
  status = 0;
  responseText = "";
  #method = "";
  #url = "";
  readonly #headers = new Headers();
  #isForgotten = false;
  readonly #abort = new AbortController();

  get url(): string {
    return this.#url;
  }

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
    this.#become(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  send(body: string): void {
    if (this.readyState !== 1) throw new DOMException("It is not open.", "InvalidStateError");
    void this.#run(body);
  }

  /** Fires its events before it returns, as the standard's "abort" does, and none once all is over. */
  abort(): void {
    const isUnderWay = this.readyState > 0 && this.readyState < 4;
    this.#abort.abort();
    if (isUnderWay) this.#fail("abort");
    this.readyState = 0;
  }

  /** The test is over: nobody is to hear of it. */
  forget(): void {
    this.#isForgotten = true;
    this.#abort.abort();
  }

  async #run(body: string): Promise<void> {
    const { signal } = this.#abort;
    try {
      const response = await fetch(this.#url, { method: this.#method, headers: this.#headers, body, signal });
      if (signal.aborted) return;
      this.status = response.status;
      this.#become(2);
      const text = await response.text();
      if (signal.aborted) return;
      this.responseText = text;
    } catch {
      if (!signal.aborted) this.#fail("error");
      return;
    }
    this.#become(4);
    this.#fire("load");
    this.#fire("loadend");
  }

  #fail(type: "abort" | "error"): void {
    this.status = 0;
    this.responseText = "";
    this.#become(4);
    this.#fire(type);
    this.#fire("loadend");
  }

  #become(readyState: number): void {
    this.readyState = readyState;
    this.#fire("readystatechange");
  }

  #fire(type: string): void {
    if (this.#isForgotten) return;
    const event = new Event(type);
    (this as unknown as Record<string, ((event: Event) => void) | undefined>)[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }
}
