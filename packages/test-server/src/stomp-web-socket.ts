import type { WebSocket } from "ws";
import type { Application, Channel, ChannelHandler } from "./channel.ts";
import { Outgoing } from "./outgoing.ts";

/** The subprotocols of STOMP over WebSocket that are served, the best first. */
export const stompSubprotocols: readonly string[] = ["v12.stomp", "v11.stomp", "v10.stomp"];

/** What to answer a client that offers these subprotocols; false for none. Made for `handleProtocols` of ws. */
export function chooseStompSubprotocol(offered: Set<string>): string | false {
  return stompSubprotocols.find((subprotocol) => offered.has(subprotocol)) ?? false;
}

/** Frames are joined into WebSocket messages up to about this size, in octets: large enough that a message's own cost is small beside theirs. */
const MAX_JOINED = 64 * 1024;

/** STOMP in the messages of an open WebSocket, without a session. Frames sent in one turn of the event loop share a message. */
export function acceptStompWebSocket(socket: WebSocket, application: Application): void {
  const channel = new WebSocketChannel(socket);
  const handler = application.accept(channel);
  channel.handler = handler;
  socket.on("message", (data, isBinary) => handler.onMessage(isBinary ? toBuffer(data) : toBuffer(data).toString()));
  socket.on("close", () => handler.onClose());
  // The reason of a `close` that follows at once.
  socket.on("error", () => {});
}

function toBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

class WebSocketChannel implements Channel {
  handler: ChannelHandler | undefined;
  readonly #socket: WebSocket;
  readonly #outgoing = new Outgoing(MAX_JOINED, (runs) => this.#write(runs));
  #isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#outgoing.amount + this.#socket.bufferedAmount;
  }

  send(message: string | Uint8Array): void {
    if (this.#isClosed) return;
    this.#outgoing.push(message);
    this.#look();
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outgoing.flush();
    this.#socket.close(code, reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #write(runs: (string | Uint8Array)[]): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    for (const run of runs) this.#socket.send(run, this.#look);
    this.#look();
  }

  readonly #look = () => {
    if (this.#outgoing.hasDrained(this.bufferedAmount)) this.handler?.onDrain?.();
  };
}
