import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A STOMP 1.2 client over TCP, for text: another program that talks to pages. */
export class StompTcp {
  /** The bodies of all MESSAGEs, in order. */
  readonly bodies: string[] = [];
  readonly #socket: Socket;
  #rest = "";
  #receipts = 0;
  readonly #waiting = new Map<string, () => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8").on("data", (chunk: string) => this.#read(chunk));
    socket.on("error", () => {});
  }

  /** @param headers more of CONNECT */
  static async connect(port: number, headers: Record<string, string> = {}): Promise<StompTcp> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const peer = new StompTcp(socket);
    const connected = new Promise<void>((resolve) => peer.#waiting.set("CONNECTED", resolve));
    const lines = Object.entries({ host: "test", ...headers }).map(([name, value]) => `${name}:${value}\n`);
    peer.#say(`CONNECT\naccept-version:1.2\n${lines.join("")}\n`);
    await connected;
    return peer;
  }

  publish(destination: string, body: string): void {
    this.#say(`SEND\ndestination:${destination}\n\n${body}`);
  }

  /** Resolves when the broker has it. */
  subscribe(destination: string): Promise<void> {
    return this.#withReceipt(`SUBSCRIBE\nid:${destination}\ndestination:${destination}`);
  }

  /** Resolves when the broker has done all that was asked before. */
  settle(): Promise<void> {
    return this.#withReceipt("SEND\ndestination:/topic/settled");
  }

  close(): void {
    this.#socket.destroy();
  }

  #withReceipt(head: string): Promise<void> {
    const id = String(++this.#receipts);
    this.#say(`${head}\nreceipt:${id}\n\n`);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #say(frame: string): void {
    this.#socket.write(`${frame}\0`);
  }

  #read(chunk: string): void {
    const frames = (this.#rest + chunk).split("\0");
    this.#rest = frames.pop()!;
    for (const frame of frames) {
      const [head = "", ...body] = frame.trimStart().split("\n\n");
      if (head.startsWith("MESSAGE\n")) this.bodies.push(body.join("\n\n"));
      const event = head.startsWith("CONNECTED\n") ? "CONNECTED" : /^receipt-id:(.*)$/m.exec(head)?.[1];
      if (event !== undefined) this.#waiting.get(event)?.();
    }
  }
}

/** Publishes the numbers 1 to `count`, a few in each millisecond or so, as a program does that has always something to say. */
export async function publishNumbers(program: StompTcp, destination: string, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) {
    program.publish(destination, String(number));
    if (number % 4 === 0) await setTimeout(4);
  }
}
