import type { Body, PublishOptions } from "./client.ts";
import type { Message } from "./message.ts";

/** What happens all together or not at all. Connections may be lost and come back while it is open; `commit` tells how it went. */
export interface Transaction {
  publish(destination: string, body?: Body, options?: Omit<PublishOptions, "receipt">): void;
  /** Part of it: the message counts as consumed once it is committed. */
  ack(message: Message): void;
  nack(message: Message): void;
  /**
   * Hands it to the broker (STOMP 1.2, BEGIN to COMMIT).
   *
   * @returns resolves at the broker's RECEIPT. Rejects as `publish` with a receipt does; with `NOT_ACKNOWLEDGEABLE` where the connection of a message is gone, and with `NOT_SENT`
   * nothing of it happened
   */
  commit(): Promise<"delivered">;
  /** Forgets it. */
  abort(): void;
}
