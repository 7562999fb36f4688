import { HIGH_WATER } from "../channel.ts";
import type { StompVersion } from "../shared.ts";
import { BrokerError } from "./error.ts";
import type { BrokerLimits } from "./limits.ts";
import type { Message } from "./message.ts";
import type { Delivery, Queue, QueueConsumer } from "./queue.ts";
import type { TopicMember } from "./topic.ts";

/** The connection that a subscription delivers to. */
export interface Outlet {
  readonly version: StompVersion;
  readonly limits: BrokerLimits;
  readonly isOpen: boolean;
  readonly bufferedAmount: number;
  /** Sends a MESSAGE; fails the connection if too much is waiting on it already. `head` as in `Message.frame`. */
  deliver(message: Message, head: string): void;
  /** Says ERROR and closes. */
  fail(error: BrokerError): void;
}

export const ackModes = ["auto", "client", "client-individual"] as const;
export type AckMode = (typeof ackModes)[number];

/** What a SUBSCRIBE frame asks for. */
export interface SubscriptionRequest {
  readonly outlet: Outlet;
  readonly destination: string;
  readonly mode: AckMode;
  /** The command and the headers that all its MESSAGEs share, the destination among them: `messageHead`. */
  readonly head: string;
  /** Tells it from the others of its connection in an `ack` header. */
  readonly number: number;
}

/** How a connection holds a subscription. */
export interface Subscription {
  /** Whether this ack id (1.2) or message id (1.0, 1.1) is of a message that awaits ACK or NACK. */
  awaits(id: string): boolean;
  ack(id: string): void;
  nack(id: string): void;
  /** The connection's channel has drained. */
  wake(): void;
  /** No more is delivered, and what was not acknowledged goes back. */
  end(): void;
}

export function slowConsumer(limits: BrokerLimits): BrokerError {
  return new BrokerError(
    "SLOW_CONSUMER",
    `More than ${limits.slowConsumerOctets} octets were waiting for this client.`,
    "Subscribe to less, acknowledge sooner, or take the messages from a queue.",
  );
}

/** `ack:auto` on a topic: delivered is consumed. */
export class AutoTopicSubscription implements Subscription, TopicMember {
  readonly #outlet: Outlet;
  readonly #head: string;
  readonly #onEnd: () => void;

  constructor(request: SubscriptionRequest, onEnd: () => void) {
    this.#outlet = request.outlet;
    this.#head = request.head;
    this.#onEnd = onEnd;
  }

  take(message: Message): boolean {
    this.#outlet.deliver(message, this.#head);
    return this.#outlet.bufferedAmount > this.#outlet.limits.slowConsumerOctets / 2;
  }

  awaits(): boolean {
    return false;
  }

  ack(): void {}

  nack(): void {}

  wake(): void {}

  end(): void {
    this.#onEnd();
  }
}

/** A consumer of a queue: a shared one, or the private one that stands between a topic and a subscription that acknowledges. */
export class QueueSubscription implements Subscription, QueueConsumer {
  readonly #queue: Queue;
  readonly #request: SubscriptionRequest;
  readonly #onRefused: (message: Message) => void;
  readonly #onEnd: () => void;
  /** In the order of delivery, by what the client will name them with. */
  readonly #unacked = new Map<string, Delivery>();
  #unackedOctets = 0;
  #deliveries = 0;

  /**
   * @param onRefused a message was NACKed as often as one may be, and is no longer in the queue
   * @param onEnd the subscription has ended
   */
  constructor(queue: Queue, request: SubscriptionRequest, onRefused: (message: Message) => void, onEnd: () => void) {
    this.#queue = queue;
    this.#request = request;
    this.#onRefused = onRefused;
    this.#onEnd = onEnd;
  }

  get isReady(): boolean {
    const { outlet } = this.#request;
    return (
      outlet.isOpen &&
      outlet.bufferedAmount <= HIGH_WATER &&
      this.#unacked.size < outlet.limits.unackedMessages &&
      this.#unackedOctets < outlet.limits.unackedOctets
    );
  }

  take(delivery: Delivery): void {
    const { outlet, mode, number } = this.#request;
    const { message } = delivery;
    let { head } = this.#request;
    if (delivery.count > 1) head += `redelivered:true\ndelivery-count:${delivery.count}\n`;
    if (mode === "auto") {
      this.#queue.settle(delivery);
    } else {
      let id = message.id;
      if (outlet.version === "1.2") {
        id = `${number}.${++this.#deliveries}`;
        head += `ack:${id}\n`;
      }
      this.#unacked.set(id, delivery);
      this.#unackedOctets += message.octets;
    }
    outlet.deliver(message, head);
  }

  awaits(id: string): boolean {
    return this.#unacked.has(id);
  }

  ack(id: string): void {
    for (const delivery of this.#answered(id)) this.#queue.settle(delivery);
    this.wake();
  }

  nack(id: string): void {
    const again: Delivery[] = [];
    for (const delivery of this.#answered(id)) {
      if (++delivery.nacks < this.#request.outlet.limits.nacks) {
        again.push(delivery);
      } else {
        this.#queue.settle(delivery);
        this.#onRefused(delivery.message);
      }
    }
    this.#queue.giveBack(again);
    this.wake();
  }

  wake(): void {
    this.#queue.wake(this);
  }

  end(): void {
    const unacked = [...this.#unacked.values()];
    this.#unacked.clear();
    this.#queue.removeConsumer(this);
    this.#queue.giveBack(unacked);
    this.#onEnd();
  }

  /** Takes out what an ACK or NACK of `id` is about: in mode `client` all that was delivered before it too. */
  #answered(id: string): Delivery[] {
    const isCumulative = this.#request.mode === "client";
    const answered: Delivery[] = [];
    for (const [key, delivery] of isCumulative ? this.#unacked : []) {
      if (key === id) break;
      answered.push(delivery);
      this.#unacked.delete(key);
    }
    const named = this.#unacked.get(id);
    if (named) answered.push(named);
    this.#unacked.delete(id);
    for (const { message } of answered) this.#unackedOctets -= message.octets;
    return answered;
  }
}
