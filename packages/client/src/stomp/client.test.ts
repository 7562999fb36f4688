import { describe, expect, it } from "vitest";
import { ManualPage } from "../page/testing/manual-page.ts";
import { connect } from "./connect.ts";
import type { StompVersion } from "./frame.ts";
import type { Message } from "./message.ts";
import type { StompOptions } from "./options.ts";
import { outcomeOf, overSession, overSocket, Stage, TestSession, TestSocket } from "./testing/stomp-server.ts";

const codeOf = (call: () => unknown) => {
  try {
    return call();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** Connected over a plain socket, with what was sent for that taken. */
function connected(options?: StompOptions, headers?: Record<string, string>) {
  const stage = overSocket(options);
  stage.socket.open();
  stage.socket.connected(headers);
  stage.socket.frames();
  return stage;
}

function connectedSession(options?: StompOptions) {
  const stage = overSession(options);
  stage.socket.open();
  stage.socket.connected();
  stage.socket.frames();
  return stage;
}

describe("over a session", () => {
  it("sends CONNECT, and behind it what is asked for in the same turn, before the socket is open", () => {
    const { client, socket } = overSession();
    client.subscribe("/topic/a", () => {});
    client.publish("/topic/a", "hello");
    expect(socket.heard()).toEqual(["CONNECT", "SUBSCRIBE /topic/a", "SEND /topic/a hello"]);
  });

  it("needs no heart-beats", () => {
    const { socket, page } = overSession();
    expect(socket.frames()[0]!.headers["heart-beat"]).toBe("0,0");
    socket.open();
    socket.connected({ version: "1.2", "heart-beat": "1000,1000" });
    expect(page.clock.pending).toBe(0);
  });

  it("keeps what versions write differently, and all behind it, until the version is known", () => {
    const { client, socket } = overSession();
    client.publish("/topic/a:b", "1");
    client.publish("/topic/c", "2");
    expect(socket.heard()).toEqual(["CONNECT"]);
    socket.open();
    expect(socket.heard()).toEqual([]);
    socket.connected({ version: "1.1" });
    expect(socket.sent.slice(1)).toEqual([
      "SEND\ndestination:/topic/a\\cb\ncontent-length:1\n\n1\0",
      "SEND\ndestination:/topic/c\ncontent-length:1\n\n2\0",
    ]);
  });

  it("keeps a header name that versions write differently too", () => {
    const { client, socket } = overSession();
    client.publish("/topic/a", "", { headers: { "a:b": "c" } });
    expect(socket.heard()).toEqual(["CONNECT"]);
  });

  it("sends any login at once, since CONNECT is written alike in all versions", () => {
    const stage = new Stage(() => new TestSession(), { login: "a:b\\c" });
    expect(stage.socket.sent[0]).toContain("\nlogin:a:b\\c\n");
  });

  it("keeps frames while nothing carries, and sends them when something does", () => {
    const { client, socket, events } = connectedSession();
    socket.carry(null);
    client.publish("/topic/a", "1");
    client.publish("/topic/a", "2");
    expect(socket.heard()).toEqual([]);
    socket.carry("websocket");
    expect(socket.heard()).toEqual(["SEND /topic/a 1", "SEND /topic/a 2"]);
    expect(client.transport).toBe("websocket");
    expect(client.state).toBe("connected");
    expect(events).toEqual(["transport xhr-poll", "state connected", "transport null", "transport websocket"]);
  });

  it("sends over the next socket what one took that never opened", () => {
    const stage = overSession();
    stage.client.subscribe("/topic/a", () => {});
    stage.client.publish("/topic/a", "1");
    stage.socket.bufferedAmount = 100;
    stage.socket.end();
    stage.client.publish("/topic/a", "2");
    expect(stage.retry().heard()).toEqual(["CONNECT", "SUBSCRIBE /topic/a", "SEND /topic/a 1", "SEND /topic/a 2"]);
    expect(stage.errors).toEqual([]);
  });

  it("does not send again what one took that was open", () => {
    const stage = overSession();
    stage.client.publish("/topic/a", "1");
    stage.socket.open();
    stage.socket.end();
    expect(stage.retry().heard()).toEqual(["CONNECT"]);
  });

  it("says how much was on its way when an open session ends", () => {
    const stage = connectedSession();
    stage.client.publish("/topic/a", "1");
    stage.socket.bufferedAmount = 50;
    stage.socket.end();
    expect(stage.errors).toMatchObject([{ code: "UNKNOWN_OUTCOME", message: expect.stringContaining("50") }]);
  });

  it("is not called again after code 4001: the versions do not fit", async () => {
    const stage = connectedSession();
    stage.socket.end({ code: 4001, reason: "version 1 is not served" });
    await stage.settle();
    expect(stage.errors).toMatchObject([
      { code: "SESSION_ENDED", message: expect.stringContaining("version 1 is not served") },
    ]);
    expect(stage.client.state).toBe("closed");
    expect(stage.page.clock.pending).toBe(0);
    expect(codeOf(() => stage.client.publish("/topic/a"))).toBe("CLOSED");
  });

  it("reports what the socket reports", () => {
    const stage = new Stage(() => Object.assign(new TestSession(), { report: () => ({ attempts: [] }) }));
    expect(stage.client.report()).toEqual({ state: "connecting", attempts: [] });
    stage.socket.end();
    // And goes on doing so when that has ended.
    expect(stage.client.report()).toEqual({ state: "connecting", attempts: [] });
  });
});

describe("over a plain socket", () => {
  it("sends CONNECT when it opens, and the rest when CONNECTED has come", () => {
    const { client, socket } = overSocket();
    client.subscribe("/topic/a", () => {});
    client.publish("/topic/a", "hello");
    expect(socket.heard()).toEqual([]);
    socket.open();
    expect(socket.heard()).toEqual(["CONNECT"]);
    client.publish("/topic/a", "again");
    expect(socket.heard()).toEqual([]);
    socket.connected();
    expect(socket.heard()).toEqual(["SUBSCRIBE /topic/a", "SEND /topic/a hello", "SEND /topic/a again"]);
  });

  it("asks for octets as an ArrayBuffer", () => {
    expect(overSocket().socket.binaryType).toBe("arraybuffer");
  });

  it("sends nothing to a socket that is closing", () => {
    const { client, socket } = connected();
    socket.readyState = 2;
    client.publish("/topic/a", "1");
    expect(socket.heard()).toEqual([]);
  });

  it("subscribes first after a reconnection, then sends what waited, in order", () => {
    const stage = connected();
    stage.client.subscribe("/topic/a", () => {});
    stage.client.subscribe("/topic/b", () => {}).unsubscribe();
    stage.client.publish("/topic/a", "sent");
    stage.socket.end();
    stage.client.publish("/topic/a", "1");
    stage.client.subscribe("/topic/c", () => {});
    stage.client.publish("/topic/a", "2");
    stage.retry().open();
    stage.client.publish("/topic/a", "3");
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual([
      "CONNECT",
      "SUBSCRIBE /topic/a",
      "SUBSCRIBE /topic/c",
      "SEND /topic/a 1",
      "SEND /topic/a 2",
      "SEND /topic/a 3",
    ]);
  });

  it("does not carry an acknowledgement or an UNSUBSCRIBE over to another connection", () => {
    const stage = connected();
    let message: Message | undefined;
    const take = (came: Message) => {
      message = came;
    };
    const subscription = stage.client.subscribe("/queue/a", take, { ack: "client" });
    stage.socket.say("MESSAGE", { subscription: subscription.id, "message-id": "7", ack: "8" });
    stage.socket.readyState = 2;
    message!.ack();
    subscription.unsubscribe();
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
  });

  it("tells of the gap on each subscription, after the second CONNECTED and not before", () => {
    const stage = connected();
    const subscription = stage.client.subscribe("/topic/a", () => {});
    expect(subscription.continuity).toBe("fresh");
    stage.socket.end();
    stage.retry().end();
    stage.retry().open();
    expect(subscription.continuity).toBe("fresh");
    stage.socket.connected();
    expect(subscription.continuity).toBe("gap");
    expect(stage.events).toEqual(["state connected", "state reconnecting", "gap /topic/a", "state connected"]);
  });

  it("tells since when messages may be missing, and what went on without a gap", () => {
    const stage = overSession();
    const subscription = stage.client.subscribe("/topic/a", () => {});
    const gaps: unknown[] = [];
    stage.client.on("continuity", ({ since }) => gaps.push(since));
    stage.socket.open();
    stage.socket.connected();
    stage.socket.carry("websocket");
    expect(subscription.continuity).toBe("fresh");
    stage.socket.carry(null);
    expect(subscription.continuity).toBe("fresh");
    stage.socket.carry("xhr-poll");
    expect(subscription.continuity).toBe("resumed");
    const heardAt = stage.page.clock.now();
    stage.page.clock.advance(5_000);
    stage.socket.end();
    stage.retry().open();
    stage.socket.say("ERROR");
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    expect(subscription.continuity).toBe("gap");
    expect(gaps).toEqual([heardAt]);
  });

  it("tells of no gap when it took several attempts to connect for the first time", () => {
    const stage = overSocket();
    stage.client.subscribe("/topic/a", () => {});
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    expect(stage.events).toEqual(["state connected"]);
  });

  it("is left with the decoder's error when what comes is not STOMP, and called again", () => {
    const stage = connected();
    stage.socket.sayRaw("MESSAGE\nno colon\n\n\0");
    expect(stage.errors).toMatchObject([{ code: "MALFORMED_FRAME" }]);
    expect(stage.socket.readyState).toBe(2);
    expect(stage.client.state).toBe("reconnecting");
    const [first] = stage.sockets;
    stage.retry().open();
    // What still comes over the first one is nobody's.
    first!.say("RECEIPT", { "receipt-id": "x" });
    first!.end();
    stage.socket.connected();
    expect(stage.client.state).toBe("connected");
    expect(stage.sockets).toHaveLength(2);
  });

  it("takes nothing from a socket that it has left, though that goes on talking", () => {
    const stage = connected();
    const heard: string[] = [];
    const { id } = stage.client.subscribe("/topic/a", (message) => heard.push(message.text()));
    const [first] = stage.sockets;
    stage.socket.sayRaw("nonsense:\n\n");
    stage.retry().open();
    stage.socket.connected();
    first!.say("MESSAGE", { subscription: id }, "old");
    first!.sayRaw("MESSAGE\nhalf a frame");
    stage.socket.say("MESSAGE", { subscription: id }, "new");
    expect(heard).toEqual(["new"]);
    expect(stage.client.state).toBe("connected");
  });
});

describe("CONNECT", () => {
  const headersOf = ({ socket }: { socket: TestSocket }) => socket.frames()[0]?.headers;

  it("offers all versions, and has the host `/` if none is given", () => {
    expect(headersOf(overSession())).toEqual({ "accept-version": "1.0,1.1,1.2", "heart-beat": "0,0", host: "/" });
  });

  it("has the options' values and more headers, at once if all are known", () => {
    const headers = { "x-token": "t" };
    expect(headersOf(overSession({ login: "ann", passcode: () => "secret", host: "here", headers }))).toEqual({
      "accept-version": "1.0,1.1,1.2",
      "heart-beat": "0,0",
      login: "ann",
      passcode: "secret",
      host: "here",
      "x-token": "t",
    });
  });

  it("that is answered with ERROR is told of, and tried again when the server has closed", () => {
    const stage = overSocket();
    stage.socket.open();
    stage.socket.say("ERROR", { message: "no common version", version: "3.0" }, "Speak 3.0");
    expect(stage.errors).toMatchObject([{ code: "SERVER_ERROR", cause: { headers: { version: "3.0" } } }]);
    expect([stage.client.state, stage.sockets.length]).toEqual(["connecting", 1]);
    stage.socket.end();
    stage.retry().open();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
  });

  it("waits for what is a promise, and asks anew for each connection", async () => {
    let asked = 0;
    const stage = new Stage(() => new TestSession(), { passcode: async () => `token ${++asked}` });
    stage.client.publish("/topic/a", "1");
    expect(stage.sockets).toEqual([]);
    await stage.settle();
    expect(stage.socket.frames().map(({ headers }) => headers.passcode)).toEqual(["token 1", undefined]);
    stage.socket.end();
    stage.retry();
    await stage.settle();
    expect(headersOf(stage)?.passcode).toBe("token 2");
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("no token"))],
    [
      "throws",
      () => {
        throw new Error("no token");
      },
    ],
  ])("is tried again when a function %s", async (_, passcode) => {
    let isFirst = true;
    const stage = new Stage(() => new TestSession(), {
      passcode: () => {
        if (!isFirst) return "token";
        isFirst = false;
        return passcode();
      },
    });
    await stage.settle();
    expect(stage.sockets).toEqual([]);
    stage.retry();
    expect(headersOf(stage)?.passcode).toBe("token");
  });

  it("says why it could not be tried", async () => {
    const cause = new Error("no token");
    const stage = overSession({ passcode: () => Promise.reject(cause) });
    await stage.settle();
    expect(stage.errors).toMatchObject([
      { code: "CONNECTION_LOST", message: expect.stringContaining("no token"), cause },
    ]);
    await stage.client.close();
    expect(stage.client.state).toBe("closed");
  });

  it("is tried again when no socket could be opened", () => {
    const stage = new Stage((number) => {
      if (number === 0 && !stage) throw new Error("refused");
      return new TestSession();
    });
    stage.retry();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
  });

  it("is not sent for a client that was closed meanwhile", async () => {
    let resolve!: (token: string) => void;
    const passcode = new Promise<string>((settle) => {
      resolve = settle;
    });
    const stage = overSession({ passcode: () => passcode });
    await stage.client.close();
    resolve("late");
    await stage.settle();
    expect(stage.sockets).toEqual([]);
  });
});

describe("what is sent", () => {
  it.each<StompVersion>(["1.0", "1.1", "1.2"])(
    "has the headers that STOMP %s requires, and a body in SEND alone",
    async (version) => {
      const stage = connected({}, version === "1.0" ? {} : { version });
      let message!: Message;
      const subscription = stage.client.subscribe("/queue/a", (came) => (message = came), { ack: "client" });
      const ids = { "message-id": "m", ...(version === "1.2" && { ack: "a" }) };
      stage.socket.say("MESSAGE", { subscription: subscription.id, destination: "/queue/a", ...ids });
      void outcomeOf(stage.client.publish("/queue/a", "body", { receipt: true }));
      message.ack();
      const transaction = stage.client.begin();
      transaction.publish("/queue/a", "body");
      void outcomeOf(transaction.commit());
      subscription.unsubscribe();
      void stage.client.close();
      await stage.settle();
      const required: Record<string, string[]> = {
        SUBSCRIBE: ["id", "destination", "ack"],
        SEND: ["destination", "content-length"],
        ACK: version === "1.2" ? ["id"] : ["message-id", "subscription"],
        BEGIN: ["transaction"],
        COMMIT: ["transaction", "receipt"],
        UNSUBSCRIBE: ["id"],
        DISCONNECT: ["receipt"],
      };
      const frames = stage.socket.frames();
      expect(new Set(frames.map(({ command }) => command))).toEqual(new Set(Object.keys(required)));
      for (const { command, headers, body } of frames) {
        expect(Object.keys(headers)).toEqual(expect.arrayContaining(required[command]!));
        expect(body).toBe(command === "SEND" ? "body" : "");
      }
    },
  );

  it("numbers subscriptions, receipts and transactions so that none is like another, on the next connection either", () => {
    const stage = connected();
    const ids = () => {
      stage.client.subscribe("/topic/a", () => {}).unsubscribe();
      void outcomeOf(stage.client.publish("/topic/a", "", { receipt: true }));
      void outcomeOf(stage.client.begin().commit());
      return stage.socket
        .frames()
        .flatMap(({ command, headers: { id, receipt, transaction } }) =>
          command === "UNSUBSCRIBE" || command === "BEGIN" ? [] : [id, receipt, transaction].filter(Boolean),
        );
    };
    const first = ids();
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    stage.socket.frames();
    const all = [...first, ...ids()];
    expect(all.length).toBe(8);
    expect(new Set(all).size).toBe(8);
  });
});

describe("a publish", () => {
  const [text, octets, json] = ["text", Uint8Array.of(0, 255), { a: [1, null] }];

  it.each([
    [text, undefined, text],
    ["", undefined, ""],
    [octets, undefined, octets],
    [json, "application/json", '{"a":[1,null]}'],
    [0, "application/json", "0"],
    [null, "application/json", "null"],
    [false, "application/json", "false"],
  ])("of %j goes as it is read", (body, type, sent) => {
    const { client, socket } = connected();
    client.publish("/topic/a", body);
    expect(socket.frames()).toMatchObject([{ body: sent, headers: type ? { "content-type": type } : {} }]);
  });

  it("has the headers given, also another content-type", () => {
    const { client, socket } = connected();
    client.publish("/topic/a", { a: 1 }, { headers: { "content-type": "text/x-json", priority: "9" } });
    expect(socket.frames()[0]!.headers).toMatchObject({ "content-type": "text/x-json", priority: "9" });
  });

  it("without a destination is refused at once", async () => {
    for (const destination of ["", undefined as unknown as string]) {
      for (const { client, socket } of [overSession(), connected()]) {
        expect(codeOf(() => client.publish(destination, "x"))).toBe("BAD_OPTION");
        expect(await outcomeOf(client.publish(destination, "x", { receipt: true }))).toEqual(["BAD_OPTION", undefined]);
        expect(codeOf(() => client.subscribe(destination, () => {}))).toBe("BAD_OPTION");
        expect(socket.heard().filter((frame) => frame !== "CONNECT")).toEqual([]);
      }
    }
  });

  it("is refused when too many wait", async () => {
    const { client, socket } = overSocket({ maxOutboxCount: 2 });
    client.publish("/topic/a", "1");
    client.subscribe("/topic/a", () => {});
    client.publish("/topic/a", "2");
    expect(codeOf(() => client.publish("/topic/a", "3"))).toBe("OUTBOX_FULL");
    expect(await outcomeOf(client.publish("/topic/a", "3", { receipt: true }))).toEqual(["OUTBOX_FULL", undefined]);
    socket.open();
    socket.connected();
    client.publish("/topic/a", "4");
    expect(socket.heard().slice(1)).toEqual([
      "SEND /topic/a 1",
      "SUBSCRIBE /topic/a",
      "SEND /topic/a 2",
      "SEND /topic/a 4",
    ]);
  });

  it("is refused when too many wait in what a session has not opened with", () => {
    const { client, socket } = overSession({ maxOutboxCount: 2 });
    client.publish("/topic/a", "1");
    client.publish("/topic/a", "2");
    expect(codeOf(() => client.publish("/topic/a", "3"))).toBe("OUTBOX_FULL");
    socket.open();
    client.publish("/topic/a", "4");
    expect(socket.heard()).toEqual(["CONNECT", "SEND /topic/a 1", "SEND /topic/a 2", "SEND /topic/a 4"]);
  });

  it("waits in the outbox once the first request of a session has left", async () => {
    const { client, socket, settle } = overSession();
    await settle();
    client.publish("/topic/a", "1");
    expect(socket.heard()).toEqual(["CONNECT"]);
    socket.open();
    expect(socket.heard()).toEqual(["SEND /topic/a 1"]);
  });

  it("is not sent when it has waited for longer than it may", async () => {
    const { client, socket, page, errors } = overSocket({ maxOutboxAge: 1_000 });
    client.publish("/topic/a", "without a receipt");
    page.clock.advance(500);
    const asked = outcomeOf(client.publish("/topic/a", "with one", { receipt: true }));
    client.publish("/topic/a", "younger");
    page.clock.advance(499);
    expect(errors).toEqual([]);
    page.clock.advance(1);
    expect(errors).toMatchObject([{ code: "NOT_SENT", outcome: "not-sent" }]);
    page.clock.advance(499);
    client.publish("/topic/a", "youngest");
    page.clock.advance(1);
    expect(await asked).toEqual(["NOT_SENT", "not-sent"]);
    expect(errors).toHaveLength(2);
    socket.open();
    socket.connected();
    expect(socket.heard()).toEqual(["CONNECT", "SEND /topic/a youngest"]);
    page.clock.advance(1_000);
    expect(page.clock.pending).toBe(0);
  });

  it("may be published again from the error that says it was not sent", () => {
    const { client, socket, page } = overSocket({ maxOutboxAge: 1_000 });
    client.on("error", () => client.publish("/topic/a", "again"));
    client.publish("/topic/a", "stale");
    page.clock.advance(1_000);
    socket.open();
    socket.connected();
    expect(socket.heard()).toEqual(["CONNECT", "SEND /topic/a again"]);
  });

  it("may wait for longer than a timer of a browser takes", () => {
    const { client, page, errors } = overSocket({ maxOutboxAge: 2 ** 40 });
    const waits: number[] = [];
    const { after } = page.clock;
    page.clock.after = (ms, run) => {
      waits.push(ms);
      return after.call(page.clock, ms, run);
    };
    client.publish("/topic/a");
    expect([waits, errors]).toEqual([[2 ** 31 - 1], []]);
  });

  it("is not sent by a page that slept past its time", () => {
    const { client, socket, page, errors } = overSocket({ maxOutboxAge: 1_000 });
    client.publish("/topic/a");
    page.clock.sleep(5_000);
    socket.open();
    socket.connected();
    expect(socket.heard()).toEqual(["CONNECT"]);
    expect(errors).toMatchObject([{ code: "NOT_SENT" }]);
  });

  it("that is for now only is dropped where it cannot leave at once", async () => {
    const stage = overSocket();
    const { client, socket } = stage;
    const now = { retry: false };
    client.publish("/topic/a", "too early", now);
    expect(await outcomeOf(client.publish("/topic/a", "", { ...now, receipt: true }))).toEqual([
      "NOT_SENT",
      "not-sent",
    ]);
    socket.open();
    socket.connected();
    client.publish("/topic/a", "in time", now);
    const asked = outcomeOf(client.publish("/topic/a", "and asked about", { ...now, receipt: true }));
    expect(socket.heard()).toEqual(["CONNECT", "SEND /topic/a in time", "SEND /topic/a and asked about"]);
    socket.end();
    client.publish("/topic/a", "too late", now);
    expect(await asked).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    stage.page.clock.advance(30_000);
    await stage.settle();
    stage.socket.open();
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
    expect(stage.errors).toEqual([]);
  });

  it("that is for now only goes with the first request of a session, and not with that of the next", async () => {
    const stage = overSession();
    stage.client.publish("/topic/a", "now", { retry: false });
    stage.client.publish("/topic/a", "some time");
    expect(stage.socket.heard()).toEqual(["CONNECT", "SEND /topic/a now", "SEND /topic/a some time"]);
    stage.socket.end();
    stage.page.clock.advance(30_000);
    await stage.settle();
    expect(stage.socket.heard()).toEqual(["CONNECT", "SEND /topic/a some time"]);
  });

  it("is refused when too much waits", () => {
    const { client, socket } = overSocket({ maxOutboxSize: 10 });
    client.publish("/topic/a", "12345");
    client.publish("/topic/a", new Uint8Array(5));
    expect(codeOf(() => client.publish("/topic/a", "6"))).toBe("OUTBOX_FULL");
    client.publish("/topic/a", "");
    socket.open();
    socket.connected();
    client.publish("/topic/a", "more than ten, and nothing waits");
    expect(socket.frames()).toHaveLength(5);
  });

  it("is refused at once when the socket refuses it, and when it waited it is told of", async () => {
    const { client, socket, errors } = overSocket();
    client.publish("/topic/a", "1");
    const waiting = outcomeOf(client.publish("/topic/a", "2", { receipt: true }));
    socket.refused.add("SEND");
    socket.open();
    socket.connected();
    expect(errors).toMatchObject([{ code: "NOT_SENT", cause: { message: "refused" } }]);
    expect(await waiting).toEqual(["NOT_SENT", "not-sent"]);
    expect(() => client.publish("/topic/a", "3")).toThrow("refused");
    await expect(client.publish("/topic/a", "4", { receipt: true })).rejects.toThrow("refused");
    socket.refused.clear();
    client.publish("/topic/a", "5");
    expect(socket.heard()).toEqual(["CONNECT", "SEND /topic/a 5"]);
  });

  it("with a header that its version cannot write is refused", () => {
    const { client } = connected({}, {});
    expect(codeOf(() => client.publish("/topic/a", "", { headers: { a: "b\nc" } }))).toBe("HEADER_NOT_WRITABLE");
  });
});

describe("a receipt", () => {
  const ask = (stage: Stage<TestSocket>) => outcomeOf(stage.client.publish("/topic/a", "1", { receipt: true }));
  const receiptOf = (socket: TestSocket) => socket.frames().at(-1)!.headers.receipt!;

  it("resolves to `delivered` at RECEIPT", async () => {
    const stage = connected();
    const [first, second] = [ask(stage), ask(stage)];
    const ids = stage.socket.frames().map(({ headers }) => headers.receipt!);
    stage.socket.say("RECEIPT", { "receipt-id": ids[1]! });
    expect(await second).toBe("delivered");
    stage.socket.say("RECEIPT", { "receipt-id": ids[0]! });
    expect(await first).toBe("delivered");
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("may be named by the page", async () => {
    const stage = connected();
    const outcome = outcomeOf(stage.client.publish("/topic/a", "1", { receipt: true, headers: { receipt: "mine" } }));
    expect(receiptOf(stage.socket)).toBe("mine");
    stage.socket.say("RECEIPT", { "receipt-id": "mine" });
    expect(await outcome).toBe("delivered");
  });

  it("is unknown when the connection ends before it came", async () => {
    const stage = connected();
    const outcome = ask(stage);
    stage.socket.end();
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
  });

  it("is unknown when the session opened that took it before it was open", async () => {
    const stage = overSession();
    const outcome = ask(stage);
    stage.socket.open();
    stage.socket.end();
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    expect(stage.retry().heard()).toEqual(["CONNECT"]);
  });

  it("goes on waiting when the session never opened that took it, or nothing had taken it", async () => {
    for (const stage of [overSession(), overSocket()]) {
      const outcome = ask(stage);
      stage.socket.end();
      stage.retry().open();
      stage.socket.connected();
      stage.socket.say("RECEIPT", { "receipt-id": receiptOf(stage.socket) });
      expect(await outcome).toBe("delivered");
    }
  });

  it("goes on waiting while nothing carries the session", async () => {
    const stage = connectedSession();
    stage.socket.carry(null);
    const outcome = ask(stage);
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    stage.socket.say("RECEIPT", { "receipt-id": receiptOf(stage.socket) });
    expect(await outcome).toBe("delivered");
  });

  it("is not-sent when the broker refuses the frame", async () => {
    const stage = connected();
    const outcome = ask(stage);
    const id = receiptOf(stage.socket);
    stage.socket.say("ERROR", { message: "DESTINATION_UNKNOWN", "receipt-id": id }, "no such thing");
    expect(await outcome).toEqual(["NOT_SENT", "not-sent"]);
    expect(stage.errors).toMatchObject([
      {
        code: "SERVER_ERROR",
        message: expect.stringContaining("DESTINATION_UNKNOWN"),
        cause: { body: "no such thing" },
      },
    ]);
  });

  it("is unknown when it does not come in 30 s, and the connection goes on", async () => {
    const stage = connected();
    const late = ask(stage);
    const id = receiptOf(stage.socket);
    stage.page.clock.advance(10_000);
    const inTime = ask(stage);
    stage.page.clock.advance(19_999);
    let isOver = false;
    void late.then(() => (isOver = true));
    await stage.settle();
    expect(isOver).toBe(false);
    stage.page.clock.advance(1);
    expect(await late).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    stage.socket.say("RECEIPT", { "receipt-id": id });
    stage.socket.say("RECEIPT", { "receipt-id": receiptOf(stage.socket) });
    expect(await inTime).toBe("delivered");
    expect(stage.client.state).toBe("connected");
    // What was sent is not held for ever, nor is the timer.
    stage.page.clock.advance(30_000);
    expect(stage.page.clock.pending).toBe(0);
  });

  it("is waited for with one timer, and as long as the page says", async () => {
    const stage = connected({ receiptTimeout: 5_000 });
    const outcomes = [ask(stage), ask(stage), ask(stage)];
    expect(stage.page.clock.pending).toBe(1);
    stage.page.clock.advance(5_000);
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill(["UNKNOWN_OUTCOME", "unknown"]));
    expect(stage.page.clock.pending).toBe(0);
    const endless = connected({ receiptTimeout: 0 });
    void ask(endless);
    expect(endless.page.clock.pending).toBe(0);
  });

  it("has its time before it while a socket has not sent everything, and while nothing carries a session", async () => {
    for (const stage of [connected(), connectedSession()]) {
      const isSession = stage.socket instanceof TestSession;
      const outcome = ask(stage);
      const id = receiptOf(stage.socket);
      if (isSession) (stage.socket as TestSession).carry(null);
      else stage.socket.bufferedAmount = 1;
      stage.page.clock.advance(100_000);
      if (isSession) (stage.socket as TestSession).carry("websocket");
      else stage.socket.bufferedAmount = 0;
      stage.socket.say("RECEIPT", { "receipt-id": id });
      expect(await outcome).toBe("delivered");
    }
  });

  it("is not timed while it waits for a connection, and its time ends with that", async () => {
    const stage = overSocket();
    const waiting = ask(stage);
    stage.page.clock.advance(100_000);
    stage.socket.open();
    stage.socket.connected();
    const [, frame] = stage.socket.frames();
    stage.socket.say("RECEIPT", { "receipt-id": frame!.headers.receipt! });
    expect(await waiting).toBe("delivered");
    void ask(stage);
    stage.socket.end();
    // One timer is left, for the next attempt.
    expect(stage.page.clock.pending).toBe(1);
  });

  it("is not-sent when the client is closed before it was sent", async () => {
    for (const stage of [overSession(), overSocket()]) {
      await stage.settle();
      const outcome = ask(stage);
      stage.socket.end();
      await stage.client.close();
      expect(await outcome).toEqual(["NOT_SENT", "not-sent"]);
    }
  });

  it("is unknown when the client is closed before the request was answered that took it along", async () => {
    const stage = overSession();
    const outcome = ask(stage);
    const closed = stage.client.close();
    await stage.settle();
    stage.page.clock.advance(2_000);
    await closed;
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
  });

  it("is unknown where the server knew the session whose first request took it along", async () => {
    const stage = overSession();
    const outcome = ask(stage);
    stage.client.publish("/topic/a", "without a receipt");
    stage.socket.bufferedAmount = 100;
    stage.socket.end({ code: 4002, reason: "" });
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    expect(stage.errors).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
    stage.retry();
    await stage.settle();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
  });

  it("is awaited for its own time, however long it waited before", async () => {
    for (const options of [{}, { maxOutboxAge: 1_000 }]) {
      const stage = overSocket(options);
      await stage.settle();
      const outcome = ask(stage);
      stage.page.clock.advance(900);
      stage.socket.open();
      stage.socket.connected();
      let isOver = false;
      void outcome.then(() => {
        isOver = true;
      });
      stage.page.clock.advance(29_999);
      await stage.settle();
      expect(isOver).toBe(false);
      stage.page.clock.advance(1);
      expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    }
  });

  it("has its bound in the outbox though another is awaited that has more time", async () => {
    const stage = connectedSession({ maxOutboxAge: 1_000 });
    void ask(stage);
    stage.socket.carry(null);
    const outcome = ask(stage);
    stage.page.clock.advance(1_000);
    expect(await outcome).toEqual(["NOT_SENT", "not-sent"]);
  });

  it("is awaited without end if that is asked for, whatever else has an end", async () => {
    const stage = connectedSession({ receiptTimeout: 0, maxOutboxAge: 1_000 });
    const outcome = ask(stage);
    stage.socket.carry(null);
    stage.client.publish("/topic/a", "stale");
    stage.page.clock.advance(100_000);
    stage.socket.carry("xhr-poll");
    const sent = stage.socket.frames().find(({ headers }) => headers.receipt)!;
    stage.socket.say("RECEIPT", { "receipt-id": sent.headers.receipt! });
    expect(await outcome).toBe("delivered");
  });

  it("is unknown when the client is closed after it was sent", async () => {
    const stage = connected();
    const outcome = ask(stage);
    const closed = stage.client.close();
    await stage.settle();
    stage.page.clock.advance(2_000);
    await closed;
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
  });
});

describe("a subscription", () => {
  it("hears its messages, and none after it was ended", () => {
    const { client, socket } = connected();
    const heard: string[] = [];
    const one = client.subscribe("/topic/a", (message) => heard.push(`one ${message.text()}`));
    const two = client.subscribe("/topic/a", (message) => heard.push(`two ${message.text()}`));
    socket.say("MESSAGE", { subscription: two.id, destination: "/topic/a" }, "1");
    socket.say("MESSAGE", { subscription: one.id, destination: "/topic/a" }, "2");
    one.unsubscribe();
    one.unsubscribe();
    socket.say("MESSAGE", { subscription: one.id, destination: "/topic/a" }, "3");
    expect(heard).toEqual(["two 1", "one 2"]);
    expect(socket.heard()).toEqual(["SUBSCRIBE /topic/a", "SUBSCRIBE /topic/a", `UNSUBSCRIBE ${one.id}`]);
  });

  it("says its ack mode and headers, and keeps its id", () => {
    const { client, socket } = connected();
    const options = { ack: "client", headers: { id: "x", prefetch: "5" } } as const;
    const { id } = client.subscribe("/queue/a", () => {}, options);
    expect(socket.frames()[0]!.headers).toEqual({ ack: "client", id, prefetch: "5", destination: "/queue/a" });
  });

  it("gives bodies as text, octets and JSON, whichever way they came", () => {
    const { client, socket } = connected();
    const messages: Message[] = [];
    const { id } = client.subscribe("/topic/a", (message) => messages.push(message));
    socket.say("MESSAGE", { subscription: id, destination: "/topic/a", "x-y": "z" }, '["é"]');
    socket.say("MESSAGE", { subscription: id, destination: "/topic/a" }, new TextEncoder().encode('["é"]'));
    for (const message of messages) {
      expect(message.text()).toBe('["é"]');
      expect(message.bytes()).toEqual(new TextEncoder().encode('["é"]'));
      expect(message.json()).toEqual(["é"]);
      expect(message.destination).toBe("/topic/a");
    }
    expect(messages[0]!.headers["x-y"]).toBe("z");
  });

  it("is not made when the socket refuses it", () => {
    const stage = connected();
    stage.socket.refused.add("SUBSCRIBE");
    expect(() => stage.client.subscribe("/topic/a", () => {})).toThrow("refused");
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual(["CONNECT"]);
  });

  it("may be ended after the client was closed", async () => {
    const { client, socket } = overSocket();
    const subscription = client.subscribe("/topic/a", () => {});
    socket.end();
    await client.close();
    subscription.unsubscribe();
  });
});

describe("an acknowledgement", () => {
  const receive = (stage: Stage<TestSocket>, ack?: "auto" | "client" | "client-individual", version = "1.2") => {
    let message: Message | undefined;
    const take = (came: Message) => {
      message = came;
    };
    const { id } = stage.client.subscribe("/queue/a", take, ack ? { ack } : {});
    stage.socket.say("MESSAGE", {
      subscription: id,
      "message-id": "m7",
      ...(version === "1.2" && { ack: "a8" }),
    });
    stage.socket.frames();
    return { id, message: message! };
  };

  it.each<StompVersion>(["1.0", "1.1", "1.2"])("names the message as STOMP %s does", (version) => {
    const stage = connected({}, version === "1.0" ? {} : { version });
    const { id, message } = receive(stage, "client-individual", version);
    message.ack({ transaction: "t" });
    if (version !== "1.0") message.nack();
    const name = version === "1.2" ? { id: "a8" } : { "message-id": "m7", subscription: id };
    expect(stage.socket.frames()).toMatchObject([
      { command: "ACK", headers: { ...name, transaction: "t" } },
      ...(version === "1.0" ? [] : [{ command: "NACK", headers: name }]),
    ]);
  });

  it("is refused where it would be a NACK of STOMP 1.0, which has none", () => {
    const stage = connected({}, {});
    const { message } = receive(stage, "client", "1.0");
    expect(codeOf(() => message.nack())).toBe("NOT_ACKNOWLEDGEABLE");
    expect(stage.socket.frames()).toEqual([]);
  });

  it.each(["auto", undefined] as const)("is refused where none is awaited (ack: %s)", (ack) => {
    const stage = connected();
    expect(codeOf(() => receive(stage, ack).message.ack())).toBe("NOT_ACKNOWLEDGEABLE");
    expect(stage.socket.frames()).toEqual([]);
  });

  it("is refused when the message's connection is gone, and after another was opened", () => {
    const stage = connected();
    const { message } = receive(stage, "client");
    stage.socket.end();
    expect(codeOf(() => message.ack())).toBe("NOT_ACKNOWLEDGEABLE");
    stage.retry().open();
    stage.socket.connected();
    stage.socket.frames();
    expect(codeOf(() => message.nack())).toBe("NOT_ACKNOWLEDGEABLE");
    expect(stage.socket.frames()).toEqual([]);
  });

  it("waits while nothing carries the session that the message came by", () => {
    const stage = connectedSession();
    const { message } = receive(stage, "client");
    stage.socket.carry(null);
    message.ack();
    stage.socket.carry("xhr-poll");
    expect(stage.socket.heard()).toEqual(["ACK a8"]);
  });
});

describe("messages", () => {
  const say = (stage: Stage<TestSocket>, subscription: string, text: string) =>
    stage.socket.say("MESSAGE", { subscription, "message-id": text, ack: text, destination: "/queue/a" }, text);

  it("come one after the other, as they are asked for, and those that came meanwhile wait", async () => {
    const stage = connected();
    const messages = stage.client.messages("/queue/a", { ack: "client" });
    expect(stage.socket.heard()).toEqual([]);
    const first = messages.next();
    expect(stage.socket.frames()).toMatchObject([{ command: "SUBSCRIBE", headers: { ack: "client", id: "1" } }]);
    for (const text of ["a", "b"]) say(stage, "1", text);
    expect((await first).value?.text()).toBe("a");
    const second = (await messages.next()).value;
    second?.ack();
    expect(stage.socket.heard()).toEqual(["ACK b"]);
  });

  it("are unsubscribed from when the loop is left", async () => {
    const stage = connected();
    const texts: string[] = [];
    const loop = (async () => {
      for await (const message of stage.client.messages("/queue/a")) {
        texts.push(message.text());
        if (texts.length === 2) break;
      }
    })();
    for (const text of ["a", "b", "c"]) say(stage, "1", text);
    await loop;
    expect(texts).toEqual(["a", "b"]);
    expect(stage.socket.heard()).toEqual(["SUBSCRIBE /queue/a", "UNSUBSCRIBE 1"]);
  });

  it("end when the client is closed, behind those that had come", async () => {
    const stage = connected();
    const texts: string[] = [];
    const loop = (async () => {
      for await (const message of stage.client.messages("/queue/a")) texts.push(message.text());
    })();
    await stage.settle();
    for (const text of ["a", "b"]) say(stage, "1", text);
    const closed = stage.client.close();
    await stage.settle();
    stage.page.clock.advance(2_000);
    await closed;
    await loop;
    expect(texts).toEqual(["a", "b"]);
    await expect(stage.client.messages("/queue/b").next()).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("a transaction", () => {
  it("goes to the broker as a whole when it is committed, and resolves at the receipt of that", async () => {
    const stage = connected();
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", { is: "JSON" }, { headers: { x: "y" } });
    transaction.publish("/topic/b", "2");
    expect(stage.socket.frames()).toEqual([]);
    const committed = transaction.commit();
    const frames = stage.socket.frames();
    expect(frames.map(({ command }) => command)).toEqual(["BEGIN", "SEND", "SEND", "COMMIT"]);
    expect(new Set(frames.map(({ headers }) => headers.transaction)).size).toBe(1);
    expect(frames[1]).toMatchObject({ headers: { x: "y", "content-type": "application/json" }, body: '{"is":"JSON"}' });
    stage.socket.say("RECEIPT", { "receipt-id": frames[3]!.headers.receipt! });
    expect(await committed).toBe("delivered");
  });

  it("goes over a session in one message, so that there is no half of it", () => {
    const stage = connectedSession();
    const before = stage.socket.sent.length;
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "1");
    void transaction.commit();
    expect(stage.socket.sent.length).toBe(before + 1);
    expect(stage.socket.heard()).toEqual(["BEGIN", "SEND /topic/a 1", "COMMIT"]);
  });

  it("counts in the outbox as all that is in it", async () => {
    const stage = overSession({ maxOutboxSize: 10 });
    stage.socket.open();
    stage.socket.carry(null);
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "x".repeat(11));
    await expect(transaction.commit()).rejects.toMatchObject({ code: "OUTBOX_FULL" });
  });

  it("that is aborted was never there", async () => {
    const stage = connected();
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "1");
    transaction.abort();
    void transaction.commit();
    expect(stage.socket.heard()).toEqual(["BEGIN", "COMMIT"]);
  });

  it("holds acknowledgements", () => {
    const stage = connected();
    const acknowledged: Message[] = [];
    stage.client.subscribe("/queue/a", (message) => acknowledged.push(message), { ack: "client-individual" });
    for (const id of ["a", "b"]) stage.socket.say("MESSAGE", { subscription: "1", "message-id": id, ack: id });
    stage.socket.frames();
    const transaction = stage.client.begin();
    transaction.ack(acknowledged[0]!);
    transaction.nack(acknowledged[1]!);
    void transaction.commit();
    expect(stage.socket.frames()).toMatchObject([
      { command: "BEGIN" },
      { command: "ACK", headers: { id: "a", transaction: "2" } },
      { command: "NACK", headers: { id: "b", transaction: "2" } },
      { command: "COMMIT" },
    ]);
  });

  it("that cannot be sent as a whole is not sent, and says why", async () => {
    const stage = connected();
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "1");
    transaction.publish("", "2");
    await expect(transaction.commit()).rejects.toMatchObject({ code: "BAD_OPTION" });
    expect(stage.socket.heard()).toEqual([]);
    stage.client.publish("/topic/a", "after");
    expect(stage.socket.heard()).toEqual(["SEND /topic/a after"]);
  });

  it("that was committed while there was no connection goes with the next", async () => {
    const stage = connected();
    stage.socket.end();
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "1");
    void transaction.commit();
    stage.retry().open();
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual(["CONNECT", "BEGIN", "SEND /topic/a 1", "COMMIT"]);
  });

  it("is unknown when its connection ends before the receipt, and not sent where a message of it is of a connection that is gone", async () => {
    const stage = connectedSession();
    let message!: Message;
    stage.client.subscribe("/queue/a", (came) => (message = came), { ack: "client" });
    stage.socket.say("MESSAGE", { subscription: "1", "message-id": "a", ack: "a" });
    const sent = stage.client.begin();
    sent.publish("/topic/a", "1");
    const unknown = sent.commit();
    stage.socket.carry(null);
    const waiting = stage.client.begin();
    waiting.publish("/topic/a", "2");
    waiting.ack(message);
    const notSent = waiting.commit();
    stage.socket.end();
    stage.retry().open();
    stage.socket.connected();
    expect(stage.socket.heard()).toEqual(["CONNECT", "SUBSCRIBE /queue/a"]);
    await expect(unknown).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
    await expect(notSent).rejects.toMatchObject({ code: "NOT_SENT" });
    const late = stage.client.begin();
    late.ack(message);
    await expect(late.commit()).rejects.toMatchObject({ code: "NOT_ACKNOWLEDGEABLE" });
  });
});

describe("heart-beats", () => {
  const beats = ({ sent }: TestSocket) => sent.filter((data) => data === "\n").length;

  it.each([
    [{}, "10000,10000"],
    [{ heartbeatOutgoing: 0, heartbeatIncoming: 5_000 }, "0,5000"],
  ])("are offered as %o says", (options, header) => {
    const { socket } = overSocket(options);
    socket.open();
    expect(socket.frames()[0]!.headers["heart-beat"]).toBe(header);
  });

  it("go out as often as the slower side says", () => {
    const { socket, page } = connected({ heartbeatOutgoing: 4_000 }, { version: "1.2", "heart-beat": "0,10000" });
    page.clock.advance(35_000);
    expect(beats(socket)).toBe(3);
    expect(socket.readyState).toBe(1);
  });

  it.each(["0,0", "nonsense", "", "10000,0"])("do not go out when the server says %j", (header) => {
    const { socket, page } = connected({ heartbeatIncoming: 0 }, { version: "1.2", "heart-beat": header });
    page.clock.advance(100_000);
    expect(beats(socket)).toBe(0);
    expect(page.clock.pending).toBe(0);
  });

  it("that do not come for twice what was agreed mean that the server is gone", () => {
    const stage = connected({ heartbeatOutgoing: 0 }, { version: "1.2", "heart-beat": "3000,0" });
    stage.page.clock.advance(19_000);
    stage.socket.sayRaw("\n");
    stage.page.clock.advance(19_999);
    expect(stage.client.state).toBe("connected");
    stage.page.clock.advance(1);
    expect(stage.client.state).toBe("reconnecting");
    expect(stage.socket.readyState).toBe(2);
    stage.retry().open();
    expect(stage.sockets).toHaveLength(2);
  });

  it("go out when the server's come in, where a hidden tab's timers run once a minute", () => {
    const { socket, page, client } = connected({}, { version: "1.2", "heart-beat": "10000,10000" });
    for (let i = 0; i < 6; i++) {
      page.clock.sleep(9_990);
      socket.sayRaw("\n");
    }
    expect(beats(socket)).toBe(6);
    page.clock.advance(60);
    expect(client.state).toBe("connected");
  });

  it("are not answered more often than twice as agreed, however much comes", () => {
    const { socket, page } = connected({}, { version: "1.2", "heart-beat": "10000,10000" });
    for (let i = 0; i < 1_000; i++) {
      page.clock.advance(100);
      socket.say("MESSAGE", {});
    }
    expect(beats(socket)).toBe(20);
  });

  it("that are missing show after a sleep", () => {
    const stage = connected({}, { version: "1.2", "heart-beat": "10000,10000" });
    stage.page.clock.sleep(3_600_000);
    stage.page.clock.advance(0);
    expect(stage.client.state).toBe("reconnecting");
  });

  it("are any frame that comes, and end with the connection", () => {
    const stage = connected({}, { version: "1.2", "heart-beat": "10000,10000" });
    for (let i = 0; i < 10; i++) {
      stage.page.clock.advance(10_000);
      stage.socket.say("MESSAGE", {});
    }
    expect(stage.client.state).toBe("connected");
    stage.socket.end();
    // One timer is left, for the next attempt.
    expect(stage.page.clock.pending).toBe(1);
  });
});

describe("the next attempt", () => {
  /** How long the client waits after each of these attempts. */
  const waits = (stage: Stage<TestSocket>, count: number) => {
    const waits: number[] = [];
    for (let i = 0; i < count; i++) {
      stage.socket.end();
      waits.push(stage.page.clock.next!);
      stage.page.clock.advance(stage.page.clock.next!);
    }
    return waits;
  };

  it("comes after any time below a bound that doubles up to 30 s", () => {
    const stage = overSocket();
    stage.page.luck = () => 1;
    expect(waits(stage, 9)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(waits(stage, 2_000).at(-1)).toBe(30_000);
    stage.page.luck = () => 0.1;
    expect(waits(stage, 1)).toEqual([3_000]);
    stage.page.luck = () => 0;
    expect(waits(stage, 1)).toEqual([0]);
  });

  it("waits longer and longer for a server that lets in and ends it each time", () => {
    const stage = overSocket();
    stage.page.luck = () => 1;
    const seen = [250, 500, 1_000, 2_000].map(() => {
      stage.socket.open();
      stage.socket.connected();
      return waits(stage, 1)[0];
    });
    expect(seen).toEqual([250, 500, 1_000, 2_000]);
  });

  it("counts from the start after a connection that lasted, not after a socket that opened", () => {
    const stage = overSocket();
    stage.page.luck = () => 1;
    waits(stage, 3);
    stage.socket.open();
    expect(waits(stage, 1)).toEqual([2_000]);
    stage.socket.open();
    stage.socket.connected();
    stage.page.clock.advance(5_000);
    expect(waits(stage, 1)).toEqual([250]);
  });

  it("does not come before the server wants it", () => {
    const stage = overSocket();
    stage.page.luck = () => 1;
    stage.socket.end({ code: 1012, reason: "", retryAfter: 5_000 });
    expect(stage.page.clock.next).toBe(5_250);
  });

  it("comes at once when the page wakes, and once", () => {
    const stage = overSocket();
    stage.page.wake();
    expect(stage.sockets).toHaveLength(1);
    stage.socket.end();
    stage.page.wake();
    stage.page.wake();
    expect(stage.sockets).toHaveLength(2);
    expect(stage.page.clock.pending).toBe(0);
    stage.socket.open();
    stage.socket.connected({ version: "1.2", "heart-beat": "10000,10000" });
    stage.page.wake();
    expect(stage.sockets).toHaveLength(2);
  });

  it("is not doubled by waking while a credential is awaited", async () => {
    const stage = overSocket({ passcode: async () => "token" });
    stage.page.wake();
    await stage.settle();
    expect(stage.sockets).toHaveLength(1);
  });
});

describe("close", () => {
  it("says DISCONNECT behind what was published, and is over at its RECEIPT", async () => {
    const stage = connected();
    let isOver = false;
    stage.client.publish("/topic/a", "last");
    const closed = stage.client.close().then(() => {
      isOver = true;
    });
    expect(stage.client.close()).toBe(stage.client.close());
    await stage.settle();
    const frames = stage.socket.frames();
    expect(frames.map(({ command }) => command)).toEqual(["SEND", "DISCONNECT"]);
    expect([isOver, stage.client.state]).toEqual([false, "connected"]);
    stage.socket.say("RECEIPT", { "receipt-id": frames[1]!.headers.receipt! });
    await closed;
    expect(stage.client.state).toBe("closed");
    expect(stage.socket.readyState).toBe(2);
    expect(stage.page.clock.pending).toBe(0);
    expect(stage.page.listeners).toBe(0);
    expect(stage.errors).toEqual([]);
  });

  it("sends nothing behind DISCONNECT, not even a heart-beat", async () => {
    const stage = connected({}, { version: "1.2", "heart-beat": "1000,1000" });
    let message!: Message;
    const subscription = stage.client.subscribe("/queue/a", (came) => (message = came), { ack: "client" });
    stage.socket.say("MESSAGE", { subscription: subscription.id, "message-id": "m", ack: "a" });
    const transaction = stage.client.begin();
    transaction.publish("/topic/a", "1");
    const closed = stage.client.close();
    await stage.settle();
    const before = stage.socket.sent.length;
    expect(stage.socket.heard().at(-1)).toBe("DISCONNECT");
    expect(codeOf(() => message.ack())).toBe("CLOSED");
    expect(await outcomeOf(transaction.commit())).toEqual(["CLOSED", undefined]);
    subscription.unsubscribe();
    stage.page.clock.advance(1_500);
    stage.socket.sayRaw("\n");
    stage.page.clock.advance(500);
    await closed;
    expect(stage.socket.sent.length).toBe(before);
  });

  it("waits for 2 s at most", async () => {
    const stage = connected();
    const closed = stage.client.close();
    await stage.settle();
    stage.page.clock.advance(1_999);
    await stage.settle();
    expect(stage.client.state).toBe("connected");
    stage.page.clock.advance(1);
    await closed;
    expect(stage.socket.readyState).toBe(2);
    expect(stage.page.clock.pending).toBe(0);
  });

  it("is over when the connection is", async () => {
    const stage = connected();
    const closed = stage.client.close();
    await stage.settle();
    stage.socket.bufferedAmount = 10;
    stage.socket.end();
    await closed;
    expect(stage.client.state).toBe("closed");
    expect(stage.page.clock.pending).toBe(0);
    expect(stage.errors).toEqual([]);
  });

  it("is over at once between two connections", async () => {
    const stage = overSocket();
    stage.socket.end();
    await stage.client.close();
    expect(stage.client.state).toBe("closed");
    expect(stage.page.clock.pending).toBe(0);
  });

  it("gives a connection that is being opened those 2 s to take what waits", async () => {
    const stage = overSession();
    stage.client.publish("/topic/a", "last");
    const closed = stage.client.close();
    await stage.settle();
    stage.page.clock.advance(1_999);
    stage.socket.open();
    expect(stage.socket.heard()).toEqual(["CONNECT", "SEND /topic/a last", "DISCONNECT"]);
    stage.page.clock.advance(1);
    await closed;
    expect(stage.socket.readyState).toBe(2);
  });

  it("refuses calls from then on, and whoever awaits a connection", async () => {
    const stage = overSocket();
    const { connected } = stage.client;
    const refused = expect(connected).rejects.toMatchObject({ code: "CLOSED" });
    const closed = stage.client.close();
    expect(codeOf(() => stage.client.publish("/topic/a"))).toBe("CLOSED");
    expect(codeOf(() => stage.client.subscribe("/topic/a", () => {}))).toBe("CLOSED");
    expect(await outcomeOf(stage.client.publish("/topic/a", "", { receipt: true }))).toEqual(["CLOSED", undefined]);
    await stage.settle();
    stage.page.clock.advance(2_000);
    await closed;
    await refused;
  });

  it("may be called by a handler that hears of it", async () => {
    const stage = overSocket();
    let closed = 0;
    stage.client.on("state", (state) => {
      if (state === "closed") closed++;
      void stage.client.close();
    });
    stage.socket.end();
    await stage.client.close();
    expect(closed).toBe(1);
  });
});

describe("connected", () => {
  it("resolves at CONNECTED, and is another promise after a loss", async () => {
    const stage = connected();
    await stage.client.connected;
    stage.socket.end();
    let isConnected = false;
    const again = stage.client.connected.then(() => {
      isConnected = true;
    });
    await stage.settle();
    expect(isConnected).toBe(false);
    stage.retry().end();
    stage.retry().open();
    stage.socket.connected();
    await again;
  });
});

describe("what the page hears", () => {
  it("goes to all, whatever one of them throws, and that is shown", () => {
    const stage = connected();
    const heard: unknown[] = [];
    stage.client.on("state", () => {
      throw new Error("from a handler");
    });
    stage.client.on("state", (state) => heard.push(state));
    const { id } = stage.client.subscribe("/topic/a", () => {
      throw new Error("from a subscriber");
    });
    stage.socket.say("MESSAGE", { subscription: id });
    stage.socket.end();
    expect(heard).toEqual(["reconnecting"]);
    expect(stage.page.errors).toMatchObject([{ message: "from a subscriber" }, { message: "from a handler" }]);
    expect(stage.errors).toEqual([]);
  });

  it("ends when a handler is taken off", () => {
    const stage = overSocket();
    const heard: unknown[] = [];
    const off = stage.client.on("state", (state) => heard.push(state));
    stage.client.on("state", (state) => heard.push(state));
    off();
    off();
    stage.socket.open();
    stage.socket.connected();
    expect(heard).toEqual(["connected"]);
  });

  it("is shown as the page's own errors are when an error finds no listener", () => {
    const page = new ManualPage();
    const socket = new TestSocket();
    const client = connect(() => socket, {}, page);
    client.on("error", () => {})();
    socket.open();
    socket.connected();
    socket.say("ERROR", { message: "no more" });
    expect(page.errors).toMatchObject([{ code: "SERVER_ERROR", message: expect.stringContaining("no more") }]);
  });

  it("includes each frame, both ways", () => {
    const stage = new Stage(() => new TestSocket());
    const frames: string[] = [];
    stage.client.on("frame", ({ direction, frame }) => frames.push(`${direction} ${frame.command}`));
    stage.socket.open();
    stage.socket.connected();
    const { id } = stage.client.subscribe("/topic/a", () => {});
    stage.client.publish("/topic/a", "1");
    stage.socket.say("MESSAGE", { subscription: id });
    expect(frames).toEqual(["out CONNECT", "in CONNECTED", "out SUBSCRIBE", "out SEND", "in MESSAGE"]);
  });

  it("is nothing of frames that no version knows, nor of a MESSAGE or RECEIPT that nobody awaits", () => {
    const stage = connected();
    stage.socket.say("X-PING", { a: "b" }, "c");
    stage.socket.say("MESSAGE", { subscription: "none" }, "x");
    stage.socket.say("RECEIPT", { "receipt-id": "none" }, "a body, where none belongs");
    expect([stage.errors, stage.page.errors, stage.client.state]).toEqual([[], [], "connected"]);
  });

  it("is told of an ERROR without a message by its command", () => {
    const stage = connected();
    stage.socket.say("ERROR");
    expect(stage.errors).toMatchObject([{ code: "SERVER_ERROR", message: expect.stringContaining("ERROR") }]);
  });
});

describe("options", () => {
  it.each(["heartbeatOutgoing", "heartbeatIncoming", "receiptTimeout", "maxOutboxCount", "maxOutboxSize"])(
    "%s is a number from 0",
    (name) => {
      for (const value of [-1, Number.NaN, "x", undefined]) {
        expect(() => overSocket({ [name]: value })).toThrow(name);
      }
      overSocket({ [name]: 0 });
    },
  );
});

describe("connect", () => {
  class FakeWebSocket extends TestSocket {
    static readonly opened: FakeWebSocket[] = [];
    constructor(
      readonly url: string,
      readonly protocols: string[],
    ) {
      super();
      FakeWebSocket.opened.push(this);
    }
  }
  const WebSocketLike = FakeWebSocket as unknown as typeof WebSocket;

  it("opens a WebSocket with the subprotocols of STOMP", () => {
    connect("wss://broker.test/stomp", {}, new ManualPage(WebSocketLike));
    expect(FakeWebSocket.opened).toMatchObject([
      { url: "wss://broker.test/stomp", protocols: ["v12.stomp", "v11.stomp", "v10.stomp"] },
    ]);
  });

  it("refuses other URLs, and a place without WebSocket", () => {
    expect(codeOf(() => connect("/encke", {}, new ManualPage(WebSocketLike)))).toBe("BAD_OPTION");
    expect(codeOf(() => connect("ws://broker.test", {}, new ManualPage()))).toBe("UNSUPPORTED");
  });

  it("takes any function that opens a socket", () => {
    const socket = new TestSocket();
    connect(() => socket, {}, new ManualPage());
    socket.open();
    expect(socket.heard()).toEqual(["CONNECT"]);
  });
});
