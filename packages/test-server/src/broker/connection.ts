import { type Channel, type ChannelHandler, REFUSED } from "../channel.ts";
import { EnckeError, encodeFrame, type Frame, FrameDecoder, type Headers, type StompVersion } from "../shared.ts";
import type { Broker } from "./broker.ts";
import { detached } from "./detached.ts";
import { BrokerError, type BrokerErrorCode, quoted } from "./error.ts";
import { agreedInterval, HeartBeat, parseHeartBeat } from "./heart-beat.ts";
import type { BrokerLimits } from "./limits.ts";
import { type Message, messageHead } from "./message.ts";
import { type AckMode, ackModes, type Outlet, type Subscription, slowConsumer } from "./subscription.ts";
import { type Step, Transaction } from "./transaction.ts";

type ConnectionState =
  | { at: "connecting"; cancelTimeout: () => void }
  | { at: "connected"; version: StompVersion; heartBeat: HeartBeat }
  /** By DISCONNECT, ERROR or the end of the channel. What still comes in is not looked at. */
  | { at: "closed" };

const versions: readonly StompVersion[] = ["1.2", "1.1", "1.0"];

/** Milliseconds for which a publisher is not read whose messages wait for a subscriber: it slows down, and a dead subscriber costs it little. */
const PRESSED_PAUSE = 50;

/** The server's side of one client's STOMP connection. */
export class Connection implements ChannelHandler, Outlet {
  readonly limits: BrokerLimits;
  readonly #broker: Broker;
  readonly #channel: Channel;
  readonly #id: string;
  readonly #decoder: FrameDecoder;
  #state: ConnectionState;
  /** By `id`, or in 1.0 by destination where there is no id. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** In 1.0, the key of the last subscription with an id to each destination: UNSUBSCRIBE may name either. */
  readonly #keys = new Map<string, string>();
  readonly #transactions = new Map<string, Transaction>();
  #subscribed = 0;
  #isPressed = false;
  #cancelPause: (() => void) | undefined;

  /** @param id the `session` of CONNECTED */
  constructor(broker: Broker, channel: Channel, id: string) {
    this.limits = broker.limits;
    this.#broker = broker;
    this.#channel = channel;
    this.#id = id;
    const { frameOctets, headerOctets, connectTimeout } = this.limits;
    this.#decoder = new FrameDecoder((frame) => this.#onFrame(frame), frameOctets, headerOctets);
    this.#state = {
      at: "connecting",
      cancelTimeout: broker.clock.after(connectTimeout, () => this.fail(connectTimedOut(connectTimeout))),
    };
  }

  get version(): StompVersion {
    return this.#state.at === "connected" ? this.#state.version : "1.2";
  }

  get isOpen(): boolean {
    return this.#state.at === "connected";
  }

  get bufferedAmount(): number {
    return this.#channel.bufferedAmount;
  }

  onMessage(message: string | Uint8Array): void {
    if (this.#state.at === "closed") return;
    if (this.#state.at === "connected") this.#state.heartBeat.heard();
    try {
      this.#decoder.feed(message);
    } catch (error) {
      if (!(error instanceof EnckeError)) throw error;
      this.fail(malformed(error));
    }
    if (this.#isPressed) this.#pause();
  }

  onDrain(): void {
    for (const subscription of this.#subscriptions.values()) subscription.wake();
  }

  onClose(): void {
    this.#end();
    this.#broker.left();
  }

  deliver(message: Message, head: string): void {
    this.#broker.delivered();
    this.#write(message.frame(head, this.version));
  }

  fail(error: BrokerError, receipt?: string): void {
    if (this.#state.at === "closed") return;
    const headers: Headers = { message: error.code, "content-type": "text/plain" };
    if (receipt !== undefined) headers["receipt-id"] = receipt;
    if (error.code === "VERSION_UNSUPPORTED") headers.version = [...versions].reverse().join(",");
    const frame = encodeFrame("ERROR", headers, error.message, this.version);
    this.#end();
    this.#channel.send(frame);
    this.#channel.close(REFUSED, error.code);
  }

  #onFrame(frame: Frame): void {
    if (this.#state.at === "closed") return;
    try {
      this.#obey(frame);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.fail(error, frame.headers.receipt);
    }
  }

  #obey(received: Frame): void {
    const frame = this.version === "1.0" ? unpadded(received) : received;
    const { command, headers } = frame;
    if (Object.keys(headers).length > this.limits.headers) {
      throw new BrokerError(
        "TOO_MANY_HEADERS",
        `A frame may have ${this.limits.headers} headers.`,
        "Put what is more in the body.",
      );
    }
    const isConnect = command === "CONNECT" || command === "STOMP";
    if (this.#state.at === "connecting") {
      if (!isConnect) {
        throw new BrokerError(
          "NOT_CONNECTED",
          `${quoted(command)} came before CONNECT.`,
          "Send CONNECT first; the rest may follow at once.",
        );
      }
      this.#connect(headers, this.#state.cancelTimeout);
      return;
    }
    if (isConnect) throw new BrokerError("ALREADY_CONNECTED", "CONNECT came twice.", "Open another connection.");
    this.#execute(frame);
    if (headers.receipt !== undefined) {
      this.#write(encodeFrame("RECEIPT", { "receipt-id": headers.receipt }, "", this.version));
    }
    if (command === "DISCONNECT" && this.isOpen) {
      this.#end();
      this.#channel.close(1000, "DISCONNECT");
    }
  }

  #execute({ command, headers, body }: Frame): void {
    switch (command) {
      case "SEND":
        this.#send(headers, body);
        break;
      case "SUBSCRIBE":
        this.#subscribe(headers);
        break;
      case "UNSUBSCRIBE":
        this.#unsubscribe(headers);
        break;
      case "ACK":
        this.#answer("ack", headers);
        break;
      case "NACK":
        if (this.version === "1.0") throw commandUnknown(command, this.version);
        this.#answer("nack", headers);
        break;
      case "BEGIN":
        this.#begin(required(headers, "transaction", command));
        break;
      case "COMMIT":
        this.#commit(required(headers, "transaction", command));
        break;
      case "ABORT":
        this.#takeTransaction(required(headers, "transaction", command));
        break;
      case "DISCONNECT":
        break;
      default:
        throw commandUnknown(command, this.version);
    }
  }

  #connect(headers: Headers, cancelTimeout: () => void): void {
    const accepted = (headers["accept-version"] ?? "1.0").split(",").map((version) => version.trim());
    const version = versions.find((candidate) => accepted.includes(candidate));
    if (!version) {
      throw new BrokerError(
        "VERSION_UNSUPPORTED",
        `accept-version is ${quoted(accepted.join(","))}.`,
        "Versions served are 1.0, 1.1 and 1.2.",
      );
    }
    const wish = parseHeartBeat((version !== "1.0" && headers["heart-beat"]) || "0,0");
    if (!wish) throw invalid("heart-beat", headers["heart-beat"]!, "two numbers of milliseconds, as in 10000,10000");
    cancelTimeout();
    const { heartBeat: own } = this.limits;
    const send = agreedInterval(own, wish.wants);
    const expect = agreedInterval(own, wish.can);
    const beat = () => this.#channel.send("\n");
    const heartBeat = new HeartBeat(this.#broker.clock, { send, expect }, beat, () => this.fail(silent(expect)));
    this.#state = { at: "connected", version, heartBeat };
    this.#decoder.version = version;
    const answer: Headers = { version, server: "encke-server", session: this.#id };
    if (version !== "1.0") answer["heart-beat"] = `${own},${own}`;
    this.#write(encodeFrame("CONNECTED", answer, "", version));
  }

  #send(headers: Headers, body: string | Uint8Array): void {
    const message = this.#broker.message(required(headers, "destination", "SEND"), headers, body);
    if (headers.transaction !== undefined) this.#defer(headers.transaction, { do: "send", message });
    else if (this.#broker.publishAll([message])) this.#isPressed = true;
  }

  #subscribe(headers: Headers): void {
    const destination = detached(required(headers, "destination", "SUBSCRIBE"));
    const id = this.version === "1.0" ? headers.id : required(headers, "id", "SUBSCRIBE");
    const key = detached(subscriptionKey(id, destination));
    const mode = (headers.ack ?? "auto") as AckMode;
    if (!ackModes.includes(mode)) throw invalid("ack", mode, ackModes.join(", "));
    if (this.#subscriptions.has(key)) {
      throw new BrokerError(
        "SUBSCRIPTION_EXISTS",
        `There is a subscription ${quoted(id ?? destination)}.`,
        "Give each of a connection its own id.",
      );
    }
    if (this.#subscriptions.size >= this.limits.subscriptions)
      throw tooMany("TOO_MANY_SUBSCRIPTIONS", this.limits.subscriptions);
    const head = messageHead({ subscription: id, destination }, this.version);
    const number = ++this.#subscribed;
    const subscription = this.#broker.subscribe({ outlet: this, destination, mode, head, number });
    // What the queue held was delivered just now. If that was the connection's end, this subscription was not among those that it ended.
    if (this.isOpen) this.#subscriptions.set(key, subscription);
    else subscription.end();
    if (this.version === "1.0") this.#keys.set(destination, key);
  }

  #unsubscribe(headers: Headers): void {
    const { id } = headers;
    const destination =
      this.version === "1.0" && id === undefined ? required(headers, "destination", "UNSUBSCRIBE") : "";
    let key = subscriptionKey(destination ? undefined : required(headers, "id", "UNSUBSCRIBE"), destination);
    if (destination && !this.#subscriptions.has(key)) key = this.#keys.get(destination) ?? key;
    const subscription = this.#subscriptions.get(key);
    if (!subscription) {
      throw new BrokerError(
        "SUBSCRIPTION_UNKNOWN",
        `There is no subscription ${quoted(id ?? destination)}.`,
        "Name it as SUBSCRIBE did.",
      );
    }
    this.#subscriptions.delete(key);
    for (const [name, itsKey] of this.#keys) if (itsKey === key) this.#keys.delete(name);
    subscription.end();
  }

  #answer(answer: "ack" | "nack", headers: Headers): void {
    const [id, subscription] = this.#findAwaiting(answer.toUpperCase(), headers);
    if (headers.transaction !== undefined) this.#defer(headers.transaction, { do: answer, subscription, id });
    else subscription[answer](id);
  }

  /** What the frame names: in 1.2 by `id`, before by `message-id`, in 1.1 with `subscription`. */
  #findAwaiting(command: string, headers: Headers): [string, Subscription] {
    const id = required(headers, this.version === "1.2" ? "id" : "message-id", command);
    const from = this.version === "1.1" ? required(headers, "subscription", command) : headers.subscription;
    // In 1.0 the subscription may be left out; then it is the first that awaits it.
    const candidates =
      this.version === "1.2" || from === undefined
        ? this.#subscriptions.values()
        : [this.#subscriptions.get(subscriptionKey(from, ""))];
    for (const subscription of candidates) {
      if (subscription?.awaits(id)) return [id, subscription];
    }
    throw ackUnknown(id);
  }

  #begin(id: string): void {
    if (this.#transactions.has(id)) {
      throw new BrokerError(
        "TRANSACTION_EXISTS",
        `The transaction ${quoted(id)} is open.`,
        "Give each of a connection its own id.",
      );
    }
    if (this.#transactions.size >= this.limits.transactions)
      throw tooMany("TOO_MANY_TRANSACTIONS", this.limits.transactions);
    this.#transactions.set(id, new Transaction());
  }

  #commit(id: string): void {
    const { steps } = this.#takeTransaction(id);
    for (const step of steps) {
      if (step.do !== "send" && !step.subscription.awaits(step.id)) throw ackUnknown(step.id);
    }
    const messages = steps.flatMap((step) => (step.do === "send" ? [step.message] : []));
    // Messages last: delivered to a slow client of this very connection they may end it, and what it acknowledged must stay so.
    const answer = () => {
      for (const step of steps) {
        if (step.do !== "send") step.subscription[step.do](step.id);
      }
    };
    if (this.#broker.publishAll(messages, answer)) this.#isPressed = true;
  }

  #defer(id: string, step: Step): void {
    const transaction = this.#transaction(id);
    transaction.add(step);
    let octets = 0;
    for (const open of this.#transactions.values()) octets += open.octets;
    const { transactionFrames, transactionOctets } = this.limits;
    if (transaction.steps.length > transactionFrames || octets > transactionOctets) {
      throw new BrokerError(
        "TRANSACTION_TOO_BIG",
        `A transaction may have ${transactionFrames} frames, and the open ones of a connection ${transactionOctets} octets.`,
        "Commit more often.",
      );
    }
  }

  #transaction(id: string): Transaction {
    const transaction = this.#transactions.get(id);
    if (!transaction)
      throw new BrokerError("TRANSACTION_UNKNOWN", `No transaction ${quoted(id)} is open.`, "BEGIN it first.");
    return transaction;
  }

  #takeTransaction(id: string): Transaction {
    const transaction = this.#transaction(id);
    this.#transactions.delete(id);
    return transaction;
  }

  #write(frame: string | Uint8Array): void {
    if (this.#state.at !== "connected") return;
    if (this.#channel.bufferedAmount > this.limits.slowConsumerOctets) {
      this.fail(slowConsumer(this.limits));
      return;
    }
    this.#state.heartBeat.sent();
    this.#channel.send(frame);
  }

  #pause(): void {
    this.#isPressed = false;
    if (this.#cancelPause || !this.#channel.pause) return;
    this.#channel.pause();
    this.#cancelPause = this.#broker.clock.after(PRESSED_PAUSE, () => {
      this.#cancelPause = undefined;
      this.#channel.resume?.();
    });
  }

  #end(): void {
    if (this.#state.at === "connecting") this.#state.cancelTimeout();
    if (this.#state.at === "connected") this.#state.heartBeat.stop();
    this.#state = { at: "closed" };
    if (this.#cancelPause) {
      this.#cancelPause();
      this.#channel.resume?.();
    }
    this.#transactions.clear();
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const subscription of subscriptions) subscription.end();
  }
}

/** Without the white space around header names and values that the examples of STOMP 1.0 have. */
function unpadded({ command, headers, body }: Frame): Frame {
  const trimmed: Headers = Object.create(null);
  // Two names may have become one: the first counts.
  for (const [name, value] of Object.entries(headers)) trimmed[name.trim()] ??= value.trim();
  return { command, headers: trimmed, body };
}

function subscriptionKey(id: string | undefined, destination: string): string {
  return id === undefined ? `destination ${destination}` : `id ${id}`;
}

function required(headers: Headers, name: string, command: string): string {
  const value = headers[name];
  if (value !== undefined) return value;
  throw new BrokerError("HEADER_MISSING", `${command} has no header ${name}.`, "Add it.");
}

function commandUnknown(command: string, version: StompVersion): BrokerError {
  return new BrokerError(
    "COMMAND_UNKNOWN",
    `STOMP ${version} has no ${quoted(command)}.`,
    "Commands are in capital letters.",
  );
}

function invalid(name: string, value: string, form: string): BrokerError {
  return new BrokerError("HEADER_INVALID", `The header ${name} is ${quoted(value)}.`, `Its form is ${form}.`);
}

function ackUnknown(id: string): BrokerError {
  return new BrokerError(
    "ACK_UNKNOWN",
    `No message ${quoted(id)} awaits ACK or NACK.`,
    "Acknowledge once, before UNSUBSCRIBE, and with `client` not what came before an acknowledged message.",
  );
}

function tooMany(code: BrokerErrorCode & `TOO_MANY_${string}`, bound: number): BrokerError {
  return new BrokerError(code, `A connection may have ${bound} at one time.`, "End some of them first.");
}

function connectTimedOut(ms: number): BrokerError {
  return new BrokerError("CONNECT_TIMEOUT", `No CONNECT came for ${ms} ms.`, "Send CONNECT at once.");
}

function silent(interval: number): BrokerError {
  return new BrokerError(
    "HEART_BEAT_MISSED",
    `Nothing was heard for twice the ${interval} ms agreed on.`,
    "Promise heart-beats less often, or none, where timers are throttled.",
  );
}

/** @param error of reading, or of writing back a header that came unescaped with a CR in it, which only 1.0 allows */
function malformed(error: EnckeError): BrokerError {
  return error.code === "FRAME_TOO_BIG"
    ? new BrokerError("FRAME_TOO_BIG", error.message, "Send less in one frame.")
    : new BrokerError("MALFORMED_FRAME", error.message, "Check escapes and content-length.");
}
