import type { Application, Channel, ChannelHandler } from "../channel.ts";
import { encodeFrame, type Frame, FrameDecoder, type Headers, type StompVersion } from "../shared.ts";

/** A STOMP client on a channel in memory: it says what a test wants said, and keeps what it hears. */
export class StompPeer implements Channel {
  version: StompVersion = "1.2";
  bufferedAmount = 0;
  isPaused = false;
  heartBeats = 0;
  closed: { code: number; reason: string } | undefined;
  /** Every message as it came. */
  readonly messages: (string | Uint8Array)[] = [];
  readonly handler: ChannelHandler;
  #frames: Frame[] = [];
  readonly #decoder = new FrameDecoder(({ command, headers, body }) =>
    this.#frames.push({ command, headers: { ...headers }, body }),
  );

  constructor(application: Application) {
    this.handler = application.accept(this);
  }

  /** Connected in this version, with CONNECTED taken. */
  static connected(application: Application, version: StompVersion = "1.2", headers: Headers = {}): StompPeer {
    const peer = new StompPeer(application);
    peer.version = version;
    peer.say("CONNECT", { "accept-version": version, host: "test", ...headers });
    peer.#decoder.version = version;
    const [answer] = peer.heard();
    if (answer?.command !== "CONNECTED") throw new Error(`not CONNECTED: ${JSON.stringify(answer)}`);
    return peer;
  }

  send(message: string | Uint8Array): void {
    if (this.closed) throw new Error("sent after close");
    this.messages.push(message);
    if (message === "\n") this.heartBeats++;
    this.#decoder.feed(message);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** One frame to the server. */
  say(command: string, headers: Headers = {}, body: string | Uint8Array = ""): void {
    this.sayRaw(encodeFrame(command, headers, body, this.version));
  }

  sayRaw(message: string | Uint8Array): void {
    this.handler.onMessage(message);
  }

  /** The frames that came since the last call. */
  heard(): Frame[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** The bodies of the MESSAGEs that came since the last call, as text. */
  bodies(): string[] {
    return this.heard()
      .filter(({ command }) => command === "MESSAGE")
      .map(({ body }) => (typeof body === "string" ? body : Buffer.from(body).toString()));
  }

  /** The one frame that came since the last call: an ERROR's code. */
  refusal(): string | undefined {
    const frames = this.heard();
    const last = frames.at(-1);
    return last?.command === "ERROR" ? last.headers.message : `no ERROR: ${JSON.stringify(frames)}`;
  }

  drain(): void {
    this.bufferedAmount = 0;
    this.handler.onDrain?.();
  }

  /** The channel is gone. */
  leave(): void {
    this.handler.onClose();
  }
}
