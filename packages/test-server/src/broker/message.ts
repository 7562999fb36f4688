import { asText } from "../as-text.ts";
import { encodeFrame, type Headers, type StompVersion, sizeOf } from "../shared.ts";
import { detached } from "./detached.ts";

/** Headers of a SEND that are between its sender and the broker, or that the broker writes itself. The others go to the consumers. */
const notPassedOn = new Set([
  "ack",
  "content-length",
  "delivery-count",
  "destination",
  "message-id",
  "receipt",
  "redelivered",
  "subscription",
  "transaction",
]);

/** What it costs to keep a message, beside its text: a guess on the safe side, so that many small messages are bounded too. */
const OVERHEAD = 400;

const COMMAND = "MESSAGE\n";

/** The command and headers of a MESSAGE, each line with its LF. */
export function messageHead(headers: Readonly<Record<string, string | undefined>>, version: StompVersion): string {
  return (encodeFrame("MESSAGE", headers, "", version) as string).slice(0, -2);
}

/**
 * One published message. Everything that is the same for all its consumers is worked out once: whether it is text, and the frame behind
 * the headers that a subscription adds.
 */
export class Message {
  /** Unique in the broker's lifetime. */
  readonly id: string;
  destination: string;
  /** Octets that keeping it costs, roughly. */
  readonly octets: number;
  /** Those that are passed on; undefined: none. */
  #headers: Headers | undefined;
  #body: string | Uint8Array;
  readonly #bodyOctets: number;
  #isKept = false;
  #rest: Partial<Record<StompVersion, string | Buffer>> = {};

  /** `body` goes out as text if it is valid UTF-8, whichever way it came: a page gets a string, a TCP client the same octets either way. */
  constructor(id: string, destination: string, headers: Headers, body: string | Uint8Array) {
    this.id = id;
    this.destination = destination;
    this.#body = typeof body === "string" ? body : asText(body);
    this.#bodyOctets = sizeOf(body);
    let characters = 0;
    for (const name in headers) {
      if (name === "" || notPassedOn.has(name)) continue; // an empty name has no spelling in STOMP
      const value = headers[name]!;
      this.#headers ??= {};
      this.#headers[name] = value;
      characters += name.length + value.length;
    }
    this.octets = OVERHEAD + characters + this.#bodyOctets;
  }

  /** The same message for another destination. */
  redirected(id: string, destination: string, headers: Headers): Message {
    return new Message(id, destination, { ...this.#headers, ...headers }, this.#body);
  }

  /**
   * The MESSAGE frame of one delivery.
   * @param head as of `messageHead`, with the destination and what else this delivery adds
   */
  frame(head: string, version: StompVersion): string | Uint8Array {
    this.#rest[version] ??= this.#encode(version);
    const rest = this.#rest[version];
    // A string is joined without copying: the consumers share the rest until it is written.
    if (typeof rest === "string") return head + rest;
    const headOctets = Buffer.byteLength(head);
    const frame = Buffer.allocUnsafe(headOctets + rest.length);
    frame.write(head);
    frame.set(rest, headOctets);
    return frame;
  }

  /** All behind the headers of a delivery. The id is of the broker's making, and needs no escapes. */
  #encode(version: StompVersion): string | Buffer {
    const headers = this.#headers ? passedOn(this.#headers, version) : "";
    const length = this.#bodyOctets > 0 ? `content-length:${this.#bodyOctets}\n` : "";
    const head = `message-id:${this.id}\n${headers}${length}\n`;
    return typeof this.#body === "string"
      ? `${head}${this.#body}\0`
      : Buffer.concat([Buffer.from(head), this.#body, Buffer.of(0)]);
  }

  /**
   * Called when the message has to wait: it keeps nothing else alive from then on.
   * @see detached
   */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    this.destination = detached(this.destination);
    this.#body = typeof this.#body === "string" ? detached(this.#body) : new Uint8Array(this.#body);
    this.#headers = this.#headers && JSON.parse(JSON.stringify(this.#headers));
    this.#rest = {};
  }
}

function passedOn(headers: Headers, version: StompVersion): string {
  return messageHead(version === "1.0" ? writableIn10(headers) : headers, version).slice(COMMAND.length);
}

/** STOMP 1.0 has no escapes: a header that it cannot write stays behind, rather than become others at the receiver. */
function writableIn10(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !/[\r\n:]/.test(name) && !/[\r\n]/.test(value)),
  );
}
