import { Exchange } from "./simulated-exchange.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import { ClientSocket } from "./simulated-socket.ts";

/** Milliseconds between two `progress` events at the least (WHATWG XMLHttpRequest, "processBodyChunk"). */
const progressPause = 50;
/** After so many milliseconds an `EventSource` connects again by itself. */
const reconnection = 3_000;

/** What pages use of a browser, on a network: as much as a page can tell. */
export function browserOn(network: SimulatedNetwork) {
  return {
    WebSocket: class extends ClientSocket {
      constructor(url: string) {
        super(network, url);
      }
    } as unknown as typeof WebSocket,

    XMLHttpRequest: class extends SimulatedXmlHttpRequest {
      readonly network = network;
    } as unknown as typeof XMLHttpRequest,

    EventSource: class extends SimulatedEventSource {
      constructor(url: string) {
        super(network, url);
      }
    } as unknown as typeof EventSource,

    fetch: ((url: string, { body, signal }: { body: string; signal: AbortSignal }) =>
      fetchOn(network, url, body, signal)) as unknown as typeof fetch,

    /** `sendBeacon`: nobody waits for the answer. */
    beacon: (url: string, body: string): void => {
      new Exchange(network, { method: "POST", url, body, isBeacon: true }, { head() {}, data() {}, end() {} });
    },
  };
}

abstract class SimulatedXmlHttpRequest {
  abstract readonly network: SimulatedNetwork;
  status = 0;
  responseText = "";
  timeout = 0;
  onprogress: (() => void) | null = null;
  onloadend: (() => void) | null = null;
  #url = "";
  #exchange: Exchange | undefined;
  #progressedAt = -Infinity;
  #cancelProgress: (() => void) | undefined;
  #cancelTimeout: (() => void) | undefined;

  open(_method: string, url: string): void {
    this.#url = url;
  }

  send(body: string): void {
    const decoder = new TextDecoder();
    if (this.timeout > 0) this.#cancelTimeout = this.network.after(this.timeout, () => this.abort());
    this.#exchange = new Exchange(
      this.network,
      { method: "POST", url: this.#url, body },
      {
        head: (status) => {
          this.status = status;
        },
        data: (octets) => {
          this.responseText += decoder.decode(octets, { stream: true });
          if (this.onprogress) this.#progress();
        },
        end: (isComplete) => {
          this.#cancelProgress?.();
          this.#cancelTimeout?.();
          if (isComplete) this.responseText += decoder.decode();
          else {
            this.status = 0;
            this.responseText = "";
          }
          this.onloadend?.();
        },
      },
    );
  }

  abort(): void {
    this.#exchange?.abort();
  }

  #progress(): void {
    if (this.#cancelProgress) return;
    const { network } = this;
    const due = this.#progressedAt + progressPause - network.time.now;
    const tell = () => {
      this.#cancelProgress = undefined;
      this.#progressedAt = network.time.now;
      if (!network.isPageGone) this.onprogress?.();
    };
    if (due <= 0) tell();
    else this.#cancelProgress = network.after(due, tell);
  }
}

function fetchOn(network: SimulatedNetwork, url: string, body: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let outcome: "complete" | "broken" | undefined;
    let waiting: (() => void) | undefined;
    const read = () =>
      new Promise<{ value?: Uint8Array; done: boolean }>((resolve, reject) => {
        waiting = () => {
          const value = outcome === "broken" ? undefined : chunks.shift();
          if (!value && !outcome) return;
          waiting = undefined;
          if (outcome === "broken") reject(new TypeError("network error"));
          else resolve(value ? { value, done: false } : { done: true });
        };
        waiting();
      });
    const exchange = new Exchange(
      network,
      { method: "POST", url, body },
      {
        head: (status) => resolve({ status, body: { getReader: () => ({ read }) } }),
        data(octets) {
          chunks.push(octets);
          waiting?.();
        },
        end(isComplete) {
          outcome = isComplete ? "complete" : "broken";
          waiting?.();
          reject(new TypeError("Failed to fetch"));
        },
      },
    );
    signal.addEventListener("abort", () => exchange.abort());
  });
}

/** WHATWG HTML, "Server-sent events", without types and ids, which the protocol does not use. */
class SimulatedEventSource {
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  #isClosed = false;
  #exchange: Exchange | undefined;

  constructor(
    readonly network: SimulatedNetwork,
    readonly url: string,
  ) {
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#exchange?.abort();
  }

  #connect(): void {
    const { network, url } = this;
    const decoder = new TextDecoder();
    let isStream = false;
    let held = "";
    let data = "";
    this.#exchange = new Exchange(
      network,
      { method: "GET", url, body: "" },
      {
        head: (status, type) => {
          isStream = status === 200 && type === "text/event-stream";
          if (isStream) return;
          this.#isClosed = true;
          this.onerror?.();
        },
        data: (octets) => {
          if (!isStream) return;
          held += decoder.decode(octets, { stream: true });
          // A CR at the end may be half of a CRLF.
          const lines = held.split(/\r\n|\n|\r(?!$)/);
          held = lines.pop()!;
          for (const line of lines) {
            const text = /^data:? ?(.*)$/s.exec(line)?.[1];
            if (text !== undefined) data += `${text}\n`;
            if (line !== "" || data === "" || this.#isClosed) continue;
            const whole = data.slice(0, -1);
            data = "";
            this.onmessage?.({ data: whole });
          }
        },
        end: () => {
          if (this.#isClosed) return;
          network.after(reconnection, () => this.#isClosed || network.isPageGone || this.#connect());
          this.onerror?.();
        },
      },
    );
  }
}
