/**
 * One client of one session, with nothing but `fetch` and `WebSocket`. It does nothing by itself: each test says which
 * request it makes and what it claims to have received. What every answer owes, whatever the test is about, is checked here.
 */
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { within } from "./deadline.ts";
import { endCodeOf } from "./end.ts";
import { messagesOf, type Numbered, parametersOf, read, text, type WireRecord } from "./records.ts";
import { bodiesOf, CONNECT, commandOf, newTopic, sendTo, subscribeTo } from "./stomp.ts";
import { Stream, type StreamKind } from "./stream.ts";
import { Carrier } from "./web-socket.ts";

/**
 * The parameters of section 2, by their names on the wire. Where nothing is said, `c` counts by itself, `v` is 1, and
 * the others are absent; `undefined` takes one out.
 */
export interface Parameters {
  v?: number | string;
  c?: number | string;
  r?: number | string;
  t?: number | string;
  o?: number | string;
  p?: string;
  h?: number | string;
  i?: number | string;
  w?: string;
  k?: number | string;
  [other: string]: number | string | undefined;
}

export interface RequestOptions {
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** What a `poll` or a `send` was answered. */
export class Answer {
  readonly records: readonly WireRecord[];
  readonly messages: readonly Numbered[];

  constructor(records: readonly WireRecord[]) {
    this.records = records;
    this.messages = messagesOf(records);
  }

  /** The records' types in order, such as `gastt`. */
  get shape(): string {
    return this.records.map((record) => record.type).join("");
  }
  get greeting(): URLSearchParams {
    return parametersOf(this.#only("g"));
  }
  get acknowledged(): number {
    return this.#only("a").number;
  }
  /** The number in `s`. */
  get start(): number | undefined {
    return this.records.find((record) => record.type === "s")?.number;
  }
  /** The code in `e`. */
  get carrierEnd(): number | undefined {
    return this.records.find((record) => record.type === "e")?.number;
  }
  /** The code in `x`. */
  get sessionEnd(): number | undefined {
    const x = this.records.find((record) => record.type === "x");
    return x && endCodeOf(x);
  }
  get bodies(): string[] {
    return bodiesOf(this.messages.map(({ message }) => message));
  }

  #only(type: string): WireRecord {
    const found = this.records.filter((record) => record.type === type);
    expect(found, `one ${type} in an answer of ${this.shape}`).toHaveLength(1);
    return found[0]!;
  }
}

export const newSession = (): string => randomBytes(16).toString("base64url");

const leaving = new Set<() => void>();

/** Ends what the test left open: held polls and WebSockets. */
export function leaveAll(): void {
  for (const leave of leaving) leave();
  leaving.clear();
}

export class Peer {
  readonly base: string;
  readonly session: string;
  /** The highest carrier number used. */
  count = 0;
  /** How many messages this side has sent, repetitions not counted. */
  sent = 0;
  readonly #left = new AbortController();

  constructor(base: string, session = newSession()) {
    this.base = base;
    this.session = session;
    leaving.add(() => this.#left.abort());
  }

  url(kind: string, parameters: Parameters = {}): string {
    const all = { v: 1, c: this.count + 1, ...parameters };
    if (typeof all.c === "number") this.count = Math.max(this.count, all.c);
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(all)) {
      if (value !== undefined) query.set(key, String(value));
    }
    return `${this.base}/${this.session}/${kind}?${query}`;
  }

  /** A POST to the session, answered with whatever it is. */
  post(kind: string, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Response> {
    return this.#fetch(kind, parameters, { method: "POST", body: options.body ?? "" }, options);
  }

  /** A GET of the session, answered with whatever it is. */
  get(kind: string, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Response> {
    return this.#fetch(kind, parameters, { method: "GET" }, options);
  }

  /**
   * An attach by an answer that stays open, answered with whatever it is. `r=0`, a candidate, and of `html` for a page of
   * the server's own, unless told otherwise.
   */
  attach(kind: StreamKind, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Response> {
    const w = kind === "html" ? { w: new URL(this.base).origin } : {};
    const all = { r: 0, ...w, ...parameters };
    return kind === "stream" ? this.post(kind, all, options) : this.get(kind, all, options);
  }

  #fetch(kind: string, parameters: Parameters, init: RequestInit, options: RequestOptions): Promise<Response> {
    const signal = AbortSignal.any([this.#left.signal, ...(options.signal ? [options.signal] : [])]);
    return handled(fetch(this.url(kind, parameters), { ...init, signal, headers: options.headers ?? {} }));
  }

  /** A poll that takes over, `r=0` unless told otherwise, and its answer, which section 5.1 describes. */
  poll(parameters: Parameters = {}, options: RequestOptions | string = {}): Promise<Answer> {
    return handled(this.#records("poll", { r: 0, t: 1, ...parameters }, options, /^(ga(s[tb]+)?[ex]?|a?x)$/));
  }

  /**
   * A poll of which is known that the server has it: in its body is a message that nobody answers, and that has been
   * accepted. Connections race each other, so that it was sent first says nothing.
   */
  async hold(parameters: Parameters, signal?: AbortSignal): Promise<{ answer: Promise<Answer> }> {
    const answer = this.poll(parameters, { body: this.say(sendTo(newTopic(), "unheard")), ...(signal && { signal }) });
    const arrival = async (): Promise<void> => {
      while ((await this.send("")).acknowledged < this.sent);
    };
    await within(arrival(), "the body of the poll is accepted");
    return { answer };
  }

  /** A `send`, and its answer, which section 5.2 describes. */
  send(body: string, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Answer> {
    return handled(this.#records("send", parameters, { ...options, body }, /^(a?x?)$/));
  }

  async #records(kind: string, parameters: Parameters, options: RequestOptions | string, shape: RegExp) {
    const response = await this.post(kind, parameters, typeof options === "string" ? { body: options } : options);
    const body = await response.text();
    expect(response.status, `status of ${kind}, with the body ${JSON.stringify(body)}`).toBe(200);
    const answer = new Answer(read(body));
    expect(answer.shape, `records in the answer to ${kind}`).toMatch(shape);
    expect(answer.shape, `records in the answer to ${kind}`).not.toBe("");
    return answer;
  }

  /** A WebSocket of the session, `r=0` and a candidate unless told otherwise. */
  socket(parameters: Parameters = {}, headers: Record<string, string> = {}): Promise<Carrier> {
    const carrier = new Carrier(this.url("websocket", { r: 0, ...parameters }).replace(/^http/, "ws"), headers);
    leaving.add(() => carrier.destroy());
    return within(carrier.opened, "the WebSocket opens");
  }

  /** A stream of the session, `r=0` and a candidate unless told otherwise. */
  async stream(kind: StreamKind, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Stream> {
    const c = parameters.c ?? this.count + 1;
    const response = await within(this.attach(kind, { c, ...parameters }, options), `${kind} is answered`);
    expect(response.status, `status of ${kind}`).toBe(200);
    return new Stream(kind, this, Number(c), response);
  }

  /** `s` and the next messages of this side as text, for a body or for a carrier on which nothing was sent before. */
  say(...messages: string[]): string {
    const start = `s${this.sent + 1}:`;
    return start + this.sayOn(...messages);
  }

  /** The same behind an `s`. */
  sayOn(...messages: string[]): string {
    this.sent += messages.length;
    return messages.map(text).join("");
  }

  /**
   * Opens the session by poll and subscribes; by the answers of the server the subscription is in force, and
   * `received` says how many messages were needed to learn that. They are acknowledged.
   */
  async subscribe(destination: string): Promise<number> {
    return this.#converse([CONNECT, subscribeTo(destination)], "RECEIPT");
  }

  /** Opens the session by poll and connects; returns how many messages the server has sent. They are acknowledged. */
  async connect(): Promise<number> {
    return this.#converse([CONNECT], "CONNECTED");
  }

  async #converse(frames: string[], last: "CONNECTED" | "RECEIPT"): Promise<number> {
    let received = 0;
    for (let body = this.say(...frames), open: 1 | undefined = 1; ; body = "", open = undefined) {
      const answer = await within(this.poll({ o: open, r: received }, body), `${last} comes`);
      expect(answer.sessionEnd, "the end of the session").toBeUndefined();
      received = answer.messages.at(-1)?.number ?? received;
      if (answer.messages.some(({ message }) => commandOf(message) === last)) break;
    }
    await this.poll({ r: received, h: 0 });
    return received;
  }

  /** Polls, with what has come acknowledged each time, until as many messages of the broker have come as are wanted. */
  async listen(received: number, wanted: number): Promise<string[]> {
    const bodies: string[] = [];
    while (bodies.length < wanted) {
      const answer = await within(this.poll({ r: received }), `${wanted} messages come; so far ${bodies.length}`);
      expect(answer.sessionEnd, "the end of the session").toBeUndefined();
      bodies.push(...answer.bodies);
      received += answer.messages.length;
    }
    return bodies;
  }

  /** Publishes from an open session by `send`, and waits until the server has accepted it. */
  async publish(destination: string, ...bodies: string[]): Promise<void> {
    const answer = await this.send(this.say(...bodies.map((body) => sendTo(destination, body))));
    expect(answer.acknowledged, "messages accepted").toBe(this.sent);
  }
}

/** The same promise, whose failure is nobody's fault when the test has ended before it. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
