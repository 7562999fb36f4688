import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import sirv from "sirv";
import { type WebSocket, WebSocketServer } from "ws";

/** How a kind of carrier writes a batch: PROTOCOL.md section 5. */
interface Framing {
  readonly type: string;
  opening(page: string | null): string;
  frame(batch: string): string;
}

const nonce = "bm9uY2U";
const script = (code: string) => `<script nonce="${nonce}">${code}</script>\n`;
const literal = (text: string) =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const plain: Framing = { type: "text/plain;charset=UTF-8", opening: () => "", frame: (batch) => batch };
const framings: Record<string, Framing> = {
  stream: plain,
  poll: plain,
  send: plain,
  events: {
    type: "text/event-stream",
    // So that an EventSource which connects again by itself does so before a test is over.
    opening: () => "retry: 1\n\n",
    frame: (batch) =>
      `data: ${batch.replaceAll("\\", "\\\\").replaceAll("\r", "\\r").replaceAll("\n", "\ndata: ")}\n\n`,
  },
  html: {
    type: "text/html;charset=UTF-8",
    opening: (page) =>
      `<!DOCTYPE html>${script(`function r(batch){parent.postMessage(batch,${literal(page ?? "")})}`)}`,
    frame: (batch) => script(`r(${literal(batch)})`),
  },
};

/** One request for a carrier. It is held until the test says what becomes of it. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  /** What came with the request, and on a WebSocket what came over it; binary messages as arrays of octets. */
  readonly heard: (string | number[])[];
  /** Neither side has ended it. */
  readonly isOpen: boolean;
  /** The head of the answer, with status 200 or 101. */
  begin(): Promise<void>;
  /** Each in the form of the kind, and together. */
  say(...batches: (string | Uint8Array)[]): Promise<void>;
  /** The same for one text, in as many pieces as it has octets. */
  dribble(batch: string): Promise<void>;
  /** The same for as much of a text as makes no whole. Returns what it says so. */
  begun(batch: string): Promise<string>;
  /** The end in order. */
  end(): void;
  refuse(status: number, headers?: Record<string, string>): void;
  /** The connection breaks: with a reset, or as if all had been said. */
  cut(how: "reset" | "fin"): void;
}

class HttpExchange implements Exchange {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly heard: string[] = [];
  isOpen = true;
  readonly #framing: Framing;

  constructor(
    request: IncomingMessage,
    readonly url: URL,
    body: string,
    readonly response: ServerResponse,
  ) {
    this.method = request.method!;
    this.headers = request.headers;
    if (body) this.heard.push(body);
    this.#framing = framings[url.pathname.split("/").at(-1)!]!;
    response.on("close", () => {
      this.isOpen = false;
    });
  }

  async begin(): Promise<void> {
    const page = this.url.searchParams.get("w");
    this.response.writeHead(200, {
      "Content-Type": this.#framing.type,
      ...(page && {
        "Content-Security-Policy": `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors ${page}`,
      }),
    });
    this.response.flushHeaders();
    await this.#write(this.#framing.opening(page));
  }

  say(...batches: (string | Uint8Array)[]): Promise<void> {
    return this.#write(batches.map((batch) => this.#framing.frame(batch as string)).join(""));
  }

  async dribble(batch: string): Promise<void> {
    for (const octet of Buffer.from(this.#framing.frame(batch))) await this.#write(Uint8Array.of(octet));
  }

  async begun(batch: string): Promise<string> {
    const begun = this.#framing.frame(batch).trimEnd().slice(0, -1);
    await this.#write(begun);
    return begun;
  }

  end(): void {
    this.isOpen = false;
    this.response.end();
  }

  refuse(status: number, headers: Record<string, string> = {}): void {
    this.isOpen = false;
    this.response.writeHead(status, { "Content-Type": "text/plain;charset=UTF-8", ...headers });
    this.response.end(status === 204 ? undefined : "REFUSED: a test does not want it");
  }

  cut(how: "reset" | "fin"): void {
    this.isOpen = false;
    const { socket } = this.response;
    if (how === "reset") socket?.resetAndDestroy();
    else socket?.destroy();
  }

  /** Resolves when it has left. */
  #write(octets: string | Uint8Array): Promise<void> {
    if (octets.length === 0) return Promise.resolve();
    return new Promise((resolve) => void this.response.write(octets, () => setImmediate(resolve)));
  }
}

class WebSocketExchange implements Exchange {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly heard: (string | number[])[] = [];
  isOpen = true;
  #socket: WebSocket | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly url: URL,
    readonly connection: Duplex,
    readonly head: Buffer,
    readonly server: WebSocketServer,
  ) {
    this.method = request.method!;
    this.headers = request.headers;
    connection.on("error", () => {});
    // Who does not read does not see that the page has gone. Before the answer there is nothing else to read.
    connection.resume();
    connection.on("end", () => connection.destroy());
    connection.on("close", () => {
      this.isOpen = false;
    });
  }

  begin(): Promise<void> {
    return new Promise((resolve) => {
      this.server.handleUpgrade(this.request, this.connection, this.head, (socket) => {
        this.#socket = socket;
        socket.on("error", () => {});
        socket.on("message", (data: Buffer, isBinary) => this.heard.push(isBinary ? [...data] : data.toString()));
        resolve();
      });
    });
  }

  async say(...batches: (string | Uint8Array)[]): Promise<void> {
    await Promise.all(batches.map((batch) => this.#send(batch, true)));
  }

  async dribble(batch: string): Promise<void> {
    for (const octet of Buffer.from(batch)) await this.#send(Buffer.of(octet), false);
    await this.#send(Buffer.of(), true);
  }

  async begun(batch: string): Promise<string> {
    await this.#send(Buffer.from(batch), false);
    return batch;
  }

  end(): void {
    this.isOpen = false;
    this.#socket!.close(1000);
  }

  refuse(status: number, headers: Record<string, string> = {}): void {
    this.isOpen = false;
    const lines = Object.entries({ ...headers, Connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n`);
  }

  cut(how: "reset" | "fin"): void {
    this.isOpen = false;
    if (how === "reset") this.request.socket.resetAndDestroy();
    else this.connection.destroy();
  }

  /** A piece may end inside a character: what is not text then is text in the end. */
  #send(data: string | Uint8Array, fin: boolean): Promise<void> {
    const binary = data instanceof Uint8Array && !Buffer.isBuffer(data);
    return new Promise((resolve) => this.#socket!.send(data, { binary, fin }, () => setImmediate(resolve)));
  }
}

const require = createRequire(import.meta.url);

/** The script of the page: other-side-page.ts. */
export async function buildScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("other-side-page.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "inPage",
    target: "es2022",
  });
  return outputFiles[0]!.text;
}

/**
 * What transports talk to, without any of encke's server: it serves a page with the ES modules, and holds each request below /encke/ until a test says what
 * becomes of it. No connection is used twice, as browsers repeat a request whose connection was closed under it and had served before.
 */
export class OtherSide {
  /** In the order in which they arrived. */
  readonly exchanges: Exchange[] = [];
  /** Methods of all other requests for something below /encke/: preflights. */
  readonly others: string[] = [];
  /** Called with each exchange that arrives. */
  onExchange: (exchange: Exchange) => void = () => {};
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #files: ReturnType<typeof sirv>;

  private constructor(readonly script: string) {
    this.#files = sirv(join(require.resolve("encke/package.json"), "../dist"), { dev: true });
    this.#server.on("upgrade", (request, connection, head) => {
      this.#take(new WebSocketExchange(request, this.#urlOf(request), connection, head, this.#webSockets));
    });
  }

  static async start(script: string): Promise<OtherSide> {
    const side = new OtherSide(script);
    await new Promise<void>((resolve) => side.#server.listen(0, "127.0.0.1", resolve));
    return side;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const exchange of this.exchanges) if (exchange.isOpen) exchange.cut("fin");
    });
  }

  #urlOf({ url }: IncomingMessage): URL {
    return new URL(url!, this.url);
  }

  #take(exchange: Exchange): void {
    this.exchanges.push(exchange);
    this.onExchange(exchange);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = this.#urlOf(request);
    response.setHeader("Connection", "close");
    response.setHeader("Cache-Control", "no-store, no-transform");
    // Without it Chromium keeps the beginning of what calls itself plain text, to look what it is.
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (url.pathname.startsWith("/encke/")) {
      if (request.method !== "GET" && request.method !== "POST") {
        this.others.push(request.method!);
        response.writeHead(405).end();
        return;
      }
      if (request.headers.origin) response.setHeader("Access-Control-Allow-Origin", request.headers.origin);
      let body = "";
      request.setEncoding("utf8");
      for await (const chunk of request) body += chunk;
      this.#take(new HttpExchange(request, url, body, response));
      return;
    }
    const page = { "/": '<!DOCTYPE html><script src="page.js"></script>', "/sign-in": signIn }[url.pathname];
    if (page) response.setHeader("Content-Type", "text/html;charset=UTF-8").end(page);
    else if (url.pathname === "/page.js") response.setHeader("Content-Type", "text/javascript").end(this.script);
    else this.#files(request, response, () => void response.writeHead(404).end());
  }
}

/** Somebody else's document, which talks to whoever has it in a frame. */
const signIn = `<!DOCTYPE html><script>parent.postMessage("forged", "*")</script>Sign in`;
