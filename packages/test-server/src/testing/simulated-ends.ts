import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket as ServerWebSocket } from "ws";
import type { Environment } from "../../../client/src/page/environment.ts";
import { type Session as ClientSession, openSession, type SessionEnd } from "../../../client/src/session/session.ts";
import { eventSource } from "../../../client/src/transports/event-source.ts";
import { fetchStream } from "../../../client/src/transports/fetch-stream.ts";
import { webSocket } from "../../../client/src/transports/websocket.ts";
import { xhrPoll } from "../../../client/src/transports/xhr-poll.ts";
import type { Channel } from "../channel.ts";
import { parseAddress } from "../http/address.ts";
import { EnckeEndpoint } from "../http/encke-endpoint.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { Hub } from "../session/hub.ts";
import { Session as ServerSession } from "../session/session.ts";
import { type Payload, parameterRecord, Type } from "../shared.ts";
import { carryByWebSocket } from "../transports/websocket.ts";
import { randomFrom } from "./random-from.ts";
import { browserOn } from "./simulated-browser.ts";
import { type SimulatedListener, SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedSeats } from "./simulated-seats.ts";
import type { SimulatedClock, SimulatedTime } from "./simulated-time.ts";

/** What is wrong with a run. Messages and numbers, so that a shrunk schedule can be read beside it. */
export class Violations {
  readonly list: string[] = [];

  add(what: string): void {
    this.list.push(what);
  }
}

/** One direction: what was sent, and how far it has arrived. Each message is compared as it arrives. */
export class Stream {
  arrived = 0;

  constructor(
    readonly name: string,
    readonly violations: Violations,
    readonly sent: Payload[] = [],
  ) {}

  get isComplete(): boolean {
    return this.arrived === this.sent.length;
  }

  /** It could be the next one. */
  fits(message: Payload): boolean {
    const expected = this.sent[this.arrived];
    return expected !== undefined && isSame(expected, message);
  }

  arrive(message: Payload): void {
    const expected = this.sent[this.arrived++];
    if (expected === undefined) return this.violations.add(`${this.name}: ${describe(message)} came after the last`);
    if (isSame(expected, message)) return;
    this.violations.add(
      `${this.name}: message ${this.arrived} should be ${describe(expected)} and is ${describe(message)}`,
    );
  }
}

function isSame(one: Payload, other: Payload): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return Buffer.compare(one, other) === 0;
}

function describe(message: Payload): string {
  const text = typeof message === "string" ? message : Buffer.from(message).toString("latin1");
  return `${typeof message === "string" ? "text" : "binary"} ${JSON.stringify(text.slice(0, 12))} (${message.length})`;
}

/** A message that says which it is, as far as `size` lets it, and holds what some carrier has to escape. Negative sizes are binary. */
export function messageOf(name: string, size: number): Payload {
  const text = `${name}:€\n\\\r\\r`.padEnd(Math.abs(size), ".").slice(0, Math.abs(size));
  return size < 0 ? new Uint8Array(Buffer.from(text, "latin1")) : text;
}

/** The application's side of one session on the server. */
export class Accepted {
  /** What the client sends, as it arrives here: compared with what the client has sent in all. */
  readonly incoming: Stream;
  readonly outgoing: Stream;
  closedTimes = 0;
  isClosing = false;

  constructor(
    readonly channel: Channel,
    sent: Payload[],
    readonly name: string,
    violations: Violations,
    readonly echoes: boolean,
  ) {
    this.incoming = new Stream(`client to ${name}`, violations, sent);
    this.outgoing = new Stream(`${name} to client`, violations);
  }

  send(size: number): void {
    if (this.isClosing || this.closedTimes > 0) return;
    const message = messageOf(`${this.name}${this.outgoing.sent.length + 1}`, size);
    this.outgoing.sent.push(message);
    this.channel.send(message);
  }

  close(code: number): void {
    if (this.closedTimes > 0) return;
    this.isClosing = true;
    this.channel.close(code, "The application closes.");
  }

  arrive(message: Payload): void {
    if (this.closedTimes > 0) this.incoming.violations.add(`${this.name} got a message after its end`);
    this.incoming.arrive(message);
    if (this.echoes) this.send(8);
  }
}

/** The real hub, endpoint and transports, in a process that can die. */
export class SimulatedServer implements SimulatedListener {
  readonly accepted: Accepted[] = [];
  readonly hub: Hub;
  readonly clock: SimulatedClock;
  readonly #endpoint: EnckeEndpoint;
  #isDead = false;

  constructor(
    readonly time: SimulatedTime,
    readonly name: string,
    clientSent: Payload[],
    readonly violations: Violations,
    settings: { limits: Partial<Limits>; echoes: boolean },
  ) {
    this.clock = time.clock();
    const application = {
      accept: (channel: Channel) => {
        const accepted = new Accepted(
          channel,
          clientSent,
          `${name}${this.accepted.length || ""}`,
          violations,
          settings.echoes,
        );
        this.accepted.push(accepted);
        return {
          onMessage: (message: Payload) => accepted.arrive(message),
          onClose: () => {
            if (++accepted.closedTimes > 1) violations.add(`${accepted.name} was told twice of its end`);
          },
        };
      },
    };
    // After whatever else is due at this moment, as after a turn of the event loop.
    const afterTurn = (run: () => void) => this.#isDead || this.clock.after(0, run);
    this.hub = new Hub(application, { ...defaultLimits, ...settings.limits }, this.clock, afterTurn);
    this.#endpoint = new EnckeEndpoint(this.hub, "/encke", new Set());
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    this.#endpoint.request(request, response).catch((error: Error) => {
      if (error.message !== "The client went away.") this.violations.add(`${error}`);
    });
  }

  /** As `EnckeEndpoint` does behind the upgrade. */
  connect(url: string, socket: ServerWebSocket): void {
    const address = parseAddress(url.slice("/encke".length));
    if ("status" in address) throw new Error(`${url}: ${address.reason}`);
    const session = this.hub.find(address.session, address.mayOpen, undefined, address.protocols);
    if (session instanceof ServerSession) return carryByWebSocket(session, socket, address);
    const { code, reason } = session;
    socket.send(parameterRecord(Type.close, { code, reason }));
    socket.close(code, reason);
  }

  /** The process is gone, with all that it knew. */
  die(): void {
    this.#isDead = true;
    this.time.forget(this.clock);
  }
}

const kinds = { websocket: webSocket, "fetch-stream": fetchStream, "event-source": eventSource, "xhr-poll": xhrPoll };

/** A transport that can be simulated. */
export type SimulatedKind = keyof typeof kinds;

/** The real client session with its real transports, in a page that can go away. */
export class SimulatedClient {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly sent: Payload[] = [];
  readonly session: ClientSession;
  /** The streams, one of each server that it met, of which what it has received may be the beginning. One, unless a server died. */
  incoming: readonly Stream[] = [];
  received = 0;
  wasOpened = false;
  end: SessionEnd | undefined;
  isClosing = false;
  isGone = false;
  readonly carriers: Array<string | null> = [];
  readonly seats: SimulatedSeats;
  readonly #wakes = new Set<(isOnline: boolean) => void>();
  readonly #leaves = new Set<(isKept?: boolean) => void>();

  constructor(
    readonly time: SimulatedTime,
    readonly settings: { seed: number; echoes: string; transports: readonly SimulatedKind[]; hasFetch: boolean },
    readonly violations: Violations,
    /** What servers have sent it so far. */
    readonly streams: () => readonly Stream[],
  ) {
    this.clock = time.clock();
    this.network = new SimulatedNetwork(time);
    this.seats = new SimulatedSeats(time);
    const { WebSocket, XMLHttpRequest, EventSource, fetch, beacon } = browserOn(this.network);
    const random = randomFrom(settings.seed);
    const listen = <T>(set: Set<T>, run: T) => {
      set.add(run);
      return () => set.delete(run);
    };
    const env: Environment = {
      clock: this.clock,
      lifecycle: {
        onWake: (run) => listen(this.#wakes, run),
        onLeave: (run) => listen(this.#leaves, run),
      },
      onBlocked: () => () => {},
      WebSocket,
      XMLHttpRequest,
      EventSource,
      fetch: settings.hasFetch ? fetch : undefined,
      document: undefined,
      seatAt: this.seats.seatAt,
      recall: () => null,
      remember: () => {},
      baseUrl: undefined,
      random,
      randomOctets: (count) => Uint8Array.from({ length: count }, () => random() * 256),
      beacon,
      reportError: (error) => violations.add(`reported: ${error}`),
    };
    this.session = openSession(
      { base: "http://server/encke", kinds: settings.transports.map((name) => kinds[name]), protocols: [] },
      {
        onOpen: () => {
          if (this.wasOpened) violations.add("the client was told twice that it is open");
          this.wasOpened = true;
        },
        onMessage: (message) => this.#arrive(message),
        onCarrier: (name) => this.carriers.push(name),
        onClose: (end) => {
          if (this.end) violations.add("the client was told twice of its end");
          this.end = end;
        },
      },
      env,
    );
  }

  send(size: number): void {
    if (this.isClosing || this.end || this.isGone) return;
    const message = messageOf(`c${this.sent.length + 1}`, size);
    this.sent.push(message);
    this.session.send(message);
  }

  close(code: number, reason: string): void {
    this.isClosing = true;
    this.session.close(code, reason);
  }

  /** What it listens to that is not its own. */
  get listeners(): number {
    return this.#wakes.size + this.#leaves.size;
  }

  wake(isOnline: boolean): void {
    if (!this.isGone) for (const run of [...this.#wakes]) run(isOnline);
  }

  /** The page is put aside, and may come back by a wake. */
  rest(): void {
    for (const run of [...this.#leaves]) run(true);
  }

  /** The page goes away: a last word, and nothing of it runs any longer. */
  leave(): void {
    for (const run of [...this.#leaves]) run();
    this.isGone = true;
    this.time.forget(this.clock);
    this.network.leave();
  }

  #arrive(message: Payload): void {
    if (!this.wasOpened || this.end)
      this.violations.add("the client got a message before its opening or after its end");
    if (this.received++ === 0) this.incoming = this.streams();
    const fitting = this.incoming.filter((stream) => stream.fits(message));
    for (const stream of fitting) stream.arrived++;
    if (fitting.length > 0) this.incoming = fitting;
    else if (this.incoming[0]) this.incoming[0].arrive(message);
    else this.violations.add(`${describe(message)} came from no server`);
    if (this.settings.echoes === "client") this.send(8);
  }
}
