import { existsSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import sirv from "sirv";
import { WebSocketServer } from "ws";
import { Broker } from "./broker/broker.ts";
import { refuse } from "./http/answers.ts";
import { type DevelopmentProxy, proxyTo } from "./http/development-proxy.ts";
import { EnckeEndpoint } from "./http/encke-endpoint.ts";
import { isOriginAllowed } from "./http/origin.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { PushEndpoint } from "./push/push-endpoint.ts";
import { Relay } from "./relay/relay.ts";
import { parseRelayUrl } from "./relay/relay-url.ts";
import { Hub } from "./session/hub.ts";
import { systemClock } from "./shared.ts";
import { listenStomp, type StompPort } from "./stomp-port.ts";
import { acceptStompWebSocket, chooseStompSubprotocol } from "./stomp-web-socket.ts";
import { atEndOfTurn } from "./turn.ts";

export interface ServerOptions {
  /** 0 picks a free one. @default 8000 */
  port?: number;
  /** @default "127.0.0.1" */
  host?: string;
  /** Origins whose pages may use the server beside its own, as `https://example.org`. @default none */
  origins?: readonly string[];
  /** How long a session without a connection is kept, in seconds. @default 60 */
  resumeWindow?: number;
  /** Port for STOMP over TCP, on the same host; 0 picks a free one. @default none */
  stompPort?: number;
  /**
   * A real broker in place of the embedded one, as `stomp://login:passcode@host:61613/virtual-host`, of which all but the host may be left out.
   * @default none
   */
  relay?: string;
  /** What `POST /publish/…` has to show as `Authorization: Bearer`. @default none: origins are checked as everywhere else */
  publishToken?: string;
  /** The app's own server, to which all goes that is not encke's; for development. @default none */
  proxy?: string;
  /** A folder to serve instead of the demo. */
  staticDirectory?: string;
  limits?: Partial<Limits>;
}

/** Where the sessions are: `connect("/encke")`. */
const base = "/encke";
/** Where plain STOMP over WebSocket is. */
const stompPath = "/stomp";
/** The build puts the demo beside the server. */
const demoDirectory = fileURLToPath(new URL("demo", import.meta.url));

/** What `relay` is, in words. */
export const relayForm = "stomp://login:passcode@host:61613/virtual-host, of which all but the host may be left out";

/** Time for sessions to take what they still have to get when the server goes down, in milliseconds. */
const drainTime = 3_000;
/** Time for the network to take the last of it, in milliseconds. */
const flushTime = 1_000;

/** The reference server: sessions over HTTP and WebSocket, the embedded broker behind them, a STOMP port beside them, and the demo. */
export class EnckeServer {
  readonly #options: ServerOptions;
  readonly #http: Server;
  readonly #hub: Hub;
  readonly #application: Broker | Relay;
  readonly #endpoint: EnckeEndpoint;
  readonly #plainStomp = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: defaultLimits.maxMessage,
    handleProtocols: chooseStompSubprotocol,
  });
  readonly #push: PushEndpoint;
  readonly #proxy: DevelopmentProxy | undefined;
  readonly #files: (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  /** Requests whose answer has not left. */
  #answering = 0;
  readonly #onAnswered = () => void this.#answering--;
  #stompPort: StompPort | undefined;
  #isClosing: Promise<void> | undefined;

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    const { resumeWindow, staticDirectory = demoDirectory, relay, proxy, publishToken } = options;
    const limits: Limits = {
      ...defaultLimits,
      ...(resumeWindow === undefined ? {} : { window: resumeWindow * 1000 }),
      ...options.limits,
    };
    const target = relay === undefined ? undefined : parseRelayUrl(relay);
    if (relay !== undefined && !target) throw new TypeError(`relay takes ${relayForm}`);
    this.#application = target ? new Relay(target) : new Broker();
    this.#hub = new Hub(this.#application, limits, systemClock, atEndOfTurn);
    const origins = new Set(options.origins);
    this.#endpoint = new EnckeEndpoint(this.#hub, base, origins);
    this.#push = new PushEndpoint(this.#application, systemClock, origins, limits.maxMessage, publishToken);
    this.#proxy = proxy === undefined ? undefined : proxyTo(proxy);
    const metrics = createMetrics(this.#hub, this.#application);
    const files = existsSync(staticDirectory) ? sirv(staticDirectory, { dev: true, etag: true }) : undefined;
    this.#files = (request, response, next) => {
      if (request.url === "/healthz") return void response.end(this.#isClosing ? "draining\n" : "ok\n");
      if (request.url === "/metrics") {
        return void metrics.metrics().then((text) => {
          response.setHeader("Content-Type", metrics.contentType);
          response.end(text);
        });
      }
      if (this.#proxy) return this.#proxy.request(request, response);
      if (!files) return next();
      // The demo runs under the policy that a careful page would have.
      response.setHeader("Content-Security-Policy", "default-src 'self'");
      files(request, response, next);
    };
    this.#http = createHttpServer(
      { keepAliveTimeout: 70_000, requestTimeout: 30_000, maxHeaderSize: 16 * 1024 },
      (request, response) => this.#request(request, response),
    );
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** `http://host:port` */
  get url(): string {
    const { address, port, family } = this.#http.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** The port of STOMP over TCP; undefined if there is none. */
  get stompPort(): number | undefined {
    return this.#stompPort?.port;
  }

  /** Opens the ports. Rejects with what the system says, such as `EADDRINUSE`. */
  async listen(): Promise<void> {
    const { host = "127.0.0.1", port = 8000, stompPort } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject).listen(port, host, () => {
        this.#http.off("error", reject);
        resolve();
      });
    });
    if (stompPort === undefined) return;
    try {
      this.#stompPort = await listenStomp({ application: this.#application, host, port: stompPort });
    } catch (error) {
      this.#http.close();
      throw error;
    }
  }

  /** Takes nothing new, tells the sessions to come back later, gives them a moment to take what they have coming, and closes the ports. */
  close(): Promise<void> {
    this.#isClosing ??= this.#close();
    return this.#isClosing;
  }

  async #close(): Promise<void> {
    // It still listens: a client between two polls is to get what it has coming, and a new one to hear when to come back.
    await Promise.all([this.#stompPort?.close(), this.#hub.drain(drainTime)]);
    for (const socket of this.#plainStomp.clients) socket.close(1001, "The server is going down.");
    const deadline = systemClock.now() + flushTime;
    // Node takes a connection for idle, and cuts it, as soon as its answer has been written, wherever that is still on its way.
    while (this.#answering + this.#plainStomp.clients.size > 0 && systemClock.now() < deadline) {
      await new Promise<void>((resolve) => systemClock.after(20, resolve));
    }
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeAllConnections();
    for (const socket of this.#plainStomp.clients) socket.terminate();
    this.#endpoint.close();
    await closed;
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    this.#answering++;
    response.on("close", this.#onAnswered);
    if (this.#endpoint.owns(request.url!)) {
      // A client that goes away while its body is read is no error of the server's.
      this.#endpoint.request(request, response).catch(() => response.destroy());
      return;
    }
    if (this.#push.owns(request.url!)) {
      this.#push.request(request, response).catch(() => response.destroy());
      return;
    }
    this.#files(request, response, () =>
      refuse(response, { status: 404, code: "NOT_FOUND", reason: "there is nothing at this URL" }),
    );
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (this.#endpoint.owns(request.url!)) return this.#endpoint.upgrade(request, socket, head);
    const isStomp = request.url!.split("?", 1)[0] === stompPath;
    if (!isStomp && this.#proxy) return this.#proxy.upgrade(request, socket, head);
    if (!isStomp || this.#isClosing || !isOriginAllowed(request, new Set(this.#options.origins))) {
      return void socket.destroy();
    }
    this.#plainStomp.handleUpgrade(request, socket, head, (webSocket) =>
      acceptStompWebSocket(webSocket, this.#application),
    );
  }
}

/** A server that does not listen yet: `await server.listen()`, then `server.url`, and at the end `await server.close()`. */
export function createServer(options: ServerOptions = {}): EnckeServer {
  return new EnckeServer(options);
}
