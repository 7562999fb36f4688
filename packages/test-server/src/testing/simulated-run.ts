import type { Limits } from "../limits.ts";
import { type Accepted, SimulatedClient, type SimulatedKind, SimulatedServer, Violations } from "./simulated-ends.ts";
import type { RequestFate, SocketFate, StandingFates, Tells, Weather } from "./simulated-fates.ts";
import { SimulatedTime } from "./simulated-time.ts";

/** Something that happens `wait` milliseconds after what was before it. Sizes are octets; negative ones make binary messages. */
export type Happening = { readonly wait: number } & (
  | { readonly what: "client sends"; readonly sizes: readonly number[] }
  | { readonly what: "server sends"; readonly sizes: readonly number[] }
  | { readonly what: "delays become"; readonly up: number; readonly down: number }
  | { readonly what: "weather"; readonly weather: Weather; readonly for: number }
  | { readonly what: "all is cut"; readonly part: number; readonly tells: Tells }
  | { readonly what: "page wakes"; readonly isOnline: boolean }
  | { readonly what: "page rests"; readonly for: number }
  | { readonly what: "other tabs"; readonly leave: boolean }
  | { readonly what: "server restarts"; readonly down: number }
);

export interface Schedule {
  /** For all that is random in the client. */
  readonly seed: number;
  /** What becomes of polls and sends, one after the other; of streams and event streams; of WebSockets. */
  readonly requests: readonly RequestFate[];
  readonly streams: readonly RequestFate[];
  readonly sockets: readonly SocketFate[];
  /** What no network lets pass, calm or not. */
  readonly always?: StandingFates;
  readonly happenings: readonly Happening[];
  /** Who answers each message with one, within the same turn. */
  readonly echoes: "nobody" | "client" | "server";
  /** Best first. */
  readonly transports: readonly SimulatedKind[];
  /** Streams are read by `fetch`, and otherwise by `XMLHttpRequest`. */
  readonly hasFetch: boolean;
}

/** A run that needs more events than this goes round in circles. */
const maxSteps = 60_000;

/** Both real ends and a network that does what a schedule says. */
export class SimulatedRun {
  readonly time = new SimulatedTime();
  readonly violations = new Violations();
  readonly client: SimulatedClient;
  readonly servers: SimulatedServer[] = [];

  constructor(
    readonly schedule: Schedule,
    readonly limits: Partial<Limits> = {},
  ) {
    this.client = new SimulatedClient(this.time, schedule, this.violations, () =>
      this.accepted.map(({ outgoing }) => outgoing),
    );
    const { network } = this.client;
    network.always = schedule.always ?? {};
    network.requestFates = [...schedule.requests];
    network.streamFates = [...schedule.streams];
    network.socketFates = [...schedule.sockets];
    this.#serve();
  }

  get server(): SimulatedServer {
    return this.servers.at(-1)!;
  }

  get accepted(): Accepted[] {
    return this.servers.flatMap(({ accepted }) => accepted);
  }

  /** The application's side of the session, once the server knows it. */
  get application(): Accepted | undefined {
    return this.server.accepted.at(-1);
  }

  get isOverForBoth(): boolean {
    const { client, application } = this;
    return (client.end !== undefined || client.isGone) && (!application || application.closedTimes > 0);
  }

  /** What is missing of what was sent, in messages, and what each side still holds, in octets. */
  summary() {
    const { client, application, violations } = this;
    return {
      violations: violations.list,
      isOpen: client.wasOpened && !client.end,
      clientOwes: client.sent.length - (application?.incoming.arrived ?? 0),
      serverOwes: application ? application.outgoing.sent.length - application.outgoing.arrived : 0,
      bufferedByClient: client.session.bufferedOctets,
      bufferedByServer: application?.channel.bufferedAmount ?? 0,
    };
  }

  /** All that was sent has arrived, and each side knows that it has. */
  get isSettled(): boolean {
    const { client, application } = this;
    if (client.end) return true;
    return (
      client.sent.length === (application?.incoming.arrived ?? 0) &&
      client.session.bufferedOctets === 0 &&
      (!application || (application.outgoing.isComplete && application.channel.bufferedAmount === 0))
    );
  }

  get isBroken(): boolean {
    return this.violations.list.length > 0 || this.time.steps > maxSteps;
  }

  /** Lets everything happen that is scheduled. */
  async play(): Promise<void> {
    for (const happening of this.schedule.happenings) {
      await this.pass(happening.wait);
      this.#happen(happening);
    }
  }

  /** From here on the network is a good one, and no other tab wants it. */
  calm(): void {
    this.client.network.calm();
    this.client.seats.isFree = true;
  }

  end(how: "client closes" | "server closes" | "page leaves"): void {
    if (how === "client closes") this.client.close(3001, "bye");
    else if (how === "page leaves") this.client.leave();
    // What no server has heard of its application cannot close.
    else if (this.application) this.application.close(4100);
    else this.client.close(3001, "bye");
  }

  async pass(ms: number, isEnough: () => boolean = () => false): Promise<void> {
    await this.time.pass(ms, () => {
      this.#count();
      return this.isBroken || isEnough();
    });
    if (this.time.steps > maxSteps) this.violations.add("it goes round in circles");
  }

  /**
   * Between two turns the client has one carrier and one candidate open at the most, one request that sends, and few that say a word; and none that is held when
   * other tabs want the connection, if it can do without.
   */
  #count(): void {
    const { client, schedule } = this;
    const { held, carrier, send, word } = client.network.open;
    const mayHold = !client.seats.isDenied || !schedule.transports.includes("xhr-poll");
    if (held + carrier <= 2 && send <= 1 && word <= 6 && (mayHold || held === 0)) return;
    this.violations.add(`${held} held, ${carrier} carriers, ${send} sends and ${word} words are open at a time`);
  }

  #happen(happening: Happening): void {
    const { client } = this;
    const { network } = client;
    switch (happening.what) {
      case "client sends":
        for (const size of happening.sizes) client.send(size);
        return;
      case "server sends":
        for (const size of happening.sizes) this.application?.send(size);
        return;
      case "delays become":
        network.up = happening.up;
        network.down = happening.down;
        return;
      case "weather":
        network.weather = happening.weather;
        network.after(happening.for, () => {
          if (network.weather === happening.weather) network.weather = "passes";
        });
        return;
      case "all is cut":
        return network.cutAll(happening.part, happening.tells);
      case "page wakes":
        return client.wake(happening.isOnline);
      case "page rests":
        client.rest();
        network.after(happening.for, () => client.wake(false));
        return;
      case "other tabs":
        client.seats.isFree = happening.leave;
        if (!happening.leave) client.seats.deny();
        return;
      case "server restarts":
        // It is down already.
        if (!network.listener) return;
        this.server.die();
        network.listener = undefined;
        network.streams.clear();
        network.cutAll(0, "client");
        network.after(happening.down, () => this.#serve());
        return;
      default:
        return happening satisfies never;
    }
  }

  #serve(): void {
    const name = String.fromCharCode("A".charCodeAt(0) + this.servers.length);
    const { limits, schedule, client } = this;
    this.servers.push(
      new SimulatedServer(this.time, name, client.sent, this.violations, {
        limits,
        echoes: schedule.echoes === "server",
      }),
    );
    client.network.listener = this.server;
  }
}
