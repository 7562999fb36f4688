import { HttpResponse, http, type WebSocketHandlerConnection, ws } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Environment } from "../../page/environment.ts";
import type { Payload } from "../transport.ts";
import { FetchingXMLHttpRequest } from "./xml-http-request.ts";

/** A POST as the server sees it. It is held until the test answers. */
export class Exchange {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly response: Promise<Response>;
  #respond!: (response: Response) => void;
  isAnswered = false;

  constructor(
    request: Request,
    readonly body: string,
    /** The request's other end, in the page. */
    readonly inPage: FetchingXMLHttpRequest | undefined,
  ) {
    this.url = new URL(request.url);
    this.headers = Object.fromEntries(request.headers);
    this.response = new Promise((resolve) => {
      this.#respond = resolve;
    });
  }

  /** The last segment of the path. */
  get kind(): string {
    return this.url.pathname.split("/").at(-1)!;
  }

  get query(): Record<string, string> {
    return Object.fromEntries(this.url.searchParams);
  }

  /** The page waits for the answer. */
  get isHeld(): boolean {
    return !this.isAnswered && !this.isOverInPage;
  }

  get isOverInPage(): boolean {
    return this.inPage !== undefined && [0, 4].includes(this.inPage.readyState);
  }

  answer(body: string, status = 200, contentType = "text/plain;charset=UTF-8"): void {
    // Fetch allows no body with these, not even an empty one.
    const isEmpty = status === 204 || status === 304;
    this.#end(new HttpResponse(isEmpty ? null : body, { status, headers: { "Content-Type": contentType } }));
  }

  /** The connection breaks. */
  cut(): void {
    this.#end(HttpResponse.error());
  }

  #end(response: Response): void {
    this.isAnswered = true;
    this.#respond(response);
  }
}

/** A WebSocket as the server sees it. */
export class Link {
  readonly url: URL;
  /** What the page has sent, oldest first. */
  readonly heard: Payload[] = [];
  /** How it ended. */
  end: { code: number; reason: string } | undefined;
  readonly #client: WebSocketHandlerConnection["client"];

  constructor({ client }: WebSocketHandlerConnection) {
    this.#client = client;
    this.url = new URL(client.url);
    client.addEventListener("message", ({ data }) => {
      this.heard.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    });
    client.addEventListener("close", (event) => {
      const { code, reason } = event as unknown as CloseEvent;
      this.end = { code, reason };
    });
  }

  get query(): Record<string, string> {
    return Object.fromEntries(this.url.searchParams);
  }

  say(...messages: Payload[]): void {
    for (const message of messages) {
      this.#client.send(typeof message === "string" ? message : message.slice().buffer);
    }
  }

  close(code?: number, reason?: string): void {
    // Behind what was said, which msw delivers a moment later.
    queueMicrotask(() => this.#client.close(code, reason));
  }

  /** The connection is gone, and no handshake closed it. */
  lose(): void {
    // msw closes only with a handshake.
    const { inPage } = this;
    Object.assign(inPage, { readyState: 3 });
    inPage.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "", wasClean: false }));
  }

  /** The test is over: the page is to hear no more of it. */
  forget(): void {
    this.inPage.onmessage = this.inPage.onclose = null;
    this.#client.close();
  }

  private get inPage(): WebSocket {
    return (this.#client as unknown as { socket: WebSocket }).socket;
  }
}

/** Everything that is not the page: what it asks for arrives here, through msw. */
export class Network {
  /** POSTs in the order in which they arrived. */
  exchanges: Exchange[] = [];
  /** WebSockets in the order in which they were opened. */
  links: Link[] = [];
  /** Called with each POST that arrives. */
  onExchange: (exchange: Exchange) => void = () => {};
  onLink: (link: Link) => void = () => {};
  #inPage: FetchingXMLHttpRequest[] = [];
  XMLHttpRequest!: Environment["XMLHttpRequest"];

  constructor() {
    this.reset();
  }

  get WebSocket(): Environment["WebSocket"] {
    return globalThis.WebSocket;
  }

  /** Forgets all that is under way. */
  reset(): void {
    for (const link of this.links) link.forget();
    for (const request of this.#inPage) request.forget();
    const inPage: FetchingXMLHttpRequest[] = [];
    Object.assign(this, { exchanges: [], links: [], onExchange() {}, onLink() {} });
    this.#inPage = inPage;
    this.XMLHttpRequest = class extends FetchingXMLHttpRequest {
      override send(body: string): void {
        inPage.push(this);
        super.send(body);
      }
    } as unknown as Environment["XMLHttpRequest"];
  }

  /** POSTs to such URLs. */
  of(kind: string): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.kind === kind);
  }

  /** Once all that was sent has arrived, in both directions. */
  async settled(): Promise<void> {
    do await new Promise(setImmediate);
    while (this.#isBusy);
  }

  get #isBusy(): boolean {
    // Every request has a URL of its own.
    const arrived = new Map(this.exchanges.map((exchange) => [exchange.inPage, exchange]));
    return this.#inPage.some((request) => {
      const isUnderWay = request.readyState > 0 && request.readyState < 4;
      return isUnderWay && (arrived.get(request)?.isAnswered ?? true);
    });
  }

  /** What msw hands the page's requests to. */
  handlers() {
    return [
      http.post("http://encke.test/*", async ({ request }) => {
        const inPage = this.#inPage.find(({ url }) => url === request.url);
        const exchange = new Exchange(request, await request.text(), inPage);
        this.exchanges.push(exchange);
        this.onExchange(exchange);
        return exchange.response;
      }),
      ws.link("ws://encke.test/*").addEventListener("connection", async (connection) => {
        const link = new Link(connection);
        this.links.push(link);
        // msw takes note of a connection a few microtasks after it tells of it, and is to see its end.
        for (let i = 0; i < 20; i++) await null;
        this.onLink(link);
      }),
    ];
  }
}

/** A network for the tests of a file; each of them finds it empty. */
export function useNetwork(): Network {
  const network = new Network();
  // Node 20 has none, and msw only replaces one that is there.
  globalThis.WebSocket ??= EventTarget as unknown as typeof WebSocket;
  const server = setupServer(...network.handlers());
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(async () => {
    network.onExchange = network.onLink = () => {};
    // What was about to leave, too.
    await network.settled();
    network.reset();
  });
  afterAll(() => server.close());
  return network;
}
