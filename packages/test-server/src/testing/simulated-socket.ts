import { EventEmitter } from "node:events";
import type { WebSocket as ServerWebSocket } from "ws";
import type { SocketFate, Tells } from "./simulated-fates.ts";
import { Lane } from "./simulated-lane.ts";
import { type Connection, pathOf, type SimulatedNetwork } from "./simulated-network.ts";

type Data = string | Uint8Array;

const octetsOf = (data: Data) => (typeof data === "string" ? data.length : data.byteLength);

/** The browser's end: as much of WHATWG WebSockets as a page can tell. */
export class ClientSocket implements Connection {
  readonly purpose = "carrier";
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  readyState = 0;
  readonly #up: Lane;
  readonly #down: Lane;
  #server: ServerSocket | undefined;

  constructor(
    readonly network: SimulatedNetwork,
    url: string,
  ) {
    this.#up = new Lane(network);
    this.#down = new Lane(network);
    network.begins("carrier");
    if (network.weather === "refuses") {
      network.after(network.up, () => this.#over(1006, "", false));
      return;
    }
    network.connections.add(this);
    if (network.weather === "loses") return;
    const fate: SocketFate = network.always.websocket ?? network.socketFates.shift() ?? { is: "passed" };
    const { up, down } = network;
    if (fate.is === "unheard") return;
    if (fate.is === "refused") {
      network.carry(up + down, () => this.#over(1006, "", false));
      return;
    }
    this.#up.carry(up, { octets: 0, arrive: () => this.#connect(url, fate) });
  }

  #connect(url: string, fate: SocketFate): void {
    const { network } = this;
    const { down } = network;
    if (!network.listener) return void network.after(down, () => this.#over(1006, "", false));
    const open = () => {
      if (this.readyState !== 0 || network.isPageGone) return;
      this.readyState = 1;
      this.onopen?.();
    };
    this.#down.carry(down, { octets: 0, arrive: open });
    const server = new ServerSocket(network, this.#down, this);
    this.#server = server;
    if (fate.is === "intercepted") return server.send(fate.body);
    if (fate.is === "swallowed") {
      network.strike(fate.after, () => {
        if (fate.up) this.#up.isSwallowing = true;
        if (fate.down) this.#down.isSwallowing = true;
      });
    }
    if (fate.is === "cut") network.strike(fate.after, () => this.cut(fate.part, fate.tells));
    network.listener.connect(pathOf(url), server as unknown as ServerWebSocket);
  }

  get bufferedAmount(): number {
    return this.#up.octets;
  }

  send(data: Data): void {
    if (this.readyState === 0) throw new Error("InvalidStateError: still connecting");
    if (this.readyState > 1) return;
    const copy = typeof data === "string" ? data : data.slice();
    this.#up.carry(this.network.up, { octets: octetsOf(data), arrive: () => this.#server!.arrive(copy) });
  }

  close(code = 1000, reason = ""): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error(`InvalidAccessError: code ${code}`);
    if (Buffer.byteLength(reason) > 123) throw new Error("SyntaxError: the reason is too long");
    if (this.readyState > 1) return;
    const wasOpen = this.readyState === 1;
    this.readyState = 2;
    this.network.open.carrier--;
    const told = () => this.#server!.closedByPeer(code, reason);
    if (wasOpen) this.#up.carry(this.network.up, { octets: 0, arrive: told });
    else {
      this.network.after(0, () => this.#over(1006, "", false));
      this.network.after(this.network.up, () => this.#server?.over(1006));
    }
    // What no close frame answers the browser gives up some time.
    this.network.after(60_000, () => this.#over(1006, "", false));
  }

  /** From the server. */
  arrive(data: Data): void {
    if (this.readyState !== 1 || this.network.isPageGone) return;
    this.onmessage?.({ data: typeof data === "string" ? data : (data.slice().buffer as ArrayBuffer) });
  }

  closedByPeer(code: number, reason: string): void {
    if (this.readyState < 2) this.#up.carry(this.network.up, { octets: 0, arrive: () => this.#server!.over(code) });
    this.#over(code, reason, true);
  }

  cut(part: number, tells: Tells): void {
    this.#up.cut(part);
    this.#down.cut(part);
    const { network } = this;
    if (tells === "both" || tells === "client") network.after(network.down + 1, () => this.#over(1006, "", false));
    if (tells === "both" || tells === "server") network.after(network.up + 1, () => this.#server?.over(1006));
  }

  #over(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === 3) return;
    if (this.readyState < 2) this.network.open.carrier--;
    this.readyState = 3;
    this.network.connections.delete(this);
    if (!this.network.isPageGone) this.onclose?.({ code, reason, wasClean });
  }
}

/** The server's end: as much of ws as the server uses. */
class ServerSocket extends EventEmitter {
  readyState = 1;

  constructor(
    readonly network: SimulatedNetwork,
    readonly lane: Lane,
    readonly peer: ClientSocket,
  ) {
    super();
  }

  get bufferedAmount(): number {
    return this.lane.octets;
  }

  send(data: Data, taken?: (error?: Error) => void): void {
    if (this.readyState !== 1) return void this.network.after(0, () => taken?.(new Error("not open")));
    const copy = typeof data === "string" ? data : data.slice();
    this.lane.carry(this.network.down, { octets: octetsOf(data), arrive: () => this.peer.arrive(copy), taken });
  }

  close(code = 1005, reason = ""): void {
    const isValid = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || (code >= 3000 && code <= 4999);
    if (!isValid) throw new TypeError("First argument must be a valid error code number");
    if (Buffer.byteLength(reason) > 123) throw new RangeError("The reason is too long");
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.lane.carry(this.network.down, { octets: 0, arrive: () => this.peer.closedByPeer(code, reason) });
    this.network.after(30_000, () => this.over(1006));
  }

  terminate(): void {
    this.network.after(0, () => this.over(1006));
  }

  /** From the client. What comes before the closing handshake is over still counts. */
  arrive(data: Data): void {
    if (this.readyState === 3) return;
    this.emit("message", Buffer.from(data as Uint8Array), typeof data !== "string");
  }

  closedByPeer(code: number, reason: string): void {
    const answer = () => this.peer.closedByPeer(code, reason);
    if (this.readyState === 1) this.lane.carry(this.network.down, { octets: 0, arrive: answer });
    this.over(code);
  }

  over(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit("close", code);
  }
}
