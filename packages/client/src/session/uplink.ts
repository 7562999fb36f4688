import { attachDelay } from "../negotiation/policy.ts";
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

export interface Uplink {
  /** The body of a poll that is about to leave: what waits, unless a `send` is under way that it could overtake. */
  takeBody(): string;
  /** Sends what waits, unless a `send` is under way; the next one takes it then. */
  flush(): void;
  /** Forgets what is under way: another carrier sends from here on. */
  stop(): void;
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
export function openUplink(
  buffer: ReplayBuffer,
  sender: Pick<TransportKind, "open">,
  env: Environment,
  owner: UplinkOwner,
): Uplink {
  const feed = new Feed(buffer, false);
  let request: Transport | undefined;
  /** Of the deadline of what is under way, or of the wait after it failed. */
  let cancelTimer: (() => void) | undefined;
  let failures = 0;
  let isStopped = false;

  const takeBody = () => {
    // A request is under way, or has just failed.
    if (cancelTimer) return "";
    const suffix = owner.suffix();
    // The end must not overtake what is still on its way.
    if (suffix) feed.rewind();
    else feed.restart();
    const messages = feed.take(bodySize) as string;
    return owner.prefix(!!messages) + messages + (feed.isPending ? "" : suffix);
  };
  const flush = () => {
    const body = takeBody();
    if (isStopped || !body) return;
    let isAnswered = false;
    request = sender.open(
      owner.nextUrl(),
      body,
      {
        onMessage(records) {
          isAnswered = !isStopped && owner.onAnswer(records as string);
        },
        onClose: () => finish(isAnswered),
      },
      env,
    );
    cancelTimer = env.clock.after(answerDeadline, () => request!.close());
  };
  const finish = (isAnswered: boolean) => {
    cancelTimer?.();
    cancelTimer = request = undefined;
    if (isStopped) return;
    // What left and was not acknowledged was held up or lost.
    if (feed.next > buffer.acknowledged + 1) feed.rewind();
    failures = isAnswered ? 0 : failures + 1;
    if (isAnswered) flush();
    else if (failures === failuresUntilDead) owner.onDead();
    else {
      cancelTimer = env.clock.after(attachDelay(failures, env.random()), () => {
        cancelTimer = undefined;
        flush();
      });
    }
  };
  return {
    takeBody,
    flush,
    stop() {
      isStopped = true;
      cancelTimer?.();
      request?.close();
    },
  };
}
