import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../shared.ts";
import { Connection, type WebSocketFault } from "./connection.ts";

export interface MiddleboxOptions {
  /** What it stands in front of, as `http://127.0.0.1:8000`. */
  target: string;
  /** 0 picks a free one. @default 0 */
  port?: number;
  /** @default 0 @see Middlebox.delay */
  delay?: number;
  /** @default "pass" @see Middlebox.webSocket */
  webSocket?: WebSocketFault;
}

/**
 * A proxy between a page and a server that misbehaves on request. The faults may be switched at any time. It passes every protocol over TCP that the target
 * speaks without TLS, and knows enough of HTTP/1.1 to find WebSockets.
 */
export class Middlebox {
  /**
   * Milliseconds that everything takes in each direction: each chunk, each end and each reset. A change counts for what comes after it, and order is kept. The
   * handshake of TCP itself is the operating system's and takes no time, so a new connection costs one round trip less here than on a real path.
   */
  delay: number;

  /** What becomes of requests for a WebSocket from now on. Those that were made already are not touched: see `cutWebSockets`. */
  webSocket: WebSocketFault;

  readonly #target: { host: string; port: number };
  readonly #port: number;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #isDown = false;
  #isStalled = false;

  /** @throws {TypeError} if the target is not an http URL */
  constructor({ target, port = 0, delay = 0, webSocket = "pass" }: MiddleboxOptions, clock: Clock = systemClock) {
    const url = new URL(target);
    if (url.protocol !== "http:") throw new TypeError(`The target has to be an http URL, and is ${target}`);
    this.#target = { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 80) };
    this.#port = port;
    this.#clock = clock;
    this.delay = delay;
    this.webSocket = webSocket;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Where clients find it: `http://127.0.0.1:port`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The port it listens at. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** True: present connections are cut, and new ones reset as they come. */
  get down(): boolean {
    return this.#isDown;
  }

  set down(down: boolean) {
    this.#isDown = down;
    if (down) this.cut();
  }

  /** True: connections stay open, and nothing passes in either direction. False again: all of it goes on its way. */
  get stall(): boolean {
    return this.#isStalled;
  }

  set stall(stall: boolean) {
    this.#isStalled = stall;
    for (const connection of this.#connections) connection.wake();
  }

  /** Opens the port. Rejects with what the system says, such as `EADDRINUSE`. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  /** Resets every open connection, towards the client and the target. What is on its way is lost. Returns how many there were. */
  cut(): number {
    return this.#cut(() => true);
  }

  /** The same for WebSockets only, those that a fault keeps from opening included. */
  cutWebSockets(): number {
    return this.#cut((connection) => connection.isWebSocket);
  }

  /** Cuts what is open and closes the port. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    return closed;
  }

  #accept(client: Socket): void {
    if (this.#isDown) {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const connection: Connection = new Connection(client, this.#target, this, this.#clock, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }

  #cut(isMeant: (connection: Connection) => boolean): number {
    const meant = [...this.#connections].filter(isMeant);
    for (const connection of meant) {
      this.#connections.delete(connection);
      connection.cut();
    }
    return meant.length;
  }
}

/** A middlebox that does not listen yet: `await box.listen()`, then `box.url`, and at the end `await box.close()`. */
export function createMiddlebox(options: MiddleboxOptions): Middlebox {
  return new Middlebox(options);
}
