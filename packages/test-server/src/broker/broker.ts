import type { Application, Channel, ChannelHandler } from "../channel.ts";
import { type Clock, type Headers, systemClock } from "../shared.ts";
import { Connection } from "./connection.ts";
import { detached } from "./detached.ts";
import { BrokerError, quoted } from "./error.ts";
import { type BrokerLimits, defaultLimits } from "./limits.ts";
import { Message } from "./message.ts";
import { type Ledger, Queue } from "./queue.ts";
import {
  AutoTopicSubscription,
  QueueSubscription,
  type Subscription,
  type SubscriptionRequest,
  slowConsumer,
} from "./subscription.ts";
import { Topic } from "./topic.ts";

export interface BrokerOptions {
  limits?: Partial<BrokerLimits>;
  clock?: Clock;
}

/** Counts since the start, and what there is now. */
export interface BrokerStats {
  connections: number;
  subscriptions: number;
  topics: number;
  queues: number;
  /** Messages and octets in all queues. */
  queuedMessages: number;
  queuedOctets: number;
  published: number;
  delivered: number;
  /** Messages that were NACKed too often and found no place in the dead-letter queue. */
  discarded: number;
}

const TOPIC = "/topic/";
const QUEUE = "/queue/";
const DEAD_LETTER = "/queue/dead-letter";

/** The embedded broker: topics, queues, and who speaks STOMP to them. `docs/broker.md` is its contract. */
export class Broker implements Application {
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly #topics = new Map<string, Topic>();
  readonly #queues = new Map<string, Queue>();
  readonly #ledger: Ledger = { octets: 0 };
  readonly #counts = { connections: 0, subscriptions: 0, published: 0, delivered: 0, discarded: 0 };
  /** Tells the ids of this broker from those of the one before it. */
  readonly #era: string;
  #messages = 0;
  #sessions = 0;

  constructor(options: BrokerOptions = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.#era = this.clock.now().toString(36);
  }

  get stats(): BrokerStats {
    let queuedMessages = 0;
    for (const queue of this.#queues.values()) queuedMessages += queue.messages;
    return {
      ...this.#counts,
      topics: this.#topics.size,
      queues: this.#queues.size,
      queuedMessages,
      queuedOctets: this.#ledger.octets,
    };
  }

  accept(channel: Channel): ChannelHandler {
    this.#counts.connections++;
    return new Connection(this, channel, `${this.#era}-${++this.#sessions}`);
  }

  /** Called once for each channel accepted. */
  left(): void {
    this.#counts.connections--;
  }

  delivered(): void {
    this.#counts.delivered++;
  }

  /**
   * Publishes one message, as a SEND without a connection.
   * @param headers passed on, but for those that are the broker's
   * @throws {BrokerError} `DESTINATION_UNKNOWN`, `QUEUE_FULL`, `BROKER_FULL`: nothing was published
   */
  publish(destination: string, body: string | Uint8Array, headers: Headers = {}): void {
    this.publishAll([this.message(destination, headers, body)]);
  }

  /** @throws {BrokerError} `DESTINATION_UNKNOWN` */
  message(destination: string, headers: Headers, body: string | Uint8Array): Message {
    check(destination);
    return new Message(`${this.#era}.${++this.#messages}`, destination, headers, body);
  }

  /**
   * Publishes all of them or none. Returns whether the publisher should slow down.
   * @param first runs when nothing can fail any more, before the first is published
   * @throws {BrokerError} `QUEUE_FULL`, `BROKER_FULL`: nothing was published
   */
  publishAll(messages: readonly Message[], first?: () => void): boolean {
    this.#makeSureOfRoom(messages);
    first?.();
    let isPressed = false;
    for (const message of messages) {
      this.#counts.published++;
      if (isQueued(message)) this.#queue(message.destination).add(message);
      else if (this.#topics.get(message.destination)?.publish(message)) isPressed = true;
    }
    return isPressed;
  }

  /** @throws {BrokerError} `DESTINATION_UNKNOWN` */
  subscribe(request: SubscriptionRequest): Subscription {
    const { destination } = request;
    check(destination);
    this.#counts.subscriptions++;
    if (destination.startsWith(QUEUE)) return this.#consume(destination, request);
    return request.mode === "auto"
      ? this.#listen(destination, request)
      : this.#listenAndAcknowledge(destination, request);
  }

  #listen(destination: string, request: SubscriptionRequest): Subscription {
    const topic = this.#topic(destination);
    const subscription = new AutoTopicSubscription(request, () => {
      this.#counts.subscriptions--;
      topic.remove(subscription);
      if (topic.isIdle) this.#topics.delete(destination);
    });
    topic.add(subscription);
    return subscription;
  }

  /** A subscription to a topic that acknowledges gets a queue of its own behind the topic, with all that queues do. */
  #listenAndAcknowledge(destination: string, request: SubscriptionRequest): Subscription {
    const { limits } = this;
    const topic = this.#topic(destination);
    const queue = new Queue({ octets: 0 });
    const member = {
      take(message: Message): boolean {
        if (queue.octets + message.octets > limits.slowConsumerOctets) request.outlet.fail(slowConsumer(limits));
        else queue.add(message);
        return queue.octets > limits.slowConsumerOctets / 2;
      },
    };
    // The topic has given the message to the others already: a letter to the dead for each that refuses it would say nothing.
    const discard = () => void this.#counts.discarded++;
    const subscription = new QueueSubscription(queue, request, discard, () => {
      this.#counts.subscriptions--;
      topic.remove(member);
      if (topic.isIdle) this.#topics.delete(destination);
    });
    queue.addConsumer(subscription);
    topic.add(member);
    return subscription;
  }

  #consume(destination: string, request: SubscriptionRequest): Subscription {
    const queue = this.#queue(destination);
    const bury = (message: Message) => this.#bury(message);
    const subscription = new QueueSubscription(queue, request, bury, () => {
      this.#counts.subscriptions--;
      this.#forgetIdleQueue(destination);
    });
    queue.addConsumer(subscription);
    return subscription;
  }

  #bury(message: Message): void {
    try {
      if (message.destination !== DEAD_LETTER) {
        const headers = { "original-destination": message.destination, "original-message-id": message.id };
        this.publishAll([message.redirected(`${this.#era}.${++this.#messages}`, DEAD_LETTER, headers)]);
        return;
      }
    } catch (error) {
      // Full: this bound too has to end somewhere, and there is no sender to tell.
      if (!(error instanceof BrokerError)) throw error;
    }
    this.#counts.discarded++;
  }

  #makeSureOfRoom(messages: readonly Message[]): void {
    if (!messages.some(isQueued)) return;
    const wanted = new Map<string, { messages: number; octets: number }>();
    let octets = this.#ledger.octets;
    for (const message of messages) {
      if (!isQueued(message)) continue;
      const { destination } = message;
      const queue = this.#queues.get(destination);
      const total = wanted.get(destination) ?? { messages: queue?.messages ?? 0, octets: queue?.octets ?? 0 };
      wanted.set(destination, total);
      total.messages++;
      total.octets += message.octets;
      octets += message.octets;
      if (total.messages > this.limits.queueMessages || total.octets > this.limits.queueOctets) {
        throw new BrokerError(
          "QUEUE_FULL",
          `The queue ${quoted(destination)} holds ${queue?.messages ?? 0} messages in ${queue?.octets ?? 0} octets.`,
          "Publish again when its consumers have taken some; start consumers if it has none.",
        );
      }
    }
    if (octets > this.limits.brokerOctets) {
      throw new BrokerError(
        "BROKER_FULL",
        `The broker's queues hold ${this.#ledger.octets} octets.`,
        "Publish again when consumers have taken some; see to queues that nobody consumes.",
      );
    }
  }

  #topic(destination: string): Topic {
    let topic = this.#topics.get(destination);
    if (!topic) {
      topic = new Topic();
      this.#topics.set(destination, topic);
    }
    return topic;
  }

  #queue(destination: string): Queue {
    let queue = this.#queues.get(destination);
    if (!queue) {
      queue = new Queue(this.#ledger);
      this.#queues.set(detached(destination), queue);
    }
    return queue;
  }

  #forgetIdleQueue(destination: string): void {
    if (this.#queues.get(destination)?.isIdle) this.#queues.delete(destination);
  }
}

function isQueued({ destination }: Message): boolean {
  return destination.startsWith(QUEUE);
}

function check(destination: string): void {
  if (destination.startsWith(TOPIC) && destination.length > TOPIC.length) return;
  if (destination.startsWith(QUEUE) && destination.length > QUEUE.length) return;
  throw new BrokerError(
    "DESTINATION_UNKNOWN",
    `There is no destination ${quoted(destination)}.`,
    "Destinations begin with /topic/ (to all who are subscribed) or /queue/ (to one at a time), and a name follows.",
  );
}
