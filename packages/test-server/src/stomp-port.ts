import { type AddressInfo, createServer, type Socket } from "node:net";
import { pieceAsText } from "./as-text.ts";
import { BrokerError } from "./broker/error.ts";
import type { Application, Channel, ChannelHandler } from "./channel.ts";
import { Outgoing } from "./outgoing.ts";
import { encodeFrame } from "./shared.ts";

export interface StompPortOptions {
  application: Application;
  /** 0 picks a free one. */
  port: number;
  /** @default "127.0.0.1": STOMP's logins are not checked by the embedded broker, so other hosts are let in on purpose only */
  host?: string;
  /**
   * Connections at one time. Over it: ERROR `TOO_MANY_CONNECTIONS`.
   * @default 1_000
   */
  maxConnections?: number;
}

export interface StompPort {
  readonly port: number;
  readonly host: string;
  /** Connections open now. */
  readonly connections: number;
  /** Takes no more connections, lets those that are open have what was sent to them, and ends them. */
  close(): Promise<void>;
}

/** Octets joined for one write. */
const MAX_JOINED = 1024 * 1024;

/** Milliseconds for a client to take what was sent before the end and to end too; then the connection is cut. */
const FAREWELL = 5_000;

/** Milliseconds of silence after which the system looks whether the other end still exists. */
const KEEP_ALIVE = 60_000;

/** STOMP over TCP. */
export function listenStomp(options: StompPortOptions): Promise<StompPort> {
  const { application, host = "127.0.0.1", maxConnections = 1_000 } = options;
  const channels = new Set<TcpChannel>();
  // A shell that pipes frames into the port ends its side at once, and may still read the answers.
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE,
  });

  server.on("connection", (socket: Socket) => {
    if (channels.size >= maxConnections) return refuse(socket, maxConnections);
    const channel = new TcpChannel(socket);
    channels.add(channel);
    const handler = application.accept(channel);
    channel.handler = handler;
    socket.on("data", (data: Buffer) => handler.onMessage(pieceAsText(data)));
    socket.on("end", () => channel.close());
    socket.on("close", () => {
      channels.delete(channel);
      handler.onClose();
    });
    // The reason of a `close` that follows at once.
    socket.on("error", () => {});
  });

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const channel of channels) channel.close();
    });

  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, () => {
      server.off("error", reject);
      const { port, address } = server.address() as AddressInfo;
      resolve({
        port,
        host: address,
        close,
        get connections() {
          return channels.size;
        },
      });
    });
  });
}

function refuse(socket: Socket, maxConnections: number): void {
  const error = new BrokerError(
    "TOO_MANY_CONNECTIONS",
    `This port serves ${maxConnections} connections.`,
    "Try again later.",
  );
  socket.on("error", () => {});
  socket.end(encodeFrame("ERROR", { message: error.code, "content-type": "text/plain" }, error.message, "1.2"));
  // Nothing is read, so the end of the other side would never be seen.
  socket.resume();
  endLater(socket);
}

function endLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), FAREWELL);
  socket.once("close", () => clearTimeout(timer));
}

class TcpChannel implements Channel {
  handler: ChannelHandler | undefined;
  readonly #socket: Socket;
  readonly #outgoing = new Outgoing(MAX_JOINED, (runs) => this.#write(runs));
  #isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#outgoing.amount + this.#socket.writableLength;
  }

  send(message: string | Uint8Array): void {
    if (this.#isClosed) return;
    this.#outgoing.push(message);
    this.#look();
  }

  /** TCP has no close codes: what there is to say was said by a frame. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outgoing.flush();
    this.#socket.end();
    // Unread, the last octets of the client would make the system answer with a reset that takes our last ones with it.
    this.#socket.resume();
    endLater(this.#socket);
  }

  pause(): void {
    if (!this.#isClosed) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #write(runs: (string | Uint8Array)[]): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    // As octets, so that `writableLength` counts them.
    for (const run of runs) this.#socket.write(typeof run === "string" ? Buffer.from(run) : run, this.#look);
    this.#socket.uncork();
    this.#look();
  }

  readonly #look = () => {
    if (this.#outgoing.hasDrained(this.bufferedAmount)) this.handler?.onDrain?.();
  };
}
