import { connect, type Socket } from "node:net";
import { asText, pieceAsText } from "../as-text.ts";
import { agreedInterval, HeartBeat, parseHeartBeat } from "../broker/heart-beat.ts";
import { type Channel, type ChannelHandler, HIGH_WATER, REFUSED } from "../channel.ts";
import {
  type Clock,
  EnckeError,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type Headers,
  type StompVersion,
} from "../shared.ts";
import type { RelayTarget } from "./relay-url.ts";

/** Milliseconds for the broker to take the TCP connection and to answer CONNECT. */
const connectTimeout = 10_000;
/** How often the relay can send something, on either side, in milliseconds. What it hears does not count: a side that it does not read, as the other takes no more, is not gone. */
const heartBeat = 10_000;
/** Milliseconds of silence after which the system looks whether the broker still exists. */
const keepAlive = 30_000;
/** Milliseconds for the broker to end its side behind what a client has sent last; then the connection is cut. */
const farewell = 5_000;
/** What waits for CONNECTED may grow to so many octets. */
const maxWaiting = 16 * 1024 * 1024;

/** How often the one that says it wants to hear something, in milliseconds; 0: never. */
const wishOf = (headers: Headers) => parseHeartBeat(headers["heart-beat"] ?? "")?.wants ?? 0;

/** One client's way to the broker. Frames go through in order, both ways; CONNECT and CONNECTED are made to fit what is between. */
export class RelayedConnection implements ChannelHandler {
  readonly #target: RelayTarget;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #onOver: () => void;
  readonly #fromClient = new FrameDecoder((frame) => this.#onClientFrame(frame));
  readonly #fromBroker = new FrameDecoder((frame) => this.#onBrokerFrame(frame));
  #broker: Socket | undefined;
  /** Frames that came behind CONNECT: they wait for CONNECTED, as STOMP asks. */
  #waiting: Frame[] = [];
  #waitingOctets = 0;
  #isConnected = false;
  /** The client has said DISCONNECT: the broker answers and ends the connection. */
  #isLeaving = false;
  #isOver = false;
  /** In milliseconds; 0: it wants none. */
  #clientWants = 0;
  readonly #heartBeats: HeartBeat[] = [];
  #cancelTimeout: () => void;

  constructor(target: RelayTarget, channel: Channel, clock: Clock, onOver: () => void) {
    this.#target = target;
    this.#channel = channel;
    this.#clock = clock;
    this.#onOver = onOver;
    this.#cancelTimeout = clock.after(connectTimeout, () =>
      this.#fail("CONNECT_TIMEOUT", "There was no CONNECTED in time."),
    );
  }

  // The client's side

  onMessage(message: string | Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#isConnected) this.#waitingOctets += message.length;
    if (this.#waitingOctets > maxWaiting) {
      return this.#fail("TOO_MUCH_WAITING", "The broker has not answered CONNECT.");
    }
    this.#read(this.#fromClient, message, "The client sent what is not STOMP.");
    // The broker takes less than the client sends.
    if (this.#broker && this.#broker.writableLength > HIGH_WATER) this.#channel.pause?.();
  }

  onDrain(): void {
    this.#broker?.resume();
  }

  /** What the client has sent still goes to the broker. */
  onClose(): void {
    this.#end();
  }

  #onClientFrame(frame: Frame): void {
    if (this.#isOver) return;
    if (!this.#broker) return this.#connect(frame);
    if (this.#isConnected) return this.#toBroker(frame);
    this.#waiting.push(frame);
  }

  #connect({ command, headers }: Frame): void {
    if (command !== "CONNECT" && command !== "STOMP") return this.#fail("NOT_CONNECTED", "Send CONNECT first.");
    const { hostname, port, login, passcode, host } = this.#target;
    this.#clientWants = wishOf(headers);
    const asks: Headers = { ...headers, "heart-beat": `${heartBeat},0` };
    if (login !== undefined && headers.login === undefined) Object.assign(asks, { login, passcode });
    if (host !== undefined) asks.host = host;
    // Before there is a connection: what cannot be written throws.
    const written = encodeFrame("CONNECT", asks, "", "1.2");
    const broker = connect({ host: hostname, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAlive });
    this.#broker = broker;
    broker.write(written);
    broker.on("data", (octets: Buffer) => {
      this.#read(this.#fromBroker, pieceAsText(octets), "The broker sent what is not STOMP.");
      if (this.#channel.bufferedAmount > HIGH_WATER) broker.pause();
    });
    broker.on("drain", () => this.#channel.resume?.());
    // `close` follows, and says it.
    let reason = "";
    broker.on("error", (error: NodeJS.ErrnoException) => {
      reason = ` (${error.code})`;
    });
    broker.on("close", () => {
      if (this.#isLeaving) this.#close(1000, "DISCONNECT");
      else this.#fail("BROKER_GONE", `The broker ended the connection${reason}.`);
    });
  }

  #toBroker({ command, headers, body }: Frame): void {
    this.#heartBeats[1]?.sent();
    if (command === "DISCONNECT") this.#isLeaving = true;
    this.#broker!.write(encodeFrame(command, headers, body, this.#fromBroker.version));
  }

  // The broker's side

  #onBrokerFrame(frame: Frame): void {
    if (this.#isOver) return;
    const { command } = frame;
    if (command === "CONNECTED") return this.#connected(frame);
    this.#toClient(frame);
    // Nothing follows it; the client is not to take the end for another fault.
    if (command === "ERROR") this.#close(REFUSED, "ERROR");
  }

  #connected({ headers }: Frame): void {
    this.#cancelTimeout();
    const version = (headers.version ?? "1.0") as StompVersion;
    const answer = version === "1.0" ? headers : { ...headers, "heart-beat": `${heartBeat},0` };
    this.#toClient({ command: "CONNECTED", headers: answer, body: "" });
    this.#fromClient.version = version;
    this.#fromBroker.version = version;
    this.#isConnected = true;
    this.#waitingOctets = 0;
    const beats = (wish: number, beat: () => void) =>
      new HeartBeat(this.#clock, { send: agreedInterval(heartBeat, wish), expect: 0 }, beat, () => {});
    this.#heartBeats.push(
      beats(this.#clientWants, () => this.#channel.send("\n")),
      beats(wishOf(headers), () => void this.#broker!.write("\n")),
    );
    for (const frame of this.#waiting.splice(0)) this.#toBroker(frame);
  }

  #toClient({ command, headers, body }: Frame): void {
    this.#heartBeats[0]?.sent();
    const shown = typeof body === "string" ? body : asText(body);
    this.#channel.send(encodeFrame(command, headers, shown, this.#fromBroker.version));
  }

  // The end

  #read(decoder: FrameDecoder, data: string | Uint8Array, what: string): void {
    try {
      decoder.feed(data);
    } catch (error) {
      if (!(error instanceof EnckeError)) throw error;
      this.#fail("MALFORMED_FRAME", `${what} ${error.message}`);
    }
  }

  /** Tells the client in a frame. It connects anew by itself, later each time. */
  #fail(code: string, what: string): void {
    if (this.#isOver) return;
    this.#channel.send(
      encodeFrame("ERROR", { message: code, "content-type": "text/plain" }, what, this.#fromClient.version),
    );
    this.#close(REFUSED, code);
  }

  #close(code: number, reason: string): void {
    this.#end();
    this.#channel.close(code, reason);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimeout();
    for (const beats of this.#heartBeats) beats.stop();
    this.#channel.resume?.();
    const broker = this.#broker;
    this.#onOver();
    if (!broker) return;
    broker.end();
    // Unread, the last octets would make the system answer with a reset.
    broker.resume();
    const cancel = this.#clock.after(farewell, () => broker.destroy());
    broker.once("close", cancel);
  }
}
