import { reattachDelay } from "../negotiation/policy.ts";
import type { Environment } from "../page/environment.ts";
import type { Transport, TransportKind } from "../transports/transport.ts";
import { Feed } from "./feed.ts";
import type { ReplayBuffer } from "./replay-buffer.ts";

/** What the uplink needs of the session that it sends for. */
export interface UplinkOwner {
  /** The URL of the next `send`, with a fresh number. */
  nextUrl(): string;
  /** Records that ride in front: pongs, and an acknowledgement if messages follow or it is due. "" if none. */
  prefix(hasMessages: boolean): string;
  /** Records that go behind the last message: the end of the session. "" if none. */
  suffix(): string;
  /** Takes the answer. False if it was not one of encke's. */
  onAnswer(records: string): boolean;
  /** So many `send`s in a row have failed that the network is to be taken for gone. */
  onDead(): void;
}

/** A POST body holds about so much at the most: what was lost is soon sent again. Octets. */
const bodySize = 256 * 1024;
/** A `send` is answered at once; a network that takes longer than this, in milliseconds, has lost it. */
const answerDeadline = 20_000;
const failuresUntilDead = 3;

/**
 * Upstream beside a receive-only carrier: one POST at a time, which takes all that has queued meanwhile. It may go astray or arrive twice; the
 * messages' numbers make either harmless.
 */
export class Uplink {
  readonly #feed: Feed;
  #request: Transport | undefined;
  #cancelTimer: (() => void) | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(
    readonly buffer: ReplayBuffer,
    readonly sender: Pick<TransportKind, "open">,
    readonly env: Environment,
    readonly owner: UplinkOwner,
  ) {
    this.#feed = new Feed(buffer, false);
  }

  /** The body of a poll that is about to leave: what waits, unless a `send` is under way that it could overtake. */
  takeBody(): string {
    return this.#request || this.#cancelTimer ? "" : this.#body();
  }

  /** Sends what waits, unless a `send` is under way; the next one takes it then. */
  flush(): void {
    if (this.#isStopped || this.#request || this.#cancelTimer) return;
    const body = this.#body();
    if (body) this.#post(body);
  }

  /** Forgets what is under way: another carrier sends from here on. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#request?.close(1000, "moved");
  }

  #body(): string {
    this.#feed.restart();
    const messages = (this.#feed.take(bodySize) as string | undefined) ?? "";
    return this.owner.prefix(!!messages) + messages + (this.#feed.isPending ? "" : this.owner.suffix());
  }

  #post(body: string): void {
    let isAnswered = false;
    const { clock } = this.env;
    const request = this.sender.open(
      this.owner.nextUrl(),
      body,
      {
        onOpen() {},
        onMessage: (records) => {
          isAnswered = !this.#isStopped && this.owner.onAnswer(records as string);
        },
        onClose: () => this.#finish(isAnswered),
      },
      this.env,
    );
    this.#request = request;
    this.#cancelTimer = clock.after(answerDeadline, () => request.close(1000, "no answer in time"));
  }

  #finish(isAnswered: boolean): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#request = undefined;
    if (this.#isStopped) return;
    // What left and was not acknowledged was held up or lost.
    if (this.#feed.next > this.buffer.acknowledged + 1) this.#feed.rewind();
    if (isAnswered) {
      this.#failures = 0;
      return this.flush();
    }
    this.#failures++;
    if (this.#failures >= failuresUntilDead) return this.owner.onDead();
    this.#cancelTimer = this.env.clock.after(reattachDelay(this.#failures, this.env.random()), () => {
      this.#cancelTimer = undefined;
      this.flush();
    });
  }
}
