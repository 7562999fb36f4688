import type { Environment } from "../page/environment.ts";
import { FrameDecoder } from "./decode.ts";
import { encodeFrame } from "./encode.ts";
import type { Frame, Headers, StompVersion } from "./frame.ts";
import type { ResolvedStompOptions } from "./options.ts";
import type { SocketEnd, StompSocket } from "./socket-like.ts";

export interface ConnectionEvents {
  /** CONNECTED has come: what the server said in it. */
  onConnected(headers: Headers): void;
  /** Any other frame. */
  onFrame(frame: Frame): void;
  /** Frames may be written that could not be before, or the socket no longer takes any. */
  onChange(): void;
  /** Always last, once. `wasOpen`: what was written may have reached the server. `error`: the server sent what is not STOMP. */
  onClose(end: SocketEnd, wasOpen: boolean, error?: unknown): void;
}

const versions = ["1.2", "1.1", "1.0"];
/** What a header may hold to be written alike in all versions, before it is known which one is in force. */
const alikeInAllVersions = /^[^\\\r\n:]*$/;

/** One STOMP connection over one socket: from CONNECT to the socket's end. */
export class Connection {
  version: StompVersion = "1.2";
  isConnected = false;
  #isOver = false;
  #wasOpen = false;
  #heardAt: number;
  #cancelBeats: Array<() => void> = [];
  readonly #decoder: FrameDecoder;

  constructor(
    readonly socket: StompSocket,
    readonly headers: Headers,
    readonly options: ResolvedStompOptions,
    readonly on: ConnectionEvents,
    readonly env: Environment,
  ) {
    this.#heardAt = env.clock.now();
    this.#decoder = new FrameDecoder((frame) => this.#frame(frame));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#read(data);
    socket.onclose = (end) => this.#closed(end);
    socket.onerror = () => {};
    socket.ontransport = () => on.onChange();
    if (socket.isSession) this.#connect();
  }

  /** Whether a frame with these headers can be written now. Over a session frames follow CONNECT at once; a plain socket is waited for. */
  takes(headers: Headers): boolean {
    const { socket } = this;
    if (this.#isOver || socket.readyState > 1) return false;
    if (!socket.isSession) return this.isConnected;
    // While nothing carries, frames are better kept: this session may turn out to be gone.
    if (this.#wasOpen && socket.transport === null) return false;
    return this.isConnected || Object.values(headers).every((value) => alikeInAllVersions.test(value));
  }

  /** @throws what the codec or the socket throws; nothing was sent then. */
  write(command: string, headers: Headers, body: string | Uint8Array): void {
    this.socket.send(encodeFrame(command, headers, body, this.version));
  }

  /** Ends the socket; `onClose` follows. */
  close(): void {
    if (this.socket.readyState < 2) this.socket.close();
  }

  #opened(): void {
    this.#wasOpen = true;
    if (this.socket.isSession) this.on.onChange();
    else this.#connect();
  }

  #connect(): void {
    const { isSession } = this.socket;
    const { heartbeatOutgoing, heartbeatIncoming } = this.options;
    const beats = isSession ? "0,0" : `${heartbeatOutgoing},${heartbeatIncoming}`;
    this.write("CONNECT", { "accept-version": versions.join(), "heart-beat": beats, ...this.headers }, "");
  }

  #read(data: string | ArrayBuffer): void {
    if (this.#isOver) return;
    this.#heardAt = this.env.clock.now();
    try {
      this.#decoder.feed(typeof data === "string" ? data : new Uint8Array(data));
    } catch (error) {
      this.close();
      this.#closed({ code: 1002, reason: "The server sent what is not STOMP." }, error);
    }
  }

  #frame(frame: Frame): void {
    if (this.#isOver) return;
    if (frame.command !== "CONNECTED" || this.isConnected) return this.on.onFrame(frame);
    this.isConnected = true;
    // A server of version 1.0 does not say so.
    this.version = (frame.headers.version as StompVersion | undefined) ?? "1.0";
    this.#decoder.version = this.version;
    if (!this.socket.isSession) this.#beat(frame.headers["heart-beat"]);
    this.on.onConnected(frame.headers);
  }

  /** STOMP 1.2, "Heart-beating". */
  #beat(offer = "0,0"): void {
    const [canSend = 0, wants = 0] = offer.split(",").map(Number);
    const { heartbeatOutgoing, heartbeatIncoming } = this.options;
    const every = (ours: number, theirs: number, run: () => void) => {
      if (!ours || !theirs) return;
      const at = this.#cancelBeats.length;
      const tick = () => {
        this.#cancelBeats[at] = this.env.clock.after(Math.max(ours, theirs), tick);
        run();
      };
      this.#cancelBeats[at] = this.env.clock.after(Math.max(ours, theirs), tick);
    };
    every(heartbeatOutgoing, wants, () => this.socket.readyState === 1 && this.socket.send("\n"));
    every(heartbeatIncoming, canSend, () => {
      if (this.env.clock.now() - this.#heardAt < 2 * Math.max(heartbeatIncoming, canSend)) return;
      this.close();
      this.#closed({ code: 1006, reason: "The server's heart-beat is missing." });
    });
  }

  #closed(end: SocketEnd, error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const cancel of this.#cancelBeats) cancel();
    this.on.onClose(end, this.#wasOpen, error);
  }
}
