import { connect, type Socket } from "node:net";
import type { Clock } from "../shared.ts";
import { Lane, type LaneFaults } from "./lane.ts";
import { asksForWebSocket, type Piece, RequestReader } from "./request-reader.ts";

/** What becomes of a request for a WebSocket. */
export type WebSocketFault =
  /** Nothing: it works. */
  | "pass"
  /** It is answered with 403, and the connection closed. */
  | "refuse"
  /** It is swallowed: no answer, and no end of the connection either. */
  | "black-hole"
  /** The connection is reset. */
  | "reset";

export interface ConnectionFaults extends LaneFaults {
  readonly webSocket: WebSocketFault;
}

const forbidden = Buffer.from(
  "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\nforbidden\n",
);

/** One connection of a client, and the one to the target that belongs to it. */
export class Connection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #faults: ConnectionFaults;
  readonly #toTarget: Lane;
  readonly #toClient: Lane;
  readonly #reader = new RequestReader();
  #isWebSocket = false;
  /** The middlebox itself has answered, or will not: the target has no part in this any more. */
  #isDetached = false;

  /** @param onClosed both sides are gone */
  constructor(
    client: Socket,
    target: { host: string; port: number },
    faults: ConnectionFaults,
    clock: Clock,
    onClosed: () => void,
  ) {
    this.#client = client;
    this.#target = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#faults = faults;
    this.#toTarget = new Lane(this.#target, faults, clock, (isFull) => flow(this.#client, !isFull));
    this.#toClient = new Lane(this.#client, faults, clock, (isFull) => flow(this.#target, !isFull));
    client
      .on("data", (chunk) => {
        for (const piece of this.#reader.read(chunk)) this.#fromClient(piece);
      })
      .on("end", () => (this.#isDetached ? client.end() : this.#toTarget.push(() => this.#target.end())))
      .on("error", () => this.#toTarget.push(() => this.#target.resetAndDestroy()))
      .on("close", () => this.#target.closed && onClosed());
    this.#target
      .on("data", (chunk) => this.#toClient.push(chunk))
      .on("end", () => this.#toClient.push(() => this.#isDetached || client.end()))
      .on("error", () => this.#toClient.push(() => this.#isDetached || client.resetAndDestroy()))
      .on("close", () => client.closed && onClosed());
  }

  /** It has asked for a WebSocket, whatever came of it. */
  get isWebSocket(): boolean {
    return this.#isWebSocket;
  }

  /** Resets both sides now. What is on its way is lost. */
  cut(): void {
    this.#toTarget.clear();
    this.#toClient.clear();
    this.#client.resetAndDestroy();
    this.#target.resetAndDestroy();
  }

  /** The faults have changed. */
  wake(): void {
    this.#toTarget.wake();
    this.#toClient.wake();
  }

  #fromClient({ octets, head }: Piece): void {
    if (this.#isDetached) return;
    if (!head || !asksForWebSocket(head)) return this.#toTarget.push(octets);
    this.#isWebSocket = true;
    const { webSocket } = this.#faults;
    if (webSocket === "pass") return this.#toTarget.push(octets);
    this.#isDetached = true;
    // As late as if the target had done it.
    this.#toTarget.push(() => {
      this.#target.destroy();
      if (webSocket === "black-hole") return;
      if (webSocket === "refuse") this.#toClient.push(forbidden);
      this.#toClient.push(() => (webSocket === "refuse" ? this.#client.destroySoon() : this.#client.resetAndDestroy()));
    });
  }
}

function flow(socket: Socket, flows: boolean): void {
  if (flows) socket.resume();
  else socket.pause();
}
