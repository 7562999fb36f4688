import type { Application, Channel, ChannelHandler } from "../channel.ts";
import { type Clock, systemClock } from "../shared.ts";
import type { RelayTarget } from "./relay-url.ts";
import { RelayedConnection } from "./relayed-connection.ts";

/**
 * Stands between clients and a real broker: each channel has a STOMP connection of its own over TCP, for as long as it lives. A page whose session resumes keeps it, so
 * the broker delivers nothing again. What is kept, and for whom, is the broker's.
 */
export class Relay implements Application {
  readonly #connections = new Set<RelayedConnection>();

  constructor(
    readonly target: RelayTarget,
    readonly clock: Clock = systemClock,
  ) {}

  /** Connections to the broker, those that are being opened included. */
  get connections(): number {
    return this.#connections.size;
  }

  accept(channel: Channel): ChannelHandler {
    const connection = new RelayedConnection(this.target, channel, this.clock, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }
}
