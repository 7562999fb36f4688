import { EnckeError } from "../errors.ts";
import type { Frame, Headers, StompVersion } from "./frame.ts";

/** What a message needs to be acknowledged on the connection that it came by. */
export interface Acknowledger {
  readonly version: StompVersion;
  /** @throws {EnckeError} `NOT_ACKNOWLEDGEABLE` */
  acknowledge(command: "ACK" | "NACK", headers: Headers): void;
}

/** A MESSAGE frame, as a subscription's handler gets it. */
export class Message {
  readonly headers: Headers;
  readonly destination: string;
  readonly #body: string | Uint8Array;
  readonly #acknowledger: Acknowledger;

  constructor({ headers, body }: Frame, acknowledger: Acknowledger) {
    this.headers = headers;
    this.destination = headers.destination ?? "";
    this.#body = body;
    this.#acknowledger = acknowledger;
  }

  /** The body as text; octets are read as UTF-8. */
  text(): string {
    return typeof this.#body === "string" ? this.#body : new TextDecoder().decode(this.#body);
  }

  /** The body as octets; text is written as UTF-8. */
  bytes(): Uint8Array {
    return typeof this.#body === "string" ? new TextEncoder().encode(this.#body) : this.#body;
  }

  /** The body read as JSON. @throws {SyntaxError} if it is not */
  json<T = unknown>(): T {
    return JSON.parse(this.text());
  }

  /**
   * Tells the broker that the message was consumed (STOMP 1.2, ACK).
   * @throws {EnckeError} `NOT_ACKNOWLEDGEABLE` if the subscription's mode is "auto" or the connection that it came by is gone
   */
  ack(headers: Headers = {}): void {
    this.#answer("ACK", headers);
  }

  /** Tells the broker that the message was not consumed (STOMP 1.2, NACK). Not in STOMP 1.0. @throws as `ack` */
  nack(headers: Headers = {}): void {
    if (this.#acknowledger.version === "1.0") throw new EnckeError("NOT_ACKNOWLEDGEABLE", "STOMP 1.0 has no NACK.");
    this.#answer("NACK", headers);
  }

  #answer(command: "ACK" | "NACK", headers: Headers): void {
    const { version } = this.#acknowledger;
    const { ack, subscription, "message-id": id } = this.headers as Record<string, string>;
    const named: Record<StompVersion, Headers> = {
      "1.0": { "message-id": id! },
      "1.1": { "message-id": id!, subscription: subscription! },
      "1.2": { id: ack! },
    };
    this.#acknowledger.acknowledge(command, { ...headers, ...named[version] });
  }
}
