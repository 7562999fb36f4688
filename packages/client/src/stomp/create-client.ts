import mitt from "mitt";
import { EnckeError } from "../errors.ts";
import type { StompEnvironment } from "../page/environment.ts";
import type { Body, Client, ClientEvents, ClientState } from "./client.ts";
import { FrameDecoder } from "./decode.ts";
import { encodeFrame } from "./encode.ts";
import type { Frame, Headers, StompVersion } from "./frame.ts";
import { agree, type HeartBeat } from "./heart-beat.ts";
import { type Message, messageOf } from "./message.ts";
import { join } from "./octets.ts";
import { ask, resolveStompOptions, type StompOptions } from "./options.ts";
import type { SocketEnd, StompSocket } from "./socket-like.ts";
import type { Continuity, Subscribed } from "./subscription.ts";

/** First wait before a new STOMP connection, and the longest, in milliseconds; the wait itself is any time below (full jitter). */
const firstRetry = 250;
const longestRetry = 30_000;
/** A connection that lived so long, in milliseconds, was no failure, whatever ended it. */
const lasting = 5_000;
/** How long `close` waits for the broker's word on what was sent before, in milliseconds. */
const farewell = 2_000;
/** PROTOCOL.md section 9: the server does not serve this version, now or later; it had the session, and forgot it. */
const versionCode = 4001;
const goneCode = 4002;

/** A frame on its way out. */
interface Outgoing extends Frame {
  /** Called if RECEIPT was asked for: it has come, or what is known instead. */
  readonly settle?: Settle | undefined;
  /** What precedes it, in the same message: all of it or nothing arrives. */
  readonly parts?: readonly Frame[];
  /** Until when it may wait in the outbox, and then its RECEIPT is awaited. */
  due?: number;
  /** Of a publish that does not leave at once: octets of body, in text UTF-16 code units. */
  size?: number;
  /** Now or not at all. */
  isOnce?: boolean;
}

type Settle = (error?: EnckeError) => void;

/** @param headers those that are undefined are not written */
const frameOf = (command: string, headers: object, body: Frame["body"] = "", settle?: Settle): Outgoing => ({
  command,
  headers: headers as Headers,
  body,
  settle,
});

const framesOf = (frame: Outgoing): readonly Frame[] => (frame.parts ? [...frame.parts, frame] : [frame]);

/**
 * A client whose frames go, in order, from the outbox over a socket: CONNECT and the subscriptions first on each new one. Where a frame is says what is known of it:
 * in the outbox, nobody has seen it; handed to a socket that is not open yet, nobody has if that is refused, and somebody may if its first request was only not answered; after that, only its RECEIPT tells.
 *
 * @param openSocket called for each new STOMP connection
 * @throws {EnckeError} `BAD_OPTION`
 */
export function createClient(openSocket: () => StompSocket, options: StompOptions, env: StompEnvironment): Client {
  const settings = resolveStompOptions(options);
  const { maxOutboxAge } = settings;
  const receiptAge = settings.receiptTimeout || Infinity;
  const { all, on, off, emit } = mitt<ClientEvents>();
  const subscriptions = new Map<string | undefined, Subscribed>();
  let outbox: Outgoing[] = [];
  /** Publishes in both, and their octets; undefined: to be counted. */
  let load: readonly [count: number, octets: number] | undefined;
  let handed: Outgoing[] = [];
  /** What was sent and awaits RECEIPT, by its id. */
  const receipts = new Map<string | undefined, Outgoing>();

  /** The last one, to be reported on. */
  let opened: StompSocket | undefined;
  /** What is sent while a transaction is put together belongs to it. */
  let collecting: Outgoing[] | undefined;

  /** Undefined between two connections. */
  let socket: StompSocket | undefined;
  /** It is a session whose first request has not left. */
  let isFresh = false;
  let decoder: FrameDecoder;
  /** As offered, and once CONNECTED has come as agreed. */
  let heartBeat: HeartBeat;
  let heardAt: number;
  /** The same, on the connection before. */
  let since: number;
  /** When a heart-beat may go out early, if anything comes. */
  let beatAt: number;

  let state: ClientState = "connecting";
  let transport: string | null = null;
  let connected: Promise<void>;
  let settleConnected: [resolve: () => void, reject: (error: EnckeError) => void];
  let closing: Promise<void> | undefined;
  let isLeaving = false;
  let ids = 0;
  /** Connections in a row that did not last. */
  let failures = 0;
  /** When CONNECTED came last. */
  let connectedAt = 0;
  /** One timer at a time: for the next attempt, for heart-beats, for the farewell. */
  let cancelTimer: (() => void) | undefined;
  /** And one for what waits too long, and when that is. */
  let cancelExpiry: (() => void) | undefined;
  let expiresAt = Infinity;

  // Telling the page

  const guard = <T>(handler: (event: T) => void, event: T) => {
    try {
      handler(event);
    } catch (error) {
      env.reportError(error);
    }
  };

  /** An error that nobody listens for is shown rather than lost. */
  const fail = (error: EnckeError) => {
    if (all.get("error")?.length) emit("error", error);
    else env.reportError(error);
  };

  const enter = (next: ClientState) => {
    state = next;
    emit("state", next);
  };

  const expectConnected = () => {
    connected = new Promise((...settle) => {
      settleConnected = settle;
    });
    // Whoever does not ask need not hear.
    connected.catch(() => {});
  };

  const giveUp = (code: "NOT_SENT" | "UNKNOWN_OUTCOME", frames: Iterable<Outgoing>) => {
    for (const { settle } of frames) settle?.(new EnckeError(code));
  };

  const closed = () => new EnckeError("CLOSED");

  const later = (ms: number, run: () => void) => {
    cancelTimer?.();
    cancelTimer = env.clock.after(ms, run);
  };

  // Sending

  /** Gives the frame to the socket. @returns whether that takes it now @throws what the codec or the socket throws; nothing was sent then. */
  const write = (frame: Outgoing) => {
    const frames = framesOf(frame);
    if (
      !socket ||
      // While nothing carries an open session, frames are better kept: it may turn out to be gone. One that is not open yet takes what its first request can take along.
      (socket.readyState === 1 ? socket.transport === null && !isLeaving : !isFresh) ||
      // Behind CONNECT, a session takes what all versions write alike; all else waits for CONNECTED, which tells the version.
      (state !== "connected" &&
        frame.command !== "CONNECT" &&
        (!socket.isSession || frames.some(({ headers }) => /[\\\n:\r]/.test(Object.entries(headers).join("")))))
    ) {
      return;
    }
    const written = frames.map(({ command, headers, body }) => encodeFrame(command, headers, body, decoder.version));
    // A session takes all of it or nothing. Over a plain WebSocket some brokers read one frame a message, and forget what was begun when the connection ends.
    if (frame.parts && socket.isSession) socket.send(join(written));
    else for (const message of written) socket.send(message);
    handed.push(frame);
    confirm();
    for (const frame of frames) emit("frame", { direction: "out", frame });
    return true;
  };

  const confirm = () => {
    if (!socket?.readyState) return;
    load = undefined;
    for (const frame of handed.splice(0)) {
      if (!frame.settle) continue;
      frame.due = env.clock.now() + receiptAge;
      receipts.set(frame.headers.receipt, frame);
      if (frame.due < expiresAt) expire();
    }
  };

  /** Gives up what has waited for too long, in the outbox or for its RECEIPT, and comes back for the next. */
  const expire = () => {
    cancelExpiry?.();
    const now = env.clock.now();
    // What has not left yet, or nothing carries, has its time before it.
    if (socket?.isSession ? socket.transport === null : socket?.bufferedAmount)
      for (const frame of receipts.values()) frame.due = now + receiptAge;
    const isOver = ({ due = Infinity }: Outgoing) => due <= now;
    const stale = outbox.filter(isOver);
    const unconfirmed = [...receipts.values()].filter(isOver);
    outbox = outbox.filter((frame) => !isOver(frame));
    load = undefined;
    for (const { headers } of unconfirmed) receipts.delete(headers.receipt);
    expiresAt = Infinity;
    for (const { due = Infinity } of [...outbox, ...receipts.values()]) expiresAt = Math.min(expiresAt, due);
    // Timers of browsers know no longer time.
    cancelExpiry = expiresAt < Infinity ? env.clock.after(Math.min(expiresAt - now, 2 ** 31 - 1), expire) : undefined;
    giveUp("UNKNOWN_OUTCOME", unconfirmed);
    for (const { settle } of stale) (settle ?? fail)(new EnckeError("NOT_SENT"));
  };

  const send = (frame: Outgoing) => {
    const { headers } = frame;
    if (closing) throw closed();
    if ("destination" in headers && !headers.destination) throw new EnckeError("BAD_OPTION", "A destination is empty");
    if (collecting) {
      collecting.push(frame);
      return;
    }
    const isNext = !outbox.length;
    // Most frames find an open connection and nothing before them.
    if (isNext && !handed.length && write(frame)) return;
    if (/SEND|COMMIT/.test(frame.command)) {
      frame.due = env.clock.now() + maxOutboxAge;
      frame.size = framesOf(frame).reduce((sum, { body }) => sum + body.length, 0);
      load ??= [...handed, ...outbox].reduce(
        ([count, size], frame) => [count + +("size" in frame), size + (frame.size ?? 0)],
        [0, 0],
      );
      const [count, size] = [load[0] + 1, load[1] + frame.size];
      if (count > settings.maxOutboxCount || size > settings.maxOutboxSize) throw new EnckeError("OUTBOX_FULL");
      load = [count, size];
    }
    if (isNext && write(frame)) return;
    if (frame.isOnce) {
      load = undefined;
      return giveUp("NOT_SENT", [frame]);
    }
    outbox.push(frame);
    if (frame.due! < expiresAt) expire();
  };

  /** What is written and what is told may be other than before. */
  const changed = () => {
    const now = socket?.transport ?? null;
    if (now !== transport) {
      if (!transport && state === "connected")
        for (const { subscription } of subscriptions.values()) subscription.continuity = "resumed";
      transport = now;
      emit("transport", now);
    }
    confirm();
    expire();
    for (; outbox.length; outbox.shift()) {
      const frame = outbox[0]!;
      try {
        if (!write(frame)) break;
      } catch (cause) {
        (frame.settle ?? fail)(new EnckeError("NOT_SENT", (cause as Error).message, cause));
      }
    }
  };

  // One connection

  const open = async () => {
    cancelTimer?.();
    cancelTimer = undefined;
    try {
      let asked = [settings.headers, settings.login, settings.passcode, settings.host].map(ask);
      // What is known can leave with the first request.
      if (asked.some((value) => (value as Partial<Promise<unknown>> | undefined)?.then))
        asked = await Promise.all(asked);
      const [more, login, passcode, host = "/"] = asked;
      if (closing) return;
      const next = openSocket();
      opened = next;
      isFresh = !!next.isSession;
      queueMicrotask(() => {
        isFresh = false;
      });
      // A session watches itself.
      beatAt = Infinity;
      heartBeat = next.isSession ? [0, 0] : [settings.heartbeatOutgoing, settings.heartbeatIncoming];
      const kept = [...handed, ...outbox];
      // What was acknowledged on a connection cannot be on another, nor what had to happen together with it.
      const isGood = (frame: Outgoing) =>
        !frame.isOnce && framesOf(frame).every(({ command }) => /^(SEND|BEGIN|COMMIT)$/.test(command));
      outbox = [
        frameOf("CONNECT", {
          "accept-version": "1.0,1.1,1.2",
          "heart-beat": `${heartBeat}`,
          login,
          passcode,
          host,
          ...(more as Headers),
        }),
        ...[...subscriptions.values()].map(({ frame }) => frame),
        ...kept.filter(isGood),
      ];
      giveUp(
        "NOT_SENT",
        kept.filter((frame) => !isGood(frame)),
      );
      handed = [];
      socket = next;
      decoder = new FrameDecoder((frame) => next === socket && received(frame));
      next.binaryType = "arraybuffer";
      next.onopen = next.ontransport = changed;
      const read = (data: string | Uint8Array) => {
        if (next !== socket) return;
        heardAt = env.clock.now();
        // What comes wakes a hidden tab, whose timers the browser holds back to one a minute.
        if (heardAt >= beatAt && !closing) beat();
        try {
          decoder.feed(data);
        } catch (error) {
          lost(undefined, error as EnckeError);
        }
      };
      // An event for each message costs more than all the rest of its way.
      if (next.isSession) next.receive = read;
      next.onmessage = ({ data }) => read(typeof data === "string" ? data : new Uint8Array(data));
      next.onclose = (end) => next === socket && lost(end);
      changed();
    } catch (error) {
      retry(new EnckeError("CONNECTION_LOST", (error as Error).message, error));
    }
  };

  const received = (frame: Frame) => {
    const { command, headers } = frame;
    const receipt = headers["receipt-id"];
    const settle = receipts.get(receipt)?.settle;
    receipts.delete(receipt);
    emit("frame", { direction: "in", frame });
    if (command === "MESSAGE") {
      const { ack: id, subscription, "message-id": messageId } = headers;
      const subscribed = subscriptions.get(subscription);
      if (!subscribed) return;
      const origin = socket;
      const answer = (command: string, more?: Headers) => {
        const isAwaited = origin === socket && /^client/.test(subscribed.frame.headers.ack!);
        // STOMP 1.0 has no NACK: its server would end the connection.
        if (!isAwaited || command + decoder.version === "NACK1.0") throw new EnckeError("NOT_ACKNOWLEDGEABLE");
        // As 1.2 names it, and as the versions before do.
        send(frameOf(command, { ...more, id, subscription, "message-id": messageId }));
      };
      guard(subscribed.handler, messageOf(frame, answer));
    } else if (command === "RECEIPT") {
      settle?.();
    } else if (command === "ERROR") {
      const text = headers.message ?? command;
      const error = new EnckeError("SERVER_ERROR", text, frame);
      settle?.(new EnckeError("NOT_SENT", text, error));
      fail(error);
    } else if (command === "CONNECTED") {
      connectedAt = env.clock.now();
      // A server of version 1.0 does not say so.
      decoder.version = (headers.version as StompVersion | undefined) ?? "1.0";
      heartBeat = agree(heartBeat, headers["heart-beat"]);
      if (!closing) pace();
      if (state === "reconnecting") {
        // Messages may have been published that nobody kept for this client.
        for (const { subscription } of subscriptions.values()) {
          subscription.continuity = "gap";
          emit("continuity", { subscription, continuity: "gap", since });
        }
      }
      enter("connected");
      settleConnected[0]();
      changed();
    }
  };

  const pace = () => {
    const interval = heartBeat[0] || heartBeat[1];
    if (!interval) return;
    beatAt = env.clock.now() + interval / 2;
    later(interval, beat);
  };

  const beat = () => {
    const [outgoing, incoming] = heartBeat;
    pace();
    if (outgoing) socket!.send("\n");
    if (incoming && env.clock.now() - heardAt >= 2 * incoming) lost();
  };

  // Its end

  const lost = ({ code, reason, retryAfter }: SocketEnd = {}, error?: EnckeError) => {
    const last = socket!;
    const octets = last.bufferedAmount;
    socket = undefined;
    last.close();
    giveUp("UNKNOWN_OUTCOME", receipts.values());
    receipts.clear();
    changed();
    if (closing) return;
    // The server knew the session, and so may have what that was opened with.
    if (code === goneCode) giveUp("UNKNOWN_OUTCOME", handed.splice(0));
    // Nobody has seen what any other socket holds that never opened.
    if (octets && !handed.length)
      fail(new EnckeError("UNKNOWN_OUTCOME", `The connection ended with ${octets} octets on their way`));
    if (code === versionCode) {
      fail(new EnckeError("SESSION_ENDED", reason!));
      close();
    } else retry(error, retryAfter);
  };

  const retry = (error?: EnckeError, retryAfter = 0) => {
    if (closing) return;
    if (error) fail(error);
    if (state === "connected") {
      if (env.clock.now() - connectedAt >= lasting) failures = 0;
      expectConnected();
      since = heardAt;
      enter("reconnecting");
    }
    later(retryAfter + env.random() * Math.min(longestRetry, firstRetry * 2 ** failures++), open);
  };

  const close = () => {
    closing ??= (async () => {
      await null;
      if (socket) {
        await new Promise<unknown>((resolve) => {
          later(farewell, () => resolve(0));
          outbox.push(frameOf("DISCONNECT", { receipt: "bye" }, "", resolve));
          changed();
        });
      }
      enter("closed");
      offWake();
      offLeave();
      cancelTimer?.();
      if (socket) lost();
      cancelExpiry?.();
      // The session goes on trying for a moment.
      giveUp("UNKNOWN_OUTCOME", handed);
      giveUp("NOT_SENT", outbox);
      settleConnected[1](closed());
    })();
    return closing;
  };

  const publish = (destination: string, body: Body = "", headers: object = {}, settle?: Settle, retry?: boolean) => {
    const isRaw = typeof body === "string" || body instanceof Uint8Array;
    send({
      ...frameOf(
        "SEND",
        { destination, ...(!isRaw && { "content-type": "application/json" }), ...headers },
        isRaw ? body : JSON.stringify(body),
        settle,
      ),
      isOnce: retry === false,
    });
  };

  /** @param ask sends what has that receipt, and throws if it cannot */
  const confirmed = (ask: (receipt: string, settle: Settle) => void) =>
    new Promise<"delivered">((resolve, reject) =>
      ask(`${++ids}`, (error) => (error ? reject(error) : resolve("delivered"))),
    );

  const offWake = env.lifecycle.onWake(() => !socket && cancelTimer && open());
  // Before the session, which then says its last word: Chromium cuts a page's streams before `pagehide`, so that nothing carries any more.
  const offLeave = env.lifecycle.onLeave(() => {
    isLeaving = true;
    changed();
    isLeaving = false;
  });
  expectConnected();
  open();

  return {
    get state() {
      return state;
    },
    get transport() {
      return transport;
    },
    get connected() {
      return connected;
    },
    report: () => ({ state, ...opened?.report?.() }),
    on(type, handler) {
      const guarded = (event: ClientEvents[typeof type]) => guard(handler, event);
      on(type, guarded);
      return () => off(type, guarded);
    },
    subscribe(destination, handler, { ack, headers } = {}) {
      const id = `${++ids}`;
      const frame = frameOf("SUBSCRIBE", { ack, ...headers, id, destination });
      send(frame);
      const subscription = {
        id,
        destination,
        continuity: "fresh" as Continuity,
        unsubscribe: () => {
          if (subscriptions.delete(id) && !closing) send(frameOf("UNSUBSCRIBE", { id }));
        },
      };
      subscriptions.set(id, { subscription, frame, handler });
      return subscription;
    },
    async *messages(destination, options) {
      const waiting: Message[] = [];
      let wake = () => {};
      const take = (message: Message) => {
        waiting.push(message);
        wake();
      };
      const { unsubscribe } = this.subscribe(destination, take, options);
      const offState = this.on("state", () => wake());
      try {
        while (waiting[0] || state !== "closed") {
          if (waiting[0]) yield waiting.shift()!;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        offState();
        unsubscribe();
      }
    },
    begin: () => {
      const transaction = `${++ids}`;
      const steps: (() => void)[] = [];
      return {
        publish: (destination, body, { headers } = {}) =>
          steps.push(() => publish(destination, body, { ...headers, transaction })),
        ack: (message) => steps.push(() => message.ack({ transaction })),
        nack: (message) => steps.push(() => message.nack({ transaction })),
        commit: () =>
          confirmed((receipt, settle) => {
            const parts: Outgoing[] = [frameOf("BEGIN", { transaction })];
            collecting = parts;
            try {
              for (const step of steps) step();
            } finally {
              collecting = undefined;
            }
            send({ ...frameOf("COMMIT", { transaction, receipt }, "", settle), parts });
          }),
        abort: () => {
          steps.length = 0;
        },
      };
    },
    publish: ((destination, body, { headers, receipt, retry } = {}) =>
      receipt
        ? confirmed((receipt, settle) => publish(destination, body, { receipt, ...headers }, settle, retry))
        : publish(destination, body, headers, undefined, retry)) as Client["publish"],
    close,
  };
}
