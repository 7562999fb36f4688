import { describe, expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { StompPeer } from "../testing/stomp-peer.ts";
import { Broker } from "./broker.ts";

const broker = () => new Broker({ clock: new ManualClock() });

describe("connecting", () => {
  test.each([
    ["1.2", "1.2"],
    ["1.0,1.1", "1.1"],
    ["1.2, 1.1 ,1.0", "1.2"],
    ["1.0,2.0", "1.0"],
  ])("accept-version %s is answered with version %s", (accepted, version) => {
    const peer = new StompPeer(broker());
    peer.say("CONNECT", { "accept-version": accepted, host: "x" });
    const [connected] = peer.heard();
    expect(connected).toMatchObject({ command: "CONNECTED", headers: { version, server: "encke-server" } });
    expect(connected?.headers.session).toBeTruthy();
    expect(connected?.headers["heart-beat"]).toBe(version === "1.0" ? undefined : "10000,10000");
  });

  test("a CONNECT without accept-version speaks 1.0", () => {
    const peer = new StompPeer(broker());
    peer.sayRaw("CONNECT\nlogin: me\npasscode: secret\n\n\0\n");
    expect(peer.heard()).toMatchObject([{ command: "CONNECTED", headers: { version: "1.0" } }]);
  });

  test("STOMP does what CONNECT does", () => {
    const peer = new StompPeer(broker());
    peer.say("STOMP", { "accept-version": "1.2", host: "x" });
    expect(peer.heard()).toMatchObject([{ command: "CONNECTED" }]);
  });

  test("no version in common: ERROR lists those there are, and the channel is closed", () => {
    const peer = new StompPeer(broker());
    peer.say("CONNECT", { "accept-version": "1.3,2.0", host: "x" });
    const [error] = peer.heard();
    expect(error?.headers).toMatchObject({
      message: "VERSION_UNSUPPORTED",
      version: "1.0,1.1,1.2",
      "content-type": "text/plain",
    });
    expect(error?.body).toContain("1.0, 1.1 and 1.2");
    expect(peer.closed).toEqual({ code: 4100, reason: "VERSION_UNSUPPORTED" });
  });

  test("a header repeated counts the first time, and a virtual host is not asked for: there is one", () => {
    const peer = new StompPeer(broker());
    peer.sayRaw("CONNECT\naccept-version:1.1\naccept-version:1.2\n\n\0");
    expect(peer.heard()).toMatchObject([{ command: "CONNECTED", headers: { version: "1.1" } }]);
  });

  test("login and passcode are taken as they are written, with colons and backslashes", () => {
    const peer = new StompPeer(broker());
    peer.sayRaw("CONNECT\naccept-version:1.2\nhost:x\nlogin:a:b\npasscode:\\t\\\n\n\0");
    expect(peer.heard()).toMatchObject([{ command: "CONNECTED" }]);
  });

  test("a frame before CONNECT is refused", () => {
    const peer = new StompPeer(broker());
    peer.say("SEND", { destination: "/topic/a", receipt: "r1" });
    expect(peer.heard()).toMatchObject([
      { command: "ERROR", headers: { message: "NOT_CONNECTED", "receipt-id": "r1" } },
    ]);
    expect(peer.closed?.code).toBe(4100);
  });

  test("a second CONNECT is refused", () => {
    const peer = StompPeer.connected(broker());
    peer.say("CONNECT", { "accept-version": "1.2", host: "x" });
    expect(peer.refusal()).toBe("ALREADY_CONNECTED");
  });

  test("a client that does not CONNECT in time is closed", () => {
    const clock = new ManualClock();
    const peer = new StompPeer(new Broker({ clock }));
    clock.advance(9_999);
    expect(peer.closed).toBeUndefined();
    clock.advance(1);
    expect(peer.refusal()).toBe("CONNECT_TIMEOUT");
    expect(peer.closed?.code).toBe(4100);
  });

  test("SUBSCRIBE and SEND behind CONNECT in the same batch work", () => {
    const peer = new StompPeer(broker());
    peer.sayRaw(
      "CONNECT\naccept-version:1.1,1.2\nhost:x\n\n\0" +
        "SUBSCRIBE\nid:\\c1\ndestination:/topic/a\\cb\n\n\0" +
        "SEND\ndestination:/topic/a\\cb\n\nhello\0",
    );
    expect(peer.heard()).toMatchObject([
      { command: "CONNECTED" },
      { command: "MESSAGE", headers: { destination: "/topic/a:b", subscription: ":1" }, body: "hello" },
    ]);
  });

  test("the headers behind a CONNECT of 1.0 in the same batch are read without escapes", () => {
    const peer = new StompPeer(broker());
    peer.sayRaw("CONNECT\n\n\0SUBSCRIBE\ndestination: /topic/a\\c\n\n\0SEND\ndestination:/topic/a\\c\n\nx\0");
    peer.version = "1.0";
    expect(peer.messages[1]).toContain("\ndestination:/topic/a\\c\n");
  });

  test("nothing runs on when the channel has gone", () => {
    const clock = new ManualClock();
    const application = new Broker({ clock });
    const early = new StompPeer(application);
    const connected = StompPeer.connected(application, "1.2", { "heart-beat": "1000,1000" });
    expect(application.stats.connections).toBe(2);
    early.leave();
    connected.leave();
    expect([clock.pending, application.stats.connections]).toEqual([0, 0]);
  });
});

describe("heart-beats", () => {
  test("none are sent or missed where the client offers 0,0 or says nothing", () => {
    const clock = new ManualClock();
    for (const headers of [{}, { "heart-beat": "0,0" }] as Record<string, string>[]) {
      const peer = StompPeer.connected(new Broker({ clock }), "1.2", headers);
      clock.advance(3_600_000);
      expect([peer.heartBeats, peer.closed]).toEqual([0, undefined]);
    }
  });

  test("the server is never silent for longer than the larger of both wishes", () => {
    const clock = new ManualClock();
    const peer = StompPeer.connected(new Broker({ clock }), "1.1", { "heart-beat": "0,20000" });
    clock.advance(20_000);
    expect(peer.heartBeats).toBe(1);
    clock.advance(20_000);
    expect(peer.heartBeats).toBe(3);
  });

  test("what is sent anyway is a heart-beat too", () => {
    const clock = new ManualClock();
    const peer = StompPeer.connected(new Broker({ clock }), "1.2", { "heart-beat": "0,10000" });
    for (let i = 0; i < 10; i++) {
      clock.advance(4_000);
      peer.say("BEGIN", { transaction: `${i}`, receipt: "r" });
    }
    expect(peer.heartBeats).toBe(0);
  });

  test("a client that falls silent is closed after twice what was agreed", () => {
    const clock = new ManualClock();
    const peer = StompPeer.connected(new Broker({ clock }), "1.2", { "heart-beat": "5000,0" });
    clock.advance(15_000);
    peer.sayRaw("\n");
    clock.advance(19_999);
    expect(peer.closed).toBeUndefined();
    clock.advance(1);
    expect(peer.refusal()).toBe("HEART_BEAT_MISSED");
    expect(clock.pending).toBe(0);
  });

  test.each(["10", "a,b", "-1,0", "1,2,3"])("heart-beat:%s is refused", (heartBeat) => {
    const peer = new StompPeer(broker());
    peer.say("CONNECT", { "accept-version": "1.2", "heart-beat": heartBeat });
    expect(peer.refusal()).toBe("HEADER_INVALID");
  });

  test("CONNECT of 1.0 has no heart-beats, even if it has the header", () => {
    const clock = new ManualClock();
    const peer = StompPeer.connected(new Broker({ clock }), "1.0", { "heart-beat": "1000,1000" });
    clock.advance(100_000);
    expect([peer.heartBeats, peer.closed]).toEqual([0, undefined]);
  });
});

describe("receipts", () => {
  test("every command is answered when it asks for it", () => {
    const peer = StompPeer.connected(broker());
    peer.say("BEGIN", { transaction: "t", receipt: "begin" });
    peer.say("SEND", { transaction: "t", destination: "/queue/a", receipt: "send" });
    peer.say("COMMIT", { transaction: "t", receipt: "commit" });
    peer.say("BEGIN", { transaction: "t", receipt: "begin again" });
    peer.say("ABORT", { transaction: "t", receipt: "abort" });
    peer.say("SUBSCRIBE", { id: "1", destination: "/queue/a", ack: "client", receipt: "subscribe" });
    const frames = peer.heard();
    const ack = frames.find(({ command }) => command === "MESSAGE")?.headers.ack ?? "";
    peer.say("NACK", { id: ack, receipt: "nack" });
    const again = peer.heard();
    peer.say("ACK", { id: again[0]?.headers.ack ?? "", receipt: "ack" });
    peer.say("UNSUBSCRIBE", { id: "1", receipt: "unsub:\n" });
    peer.say("DISCONNECT", { receipt: "disconnect" });
    const receipts = [...frames, ...again, ...peer.heard()].filter(({ command }) => command === "RECEIPT");
    expect(receipts.map(({ headers }) => headers["receipt-id"])).toEqual([
      ...["begin", "send", "commit", "begin again", "abort", "subscribe", "nack", "ack", "unsub:\n", "disconnect"],
    ]);
    expect(peer.closed).toEqual({ code: 1000, reason: "DISCONNECT" });
  });

  test("CONNECT cannot ask for one: CONNECTED is its answer", () => {
    const peer = new StompPeer(broker());
    peer.say("CONNECT", { "accept-version": "1.2", host: "x", receipt: "r" });
    expect(peer.heard()).toMatchObject([{ command: "CONNECTED" }]);
  });

  test("have no body", () => {
    const peer = StompPeer.connected(broker());
    peer.say("SEND", { destination: "/topic/a", receipt: "r" }, "body");
    expect(peer.messages.at(-1)).toBe("RECEIPT\nreceipt-id:r\n\n\0");
  });

  test("a frame that was refused gets ERROR with its receipt, and nothing behind it is looked at", () => {
    const application = broker();
    const peer = StompPeer.connected(application);
    peer.sayRaw("SEND\nreceipt:r\n\n\0SEND\ndestination:/queue/a\nreceipt:s\n\n\0");
    const frames = peer.heard();
    expect(frames).toMatchObject([{ command: "ERROR", headers: { message: "HEADER_MISSING", "receipt-id": "r" } }]);
    expect(frames[0]?.body).toBe("SEND has no header destination. Add it.");
    peer.sayRaw("SEND\ndestination:/queue/a\n\n\0");
    expect(application.stats.published).toBe(0);
  });

  test("headers of 1.0 may be padded, as in the examples of that standard", () => {
    const peer = StompPeer.connected(broker(), "1.0");
    peer.sayRaw("SUBSCRIBE\ndestination: /topic/a \nreceipt: r\n\n\0SEND\ndestination: /topic/a\n\nx\0");
    expect(peer.heard()).toMatchObject([
      { command: "RECEIPT", headers: { "receipt-id": "r" } },
      { command: "MESSAGE", headers: { destination: "/topic/a" }, body: "x" },
    ]);
    peer.sayRaw("SEND\ndestination:/topic/a\nx:first\n x : second\n\n\0");
    expect(peer.heard()).toMatchObject([{ headers: { x: "first" } }]);
  });

  test("a receipt of 1.0 that cannot be written back is refused without it", () => {
    const peer = StompPeer.connected(broker(), "1.0");
    peer.sayRaw("SEND\ndestination:/nowhere\nreceipt:a\rb\n\n\0");
    expect(peer.closed).toEqual({ code: 4100, reason: "MALFORMED_FRAME" });
    expect(peer.heard()).toMatchObject([{ command: "ERROR" }]);
  });
});

describe("DISCONNECT", () => {
  test("closes the channel in order, without a receipt too", () => {
    const peer = StompPeer.connected(broker());
    peer.say("DISCONNECT");
    expect([peer.heard(), peer.closed]).toEqual([[], { code: 1000, reason: "DISCONNECT" }]);
  });

  test("is the last frame that is looked at", () => {
    const application = broker();
    const peer = StompPeer.connected(application);
    peer.sayRaw("DISCONNECT\nreceipt:r\n\n\0SEND\ndestination:/queue/a\nreceipt:s\n\n\0");
    expect(peer.heard()).toMatchObject([{ command: "RECEIPT", headers: { "receipt-id": "r" } }]);
    expect(application.stats.published).toBe(0);
  });

  test("ends subscriptions at once", () => {
    const application = broker();
    const peer = StompPeer.connected(application);
    peer.say("SUBSCRIBE", { id: "1", destination: "/topic/a" });
    peer.say("DISCONNECT");
    application.publish("/topic/a", "x");
    expect(peer.heard()).toEqual([]);
    expect(application.stats).toMatchObject({ subscriptions: 0, topics: 0 });
  });
});

describe("what is let pass", () => {
  test("a body where there should be none is read and dropped", () => {
    const peer = StompPeer.connected(broker());
    peer.say("SUBSCRIBE", { id: "1", destination: "/topic/a" }, "no\0body");
    peer.say("SEND", { destination: "/topic/a" }, "x");
    expect(peer.bodies()).toEqual(["x"]);
  });

  test("line ends between frames, and CR LF for LF except in 1.1", () => {
    for (const [version, end] of [
      ["1.2", "\r\n"],
      ["1.1", "\n"],
      ["1.0", "\n"],
    ] as const) {
      const peer = StompPeer.connected(broker(), version);
      peer.sayRaw(
        "\n\nSUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0\n\nSEND\ndestination:/topic/a\n\nx\0\n".replaceAll("\n", end),
      );
      expect(peer.bodies()).toEqual(["x"]);
    }
  });

  test("white space around a header's value belongs to it, except in 1.0", () => {
    for (const [version, value] of [
      ["1.2", " v "],
      ["1.1", " v "],
      ["1.0", "v"],
    ] as const) {
      const peer = StompPeer.connected(broker(), version);
      peer.say("SUBSCRIBE", { id: "1", destination: "/topic/a" });
      peer.sayRaw("SEND\ndestination:/topic/a\nx: v \n\n\0");
      expect(peer.heard()).toMatchObject([{ headers: { x: value } }]);
    }
  });
});

describe("what is refused", () => {
  test.each([
    ["1.2", "send", {}, "COMMAND_UNKNOWN"],
    ["1.2", "CONNECTED", {}, "COMMAND_UNKNOWN"],
    ["1.0", "NACK", { "message-id": "1" }, "COMMAND_UNKNOWN"],
    ["1.2", "SEND", {}, "HEADER_MISSING"],
    ["1.2", "SUBSCRIBE", { id: "1" }, "HEADER_MISSING"],
    ["1.2", "SUBSCRIBE", { destination: "/topic/a" }, "HEADER_MISSING"],
    ["1.1", "SUBSCRIBE", { destination: "/topic/a" }, "HEADER_MISSING"],
    ["1.2", "UNSUBSCRIBE", { destination: "/topic/a" }, "HEADER_MISSING"],
    ["1.0", "UNSUBSCRIBE", {}, "HEADER_MISSING"],
    ["1.2", "ACK", { "message-id": "1", subscription: "1" }, "HEADER_MISSING"],
    ["1.1", "ACK", { "message-id": "1" }, "HEADER_MISSING"],
    ["1.1", "NACK", { subscription: "1" }, "HEADER_MISSING"],
    ["1.0", "ACK", { id: "1" }, "HEADER_MISSING"],
    ["1.2", "BEGIN", {}, "HEADER_MISSING"],
    ["1.2", "COMMIT", {}, "HEADER_MISSING"],
    ["1.2", "ABORT", {}, "HEADER_MISSING"],
    ["1.2", "SUBSCRIBE", { id: "1", destination: "/topic/a", ack: "never" }, "HEADER_INVALID"],
    ["1.2", "SUBSCRIBE", { id: "1", destination: "/exchange/a" }, "DESTINATION_UNKNOWN"],
    ["1.2", "SUBSCRIBE", { id: "1", destination: "/topic/" }, "DESTINATION_UNKNOWN"],
    ["1.2", "SEND", { destination: "/queue/" }, "DESTINATION_UNKNOWN"],
    ["1.2", "SEND", { destination: "queue" }, "DESTINATION_UNKNOWN"],
    ["1.2", "UNSUBSCRIBE", { id: "1" }, "SUBSCRIPTION_UNKNOWN"],
    ["1.2", "ACK", { id: "1.1" }, "ACK_UNKNOWN"],
    ["1.1", "NACK", { "message-id": "1", subscription: "1" }, "ACK_UNKNOWN"],
    ["1.2", "COMMIT", { transaction: "t" }, "TRANSACTION_UNKNOWN"],
    ["1.2", "ABORT", { transaction: "t" }, "TRANSACTION_UNKNOWN"],
    ["1.2", "SEND", { destination: "/topic/a", transaction: "t" }, "TRANSACTION_UNKNOWN"],
  ] as const)("STOMP %s %s %o: %s", (version, command, headers, code) => {
    const peer = StompPeer.connected(broker(), version);
    peer.say(command, { ...headers } as Record<string, string>);
    expect(peer.refusal()).toBe(code);
    expect(peer.closed).toEqual({ code: 4100, reason: code });
  });

  test("an unknown destination's ERROR says which exist", () => {
    const peer = StompPeer.connected(broker());
    peer.say("SEND", { destination: "/amq/queue/x" });
    expect(peer.heard()[0]?.body).toMatch(/\/topic\/.*\/queue\//);
  });

  test("a subscription id that is taken", () => {
    const peer = StompPeer.connected(broker());
    peer.say("SUBSCRIBE", { id: "1", destination: "/topic/a" });
    peer.say("SUBSCRIBE", { id: "1", destination: "/topic/b" });
    expect(peer.refusal()).toBe("SUBSCRIPTION_EXISTS");
  });

  test("more subscriptions than a connection may have", () => {
    const peer = StompPeer.connected(new Broker({ limits: { subscriptions: 2 }, clock: new ManualClock() }));
    for (const id of ["1", "2"]) peer.say("SUBSCRIBE", { id, destination: "/topic/a" });
    expect(peer.closed).toBeUndefined();
    peer.say("SUBSCRIBE", { id: "3", destination: "/topic/a" });
    expect(peer.refusal()).toBe("TOO_MANY_SUBSCRIPTIONS");
  });

  test.each([
    ["MALFORMED_FRAME", "SEND\nno colon\n\n\0"],
    ["MALFORMED_FRAME", "SEND\ndestination:\\t\n\n\0"],
    ["FRAME_TOO_BIG", "SEND\ndestination:/topic/a\ncontent-length:2000\n\n"],
    ["FRAME_TOO_BIG", `SEND\nlong:${"x".repeat(600)}\n\n\0`],
    ["TOO_MANY_HEADERS", `SEND\n${[..."abcdefghijk"].map((name) => `${name}:\n`).join("")}\n\0`],
  ])("what the codec finds: %s", (code, input) => {
    const limits = { frameOctets: 1000, headerOctets: 500, headers: 10 };
    const peer = StompPeer.connected(new Broker({ limits, clock: new ManualClock() }));
    peer.sayRaw(input);
    expect(peer.refusal()).toBe(code);
    expect(peer.closed).toEqual({ code: 4100, reason: code });
  });
});
