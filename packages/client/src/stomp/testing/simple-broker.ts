import type { Clock } from "../../page/clock.ts";
import type { Frame } from "../frame.ts";
import { agree, type HeartBeat } from "../heart-beat.ts";
import type { TextOrOctets } from "../octets.ts";
import { TestSocket } from "./stomp-server.ts";

/** Octets of a message, as Spring has them by default. */
const LIMIT = 65_536;

/** What it offers, in milliseconds, and how many times as long a client may be silent. */
const OWN: HeartBeat = [5_000, 5_000];
const PATIENCE = 3;

/**
 * Stands in for Spring's simple broker behind a WebSocket, as far as a client notices it: RECEIPT for DISCONNECT and nothing else, ACK and NACK and transactions that go
 * unheard, 64 KiB for a message, and heart-beats every 5 s.
 */
export class SimpleBroker extends TestSocket {
  /** The commands that it took and did nothing about. */
  readonly ignored: string[] = [];
  readonly #clock: Clock;
  readonly #destinations = new Map<string, string>();
  #messages = 0;
  #heardAt = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
    this.#later(() => this.open());
  }

  override send(data: TextOrOctets): void {
    super.send(data);
    this.#heardAt = this.#clock.now();
    this.#later(() => {
      const { length } = typeof data === "string" ? new TextEncoder().encode(data) : data;
      if (length > LIMIT) this.#refuse(`The STOMP buffer size limit of ${LIMIT} bytes has been exceeded`);
      else for (const frame of this.frames()) this.#obey(frame);
    });
  }

  #obey({ command, headers, body }: Frame): void {
    switch (command) {
      case "CONNECT": {
        const theirs = agree(OWN, headers["heart-beat"]);
        this.connected({ version: "1.2", "heart-beat": `${OWN}` });
        this.#beat(theirs);
        break;
      }
      case "SUBSCRIBE":
        this.#destinations.set(headers.id!, headers.destination!);
        break;
      case "UNSUBSCRIBE":
        this.#destinations.delete(headers.id!);
        break;
      case "SEND":
        for (const [subscription, destination] of this.#destinations) {
          if (destination !== headers.destination) continue;
          const { receipt, transaction, ...more } = headers;
          this.say("MESSAGE", { ...more, subscription, "message-id": `session-${this.#messages++}` }, body);
        }
        break;
      case "DISCONNECT":
        this.say("RECEIPT", { "receipt-id": headers.receipt! });
        break;
      default:
        this.ignored.push(command);
    }
  }

  #beat([send, expect]: HeartBeat): void {
    if (send) this.sayRaw("\n");
    if (expect && this.#clock.now() - this.#heardAt > PATIENCE * expect) this.end({ code: 1008, reason: "" });
    else this.#later(() => this.#beat([send, expect]), OWN[0]);
  }

  #refuse(message: string): void {
    this.say("ERROR", { message });
    this.end({ code: 1002, reason: "" });
  }

  /** A network is between: nothing comes within the call that it answers. */
  #later(run: () => void, ms = 1): void {
    this.#clock.after(ms, () => this.readyState < 2 && run());
  }
}
