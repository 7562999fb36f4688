import { Fifo } from "./fifo.ts";
import type { Message } from "./message.ts";

/** A message in a queue's custody, from `add` until it is settled. */
export interface Delivery {
  readonly message: Message;
  /** Its place in the queue. */
  readonly place: number;
  /** How often it was given to a consumer. */
  count: number;
  /** How often a consumer said no to it. */
  nacks: number;
}

export interface QueueConsumer {
  /** Whether it may be given a message now. One that becomes ready says so by `Queue.wake`. */
  readonly isReady: boolean;
  /** Delivers the message. It remains the queue's until `settle` or `giveBack`. */
  take(delivery: Delivery): void;
}

/** Octets held by several queues together. */
export interface Ledger {
  octets: number;
}

/**
 * Each message goes to one consumer at a time, in turn, and waits while none is ready.
 *
 * Invariant: all that was given back stands before all that never was given, each in the order in which it was added. So a message given
 * back is delivered again before any later one.
 */
export class Queue {
  readonly #consumers = new Set<QueueConsumer>();
  /** Those that were ready when last asked, the next in turn first. */
  readonly #ready = new Set<QueueConsumer>();
  readonly #waiting = new Fifo<Delivery>();
  /** Given back, the last place first: the next one is popped. */
  #returned: Delivery[] = [];
  #places = 0;
  #messages = 0;
  #octets = 0;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Messages held: those that wait, and those that a consumer has not settled. */
  get messages(): number {
    return this.#messages;
  }

  get octets(): number {
    return this.#octets;
  }

  get isIdle(): boolean {
    return this.#consumers.size === 0 && this.#messages === 0;
  }

  add(message: Message): void {
    this.#messages++;
    this.#octets += message.octets;
    this.#ledger.octets += message.octets;
    this.#waiting.push({ message, place: this.#places++, count: 0, nacks: 0 });
    this.#deliver();
    if (this.#waiting.size > 0) message.keep();
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
    this.wake(consumer);
  }

  /** What the consumer has not settled it gives back itself, after this. */
  removeConsumer(consumer: QueueConsumer): void {
    this.#consumers.delete(consumer);
    this.#ready.delete(consumer);
  }

  /** The consumer may have become ready. */
  wake(consumer: QueueConsumer): void {
    if (!this.#consumers.has(consumer) || !consumer.isReady) return;
    this.#ready.add(consumer);
    this.#deliver();
  }

  /** The delivery is done with: consumed, or discarded. */
  settle(delivery: Delivery): void {
    this.#messages--;
    this.#octets -= delivery.message.octets;
    this.#ledger.octets -= delivery.message.octets;
  }

  /** The deliveries were not consumed, and wait for the next consumer at the front. */
  giveBack(deliveries: readonly Delivery[]): void {
    this.#returned = [...this.#returned, ...deliveries].sort((one, other) => other.place - one.place);
    for (const delivery of deliveries) delivery.message.keep();
    this.#deliver();
  }

  #deliver(): void {
    for (const consumer of this.#ready) {
      if (this.#returned.length === 0 && this.#waiting.size === 0) return;
      this.#ready.delete(consumer);
      if (!consumer.isReady) continue;
      // To the end: the loop comes back to it when the others had their turn.
      this.#ready.add(consumer);
      const delivery = (this.#returned.pop() ?? this.#waiting.shift())!;
      delivery.count++;
      consumer.take(delivery);
    }
  }
}
