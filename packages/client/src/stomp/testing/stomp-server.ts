import type { EnckeError } from "../../errors.ts";
import { ManualPage } from "../../page/testing/manual-page.ts";
import type { Client } from "../client.ts";
import { createClient } from "../create-client.ts";
import { FrameDecoder } from "../decode.ts";
import { encodeFrame } from "../encode.ts";
import type { Frame, Headers, StompVersion } from "../frame.ts";
import type { TextOrOctets } from "../octets.ts";
import type { StompOptions } from "../options.ts";
import type { SocketEnd, StompSocket } from "../socket-like.ts";

/** A socket with nothing behind it: a test says what comes, and sees what was sent. */
export class TestSocket implements StompSocket {
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: SocketEnd) => void) | null = null;
  onerror: (() => void) | null = null;
  ontransport: (() => void) | null = null;
  /** Everything that was sent, heart-beats included. */
  readonly sent: TextOrOctets[] = [];
  /** Of these commands `send` throws. */
  readonly refused = new Set<string>();
  #frames: Frame[] = [];
  readonly #decoder = new FrameDecoder(({ command, headers, body }) =>
    this.#frames.push({ command, headers: { ...headers }, body }),
  );

  send(data: TextOrOctets): void {
    if (this.readyState > 1) throw new Error("sent when closed");
    if (typeof data === "string" && this.refused.has(data.slice(0, data.indexOf("\n")))) throw new Error("refused");
    this.sent.push(data);
    this.#decoder.feed(data);
  }

  close(): void {
    if (this.readyState < 2) this.readyState = 2;
  }

  /** The frames that were sent since the last call. */
  frames(): Frame[] {
    return this.#frames.splice(0);
  }

  /** Their commands, with the destination, id or body that tells them apart. */
  heard(): string[] {
    return this.frames().map(({ command, headers, body }) =>
      [command, headers.destination ?? headers.id, typeof body === "string" ? body : `${body.length} octets`]
        .filter(Boolean)
        .join(" "),
    );
  }

  /** Reads and writes by this version from here on. */
  set version(version: StompVersion) {
    this.#decoder.version = version;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(command: string, headers: Headers = {}, body: TextOrOctets = ""): void {
    this.sayRaw(encodeFrame(command, headers, body, this.#decoder.version));
  }

  sayRaw(data: TextOrOctets): void {
    this.onmessage?.({ data: typeof data === "string" ? data : (data.slice().buffer as ArrayBuffer) });
  }

  connected(headers: Headers = { version: "1.2" }): void {
    this.say("CONNECTED", headers);
    this.version = (headers.version as StompVersion | undefined) ?? "1.0";
  }

  end(end: SocketEnd = { code: 1006, reason: "" }): void {
    this.readyState = 3;
    this.onclose?.(end);
  }
}

/** A socket over a session: it takes messages before it is open. */
export class TestSession extends TestSocket {
  readonly isSession = true;
  transport: string | null = null;

  /** Another transport carries from now on. */
  carry(transport: string | null): void {
    this.transport = transport;
    this.ontransport?.();
  }

  override open(): void {
    this.transport = "xhr-poll";
    super.open();
    this.ontransport?.();
  }

  override end(end?: SocketEnd): void {
    this.transport = null;
    super.end(end);
  }
}

/** A client, the sockets that it opened, and what it told the page. */
export class Stage<S extends TestSocket> {
  readonly sockets: S[] = [];
  readonly client: Client;
  /** Events as they came: their type and what tells them apart. */
  readonly events: string[] = [];
  readonly errors: EnckeError[] = [];

  constructor(
    open: (number: number) => S,
    options?: StompOptions,
    readonly page = new ManualPage(),
  ) {
    this.client = createClient(
      () => {
        const socket = open(this.sockets.length);
        this.sockets.push(socket);
        return socket;
      },
      options ?? {},
      this.page,
    );
    this.client.on("state", (state) => this.events.push(`state ${state}`));
    this.client.on("transport", (transport) => this.events.push(`transport ${transport}`));
    this.client.on("continuity", ({ subscription, continuity }) =>
      this.events.push(`${continuity} ${subscription.destination}`),
    );
    this.client.on("error", (error) => this.errors.push(error));
  }

  /** The socket in use. */
  get socket(): S {
    return this.sockets.at(-1)!;
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await null;
  }

  /** Waits out the longest retry. */
  retry(): S {
    this.page.clock.advance(30_000);
    return this.socket;
  }
}

export const overSession = (options?: StompOptions) => new Stage(() => new TestSession(), options);
export const overSocket = (options?: StompOptions) => new Stage(() => new TestSocket(), options);

/** What became of a publish with receipt. */
export const outcomeOf = (receipt: Promise<unknown>): Promise<unknown> =>
  receipt.catch(({ code, outcome }) => [code, outcome]);
