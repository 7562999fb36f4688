import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../channel.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Relay } from "./relay.ts";

/** What a client's end of a channel sees. */
class Client implements Channel {
  heard = "";
  octets: Uint8Array[] = [];
  closed: { code: number; reason: string } | undefined;
  isPaused = false;
  bufferedAmount = 0;
  send(message: string | Uint8Array): void {
    if (typeof message === "string") this.heard += message;
    else this.octets.push(message);
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

/** A broker that a test plays. */
let broker: Server;
let clock: ManualClock;
let relay: Relay;
/** The latest connection to it, and what came over that. */
let connection: Socket | undefined;
let heard: string;

beforeEach(async () => {
  connection = undefined;
  heard = "";
  clock = new ManualClock();
  broker = createServer((socket) => {
    connection = socket;
    socket.on("data", (octets) => {
      heard += octets;
    });
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(broker, "listening");
  const { port } = broker.address() as AddressInfo;
  relay = new Relay({ hostname: "127.0.0.1", port, login: "me", passcode: "secret", host: "shop" }, clock);
});
afterEach(() => {
  connection?.destroy();
  broker.close();
});

const connectFrame = "CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\n\n\0";
const connectedFrame = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0";

async function open(connect = connectFrame) {
  const client = new Client();
  const handler = relay.accept(client);
  handler.onMessage(connect);
  await expect.poll(() => heard).toContain("\0");
  return { client, handler };
}

async function openConnected() {
  const opened = await open();
  connection!.write(connectedFrame);
  await expect.poll(() => opened.client.heard).toContain("CONNECTED");
  heard = opened.client.heard = "";
  return opened;
}

describe("a relay", () => {
  it("opens no connection before CONNECT", async () => {
    relay.accept(new Client());
    await new Promise(setImmediate);
    expect(connection).toBeUndefined();
    expect(relay.connections).toBe(1);
  });

  it("says its own login where the client says none, and its own virtual host", async () => {
    await open();
    expect(heard).toContain("\nlogin:me\n");
    expect(heard).toContain("\npasscode:secret\n");
    expect(heard).toContain("\nhost:shop\n");
  });

  it("leaves a login of the client's as it is", async () => {
    await open("CONNECT\naccept-version:1.2\nhost:/\nlogin:you\npasscode:yours\n\n\0");
    expect(heard).toContain("\nlogin:you\n");
    expect(heard).not.toContain("secret");
  });

  it("holds what follows CONNECT until the broker has answered", async () => {
    const { handler, client } = await open();
    handler.onMessage("SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0SEND\ndestination:/topic/a\n\nx\0");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).not.toContain("SUBSCRIBE");
    connection!.write(connectedFrame);
    await expect.poll(() => heard).toMatch(/SUBSCRIBE[\s\S]*SEND[\s\S]*\nx\0/);
    expect(client.heard).toContain("CONNECTED\nversion:1.2\n");
  });

  it("passes text as text and octets as octets, cut anywhere", async () => {
    const { client } = await openConnected();
    const text = Buffer.from("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/a\n\n☄\0");
    for (const octet of text) connection!.write(Buffer.of(octet));
    connection!.write(
      Buffer.from("MESSAGE\nsubscription:1\nmessage-id:2\ndestination:/a\ncontent-length:2\n\n\xff\0\0", "latin1"),
    );
    await expect.poll(() => client.octets.length).toBe(1);
    expect(client.heard).toContain("\n☄\0");
    expect(Buffer.from(client.octets[0]!).toString("latin1")).toMatch(/message-id:2\n[\s\S]*\n\n\xff\0\0$/);
  });

  it("lets the broker answer DISCONNECT, and ends with it", async () => {
    const { client, handler } = await openConnected();
    handler.onMessage("DISCONNECT\nreceipt:bye\n\n\0");
    await expect.poll(() => heard).toContain("DISCONNECT");
    connection!.end("RECEIPT\nreceipt-id:bye\n\n\0");
    await expect.poll(() => client.closed).toEqual({ code: 1000, reason: "DISCONNECT" });
    expect(client.heard).toContain("RECEIPT\nreceipt-id:bye\n");
    expect(relay.connections).toBe(0);
  });

  it("passes on what the broker refuses, in its words, and ends", async () => {
    const { client } = await open();
    connection!.end("ERROR\nmessage:Bad CONNECT\n\nAccess refused\0");
    await expect.poll(() => client.closed).toEqual({ code: 4100, reason: "ERROR" });
    expect(client.heard).toMatch(/^ERROR\nmessage:Bad CONNECT\n[\s\S]*Access refused\0$/);
  });

  it("outlives a CONNECT that cannot be written to a broker that cannot be had, and an ERROR of any length", async () => {
    const { client } = await open();
    connection!.end(`ERROR\nmessage:${"x".repeat(1_000)}\n\n\0`);
    await expect.poll(() => client.closed?.reason).toBe("ERROR");
    broker.close();
    const other = new Client();
    relay.accept(other).onMessage("STOMP\nhost:/\nlogin:a\\nb\n\n\0");
    expect(other.closed).toEqual({ code: 4100, reason: "MALFORMED_FRAME" });
    // Until a connection would have been refused.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it("holds so much for a broker that does not answer, and no more", async () => {
    const { client, handler } = await open();
    const frame = `SEND\ndestination:/a\nx:${"y".repeat(60_000)}\n\n\0`;
    for (let count = 0; count < 300; count++) handler.onMessage(frame);
    expect(client.closed).toEqual({ code: 4100, reason: "TOO_MUCH_WAITING" });
  });

  it("tells the client when the broker goes", async () => {
    const { client } = await openConnected();
    connection!.destroy();
    await expect.poll(() => client.closed).toEqual({ code: 4100, reason: "BROKER_GONE" });
    expect(client.heard).toContain("ERROR\nmessage:BROKER_GONE\n");
    expect(relay.connections).toBe(0);
  });

  it("tells the client when the broker cannot be had", async () => {
    broker.close();
    const client = new Client();
    relay.accept(client).onMessage(connectFrame);
    await expect.poll(() => client.closed?.reason).toBe("BROKER_GONE");
    expect(client.heard).toContain("ECONNREFUSED");
  });

  it("gives a broker that does not answer 10 s", async () => {
    const { client } = await open();
    clock.advance(9_999);
    expect(client.closed).toBeUndefined();
    clock.advance(1);
    expect(client.closed).toEqual({ code: 4100, reason: "CONNECT_TIMEOUT" });
  });

  it.each([
    ["SEND\ndestination:/a\n\n\0", "NOT_CONNECTED"],
    ["no command\n\n", "MALFORMED_FRAME"],
  ])("refuses %j in place of CONNECT", (frame, reason) => {
    const client = new Client();
    relay.accept(client).onMessage(`${frame}\0`);
    expect(client.closed).toEqual({ code: 4100, reason });
  });

  it("stops reading the broker while the client takes too little, and goes on", async () => {
    const { client, handler } = await openConnected();
    client.bufferedAmount = 10 * 1024 * 1024;
    connection!.write("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/a\n\none\0");
    await expect.poll(() => client.heard).toContain("one");
    connection!.write("MESSAGE\nsubscription:1\nmessage-id:2\ndestination:/a\n\ntwo\0");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(client.heard).not.toContain("two");
    client.bufferedAmount = 0;
    handler.onDrain!();
    await expect.poll(() => client.heard).toContain("two");
  });

  it("stops reading the client while the broker takes too little, and goes on", async () => {
    const { client, handler } = await openConnected();
    connection!.pause();
    const body = "x".repeat(1024 * 1024);
    for (let count = 0; count < 32 && !client.isPaused; count++) {
      handler.onMessage(`SEND\ndestination:/a\n\n${body}\0`);
      await new Promise(setImmediate);
    }
    expect(client.isPaused).toBe(true);
    connection!.resume();
    await expect.poll(() => client.isPaused).toBe(false);
  });

  it("beats for the broker as often as it asked", async () => {
    const { client } = await open();
    connection!.write("CONNECTED\nversion:1.2\nheart-beat:0,4000\n\n\0");
    await expect.poll(() => client.heard).toContain("CONNECTED");
    heard = "";
    clock.advance(10_000);
    await expect.poll(() => heard).toMatch(/^\n+$/);
    // The client wanted none.
    expect(client.heard.endsWith("\0")).toBe(true);
  });

  it("ends the connection when the client goes, behind what that has sent", async () => {
    const { handler } = await openConnected();
    handler.onMessage("SEND\ndestination:/a\n\nlast\0");
    const ended = once(connection!, "end");
    handler.onClose();
    await ended;
    expect(heard).toContain("last");
    expect(relay.connections).toBe(0);
  });
});
