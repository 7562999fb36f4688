import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Broker } from "./broker/broker.ts";
import type { Relay } from "./relay/relay.ts";
import type { Hub } from "./session/hub.ts";

/** What `/metrics` shows, in Prometheus' text format. Session ids and destinations are not in it. */
export function createMetrics(hub: Hub, application: Broker | Relay): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("encke_sessions", "Sessions that are remembered, with and without a carrier", () => hub.size);
  if ("target" in application) {
    gauge("encke_relay_connections", "STOMP connections to the broker behind", () => application.connections);
    return registry;
  }
  const broker = application;
  gauge("encke_broker_connections", "STOMP connections to the embedded broker", () => broker.stats.connections);
  gauge("encke_broker_subscriptions", "Subscriptions of all connections", () => broker.stats.subscriptions);
  gauge("encke_broker_queued_messages", "Messages that wait in queues", () => broker.stats.queuedMessages);
  gauge("encke_broker_published_total", "Messages published since the start", () => broker.stats.published);
  gauge("encke_broker_delivered_total", "Messages handed to subscribers since the start", () => broker.stats.delivered);
  return registry;
}
