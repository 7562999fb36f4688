import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Frame, FrameDecoder } from "../shared.ts";

/** A STOMP 1.2 client on a TCP connection, which writes what a test wants written. */
export class StompSocket {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isEnded = false;
  readonly #decoder = new FrameDecoder((frame) => this.frames.push(frame));
  #wake = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data) => {
      this.#decoder.feed(data);
      this.#wake();
    });
    for (const event of ["end", "error", "close"]) {
      socket.on(event, () => {
        this.isEnded = true;
        this.#wake();
      });
    }
  }

  static async open(port: number): Promise<StompSocket> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    socket.setNoDelay();
    return new StompSocket(socket);
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Waits for what the server sends. */
  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.socket.destroy();
  }
}
