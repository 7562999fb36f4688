/**
 * Runs in the page, as the global `probe`: keeps what a client says and receives, so that a test can ask for it later and wait for what is still to come.
 */
import type * as EnckeModule from "encke";

type Encke = typeof EnckeModule;
type Client = ReturnType<Encke["connect"]>;
type Message = Parameters<Parameters<Client["subscribe"]>[1]>[0];
type SubscribeOptions = Parameters<Client["subscribe"]>[2];

/** What never comes fails the test here, with what did come, before the test runs out of time. */
const patience = 20_000;

/** Whoever waits for a condition that an event may fulfil. */
class Waiting {
  readonly #looks = new Set<() => void>();

  /** Something has happened. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** Resolves once `isSo`; rejects when it takes too long, with what `explain` says then. */
  until(isSo: () => boolean, explain: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#looks.delete(look);
        reject(new Error(explain()));
      }, patience);
      const look = () => {
        if (!isSo()) return;
        this.#looks.delete(look);
        clearTimeout(timer);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }
}

/** All that came for one subscription, in order. */
export class Inbox {
  readonly messages: Message[] = [];
  readonly #waiting = new Waiting();

  readonly take = (message: Message): void => {
    this.messages.push(message);
    this.#waiting.look();
  };

  get texts(): string[] {
    return this.messages.map((message) => message.text());
  }

  /** The texts, once there are so many. */
  async count(wanted: number): Promise<string[]> {
    const explain = () => `${this.messages.length} messages came, not ${wanted}; the last: ${this.texts.at(-1)}`;
    await this.#waiting.until(() => this.messages.length >= wanted, explain);
    return this.texts;
  }
}

/** A client, and all it said. */
export class Watched {
  readonly states: string[] = [];
  readonly transports: (string | null)[] = [];
  /** Destinations of subscriptions whose continuity was broken. */
  readonly gaps: string[] = [];
  readonly errors: { code: string; message: string; outcome: string | undefined }[] = [];
  /** What became of publishes with a receipt, by body. */
  readonly outcomes = new Map<string, string>();
  readonly #inboxes = new Map<string, Inbox>();
  readonly #waiting = new Waiting();

  constructor(readonly client: Client) {
    this.states.push(client.state);
    client.on("state", (state) => void this.states.push(state));
    client.on("transport", (transport) => void this.transports.push(transport));
    client.on("continuity", ({ subscription }) => void this.gaps.push(subscription.destination));
    client.on("error", ({ code, message, outcome }) => void this.errors.push({ code, message, outcome }));
    const look = () => this.#waiting.look();
    client.on("state", look);
    client.on("transport", look);
    client.on("continuity", look);
    client.on("error", look);
  }

  inbox(destination: string): Inbox {
    const inbox = this.#inboxes.get(destination) ?? new Inbox();
    this.#inboxes.set(destination, inbox);
    return inbox;
  }

  /** Subscribes, and resolves when the broker has the subscription. */
  async listen(destination: string, options?: SubscribeOptions): Promise<void> {
    this.client.subscribe(destination, this.inbox(destination).take, options);
    await this.settle();
  }

  /** Resolves when the broker has done what was asked of it before; what that made it send to this client has come then. */
  async settle(): Promise<void> {
    await this.client.publish("/topic/settled", "", { receipt: true });
  }

  /** Publishes with a receipt and keeps the outcome under the body. */
  ask(destination: string, body: string, options?: { retry?: boolean }): void {
    this.client.publish(destination, body, { ...options, receipt: true }).then(
      (outcome) => this.#decide(body, outcome),
      (error) => this.#decide(body, error.outcome ?? String(error)),
    );
  }

  #decide(body: string, outcome: string): void {
    this.outcomes.set(body, outcome);
    this.#waiting.look();
  }

  /** Resolves when the outcomes of so many publishes are known. */
  untilDecided(count: number): Promise<void> {
    return this.#waiting.until(
      () => this.outcomes.size >= count,
      () => `Of ${count} publishes ${this.outcomes.size} were decided; ${JSON.stringify(this.seen)}`,
    );
  }

  carriedBy(transport: string | null): Promise<void> {
    return this.until(() => this.client.transport === transport);
  }

  /** From here on all that carries counts as old and proven, so that its end is no verdict of weight. */
  age(): void {
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
  }

  /** Resolves when it is so at one of the client's events. */
  until(isSo: (watched: Watched) => boolean): Promise<void> {
    return this.#waiting.until(
      () => isSo(this),
      () => `Not so: ${isSo}; ${JSON.stringify(this.seen)}`,
    );
  }

  /** All that was seen, as plain data. */
  get seen() {
    const { states, transports, gaps, errors } = this;
    return { states, transports, gaps, errors, outcomes: Object.fromEntries(this.outcomes) };
  }
}

export function watch(client: Client): Watched {
  return new Watched(client);
}

/** Lets the page's other tasks run. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Octets from a seed, the same on both sides. */
export function octets(count: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  let state = seed;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
