import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../shared.ts";
import { Connection } from "./connection.ts";
import type { Direction, Fate, Faults, Hold, RequestFault, TimeLimit, WebSocketLimit } from "./faults.ts";
import type { RequestHead } from "./heads.ts";

export interface MiddleboxOptions {
  /** What it stands in front of, as `http://127.0.0.1:8000`. */
  target: string;
  /** 0 picks a free one. @default 0 */
  port?: number;
  /** @default 0 @see Middlebox.delay */
  delay?: number;
  /** @default false @see Middlebox.stall */
  stall?: boolean | Direction;
  /** @default "pass" @see Middlebox.request */
  request?: RequestFault | ((request: RequestHead) => RequestFault);
  /** @default "pass" @see Middlebox.webSocket */
  webSocket?: RequestFault | WebSocketLimit;
  /** @default undefined, none @see Middlebox.hold */
  hold?: Hold | undefined;
  /** @default undefined, none @see Middlebox.response */
  response?: TimeLimit | undefined;
  /** @default undefined, none @see Middlebox.idle */
  idle?: TimeLimit | undefined;
}

/**
 * A proxy between a page and a server that misbehaves on request. The faults may be switched at any time. It passes every protocol over TCP that the target
 * speaks without TLS, and knows HTTP/1.1 well enough to find requests, responses and WebSockets. It changes nothing of what passes.
 */
export class Middlebox implements Faults {
  /**
   * Milliseconds that everything takes in each direction: each chunk, each end and each reset. A change counts for what comes after it, and order is kept. The
   * handshake of TCP itself is the operating system's and takes no time, so a new connection costs one round trip less here than on a real path.
   */
  delay: number;

  /** What becomes of requests over HTTP from now on, or a function that says it for each; it is called once a request. */
  request: RequestFault | ((request: RequestHead) => RequestFault);

  /**
   * What becomes of requests for a WebSocket from now on, if `request` lets them pass; or when a WebSocket that they open will be struck, and how. Those that
   * were made already are not touched: see `cutWebSockets`.
   */
  webSocket: RequestFault | WebSocketLimit;

  readonly #target: { host: string; port: number };
  readonly #port: number;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #isDown = false;
  #stall: boolean | Direction;
  #hold: Hold | undefined;
  #response: TimeLimit | undefined;
  #idle: TimeLimit | undefined;

  /** @throws {TypeError} if the target is not an http URL */
  constructor(options: MiddleboxOptions, clock: Clock = systemClock) {
    const url = new URL(options.target);
    if (url.protocol !== "http:") throw new TypeError(`The target has to be an http URL, and is ${options.target}`);
    this.#target = { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 80) };
    this.#port = options.port ?? 0;
    this.#clock = clock;
    this.delay = options.delay ?? 0;
    this.request = options.request ?? "pass";
    this.webSocket = options.webSocket ?? "pass";
    this.#stall = options.stall ?? false;
    this.#hold = options.hold;
    this.#response = options.response;
    this.#idle = options.idle;
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

  /** True: connections stay open, and nothing passes in either direction, or in one. False again: all of it goes on its way. */
  get stall(): boolean | Direction {
    return this.#stall;
  }

  set stall(stall: boolean | Direction) {
    this.#stall = stall;
    this.#wake();
  }

  /** What is held of each response. Undefined again: what was held goes on its way. WebSockets are not touched. */
  get hold(): Hold | undefined {
    return this.#hold;
  }

  set hold(hold: Hold | undefined) {
    this.#hold = hold;
    this.#wake();
  }

  /** How long a response may take from its first octet to its last, and what becomes of the connection then. Counts for those under way, too. */
  get response(): TimeLimit | undefined {
    return this.#response;
  }

  set response(response: TimeLimit | undefined) {
    this.#response = response;
    this.#wake();
  }

  /** How long a connection, of HTTP or not, may pass nothing in either direction, and what becomes of it then. Counts for those that are open, too. */
  get idle(): TimeLimit | undefined {
    return this.#idle;
  }

  set idle(idle: TimeLimit | undefined) {
    this.#idle = idle;
    this.#wake();
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

  /** Resets every open connection, or does something else to it. What is on its way is lost. Returns how many there were. */
  cut(fate?: Fate): number {
    return this.#strike([...this.#connections], fate);
  }

  /** The same for WebSockets only, those that a fault keeps from opening included. */
  cutWebSockets(fate?: Fate): number {
    return this.#strike(
      [...this.#connections].filter(({ isWebSocket }) => isWebSocket),
      fate,
    );
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

  #strike(connections: Connection[], fate: Fate = "reset"): number {
    for (const connection of connections) {
      // Its sockets take a moment to say that they are closed.
      if (fate === "reset") this.#connections.delete(connection);
      connection.strike(fate);
    }
    return connections.length;
  }

  #wake(): void {
    for (const connection of this.#connections) connection.wake();
  }
}

/** A middlebox that does not listen yet: `await box.listen()`, then `box.url`, and at the end `await box.close()`. */
export function createMiddlebox(options: MiddleboxOptions): Middlebox {
  return new Middlebox(options);
}
