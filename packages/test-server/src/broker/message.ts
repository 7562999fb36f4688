import { isUtf8 } from "node:buffer";
import { encodeFrame, type Headers, type StompVersion } from "../shared.ts";

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

/**
 * One published message. Everything that is the same for all its consumers is worked out once: whether it is text, and the frame behind
 * the headers that a subscription adds.
 */
export class Message {
  /** Unique in the broker's lifetime. */
  readonly id: string;
  readonly destination: string;
  /** Octets that keeping it costs, roughly. */
  readonly octets: number;
  #headers: Headers;
  #body: string | Uint8Array;
  #isKept = false;
  readonly #rest = new Map<StompVersion, string | Uint8Array>();

  /** `body` goes out as text if it is valid UTF-8, whichever way it came: a page gets a string, a TCP client the same octets either way. */
  constructor(id: string, destination: string, headers: Headers, body: string | Uint8Array) {
    this.id = id;
    this.destination = destination;
    this.#body = typeof body !== "string" && isUtf8(body) ? utf8(body) : body;
    this.#headers = { destination, "message-id": id };
    let characters = 0;
    for (const name of Object.keys(headers)) {
      if (name === "" || notPassedOn.has(name)) continue; // an empty name has no spelling in STOMP
      const value = headers[name]!;
      this.#headers[name] = value;
      characters += name.length + value.length;
    }
    this.octets = OVERHEAD + characters + (typeof body === "string" ? Buffer.byteLength(body) : body.length);
  }

  /** The same message for another destination. */
  redirected(id: string, destination: string, headers: Headers): Message {
    return new Message(id, destination, { ...this.#headers, ...headers }, this.#body);
  }

  /**
   * The MESSAGE frame of one delivery.
   * @param head the command and the headers of this delivery, encoded, each line with its LF
   */
  frame(head: string, version: StompVersion): string | Uint8Array {
    let rest = this.#rest.get(version);
    if (rest === undefined) {
      const headers = version === "1.0" ? writableIn10(this.#headers) : this.#headers;
      const frame = encodeFrame("MESSAGE", headers, this.#body, version);
      rest = typeof frame === "string" ? frame.slice(COMMAND.length) : frame.subarray(COMMAND.length);
      this.#rest.set(version, rest);
    }
    // A string is joined without copying: the consumers share the rest until it is written.
    if (typeof rest === "string") return head + rest;
    const headOctets = Buffer.byteLength(head);
    const frame = Buffer.allocUnsafe(headOctets + rest.length);
    frame.write(head);
    frame.set(rest, headOctets);
    return frame;
  }

  /**
   * Called when the message has to wait. What a decoder hands out are views of the batch in which it came, and would keep all of that
   * alive as long as the message.
   */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#body = typeof this.#body === "string" ? utf8(Buffer.from(this.#body)) : new Uint8Array(this.#body);
    this.#headers = JSON.parse(JSON.stringify(this.#headers));
    this.#rest.clear();
  }
}

function utf8(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString();
}

/** STOMP 1.0 has no escapes: a header that it cannot write stays behind, rather than become others at the receiver. */
function writableIn10(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !/[\r\n:]/.test(name) && !/[\r\n]/.test(value)),
  );
}
