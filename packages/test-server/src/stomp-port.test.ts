import { afterEach, expect, test } from "vitest";
import { Broker } from "./broker/broker.ts";
import type { BrokerLimits } from "./broker/limits.ts";
import type { Application } from "./channel.ts";
import { listenStomp, type StompPort, type StompPortOptions } from "./stomp-port.ts";
import { StompPeer } from "./testing/stomp-peer.ts";
import { StompSocket } from "./testing/stomp-socket.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listen(application: Application, options: Partial<StompPortOptions> = {}): Promise<StompPort> {
  const port = await listenStomp({ application, port: 0, ...options });
  ends.push(() => port.close());
  return port;
}

async function open(port: StompPort): Promise<StompSocket> {
  const socket = await StompSocket.open(port.port);
  ends.push(() => socket.close());
  return socket;
}

const create = (limits: Partial<BrokerLimits> = {}) => new Broker({ limits });
const CONNECT = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";

test("port 0 picks a free one, on this host only", async () => {
  const port = await listen(create());
  expect(port.port).toBeGreaterThan(0);
  expect(port.host).toBe("127.0.0.1");
});

test("a port that is taken rejects", async () => {
  const { port } = await listen(create());
  await expect(listenStomp({ application: create(), port })).rejects.toThrow("EADDRINUSE");
});

test("frames may be cut anywhere", async () => {
  const port = await listen(create());
  const script = Buffer.from(
    `${CONNECT}\r\n\nSUBSCRIBE\r\nid:1\r\ndestination:/topic/☄\\c\r\n\r\n\0` +
      "SEND\ndestination:/topic/☄\\c\ncontent-length:7\n\na\0☄\r\n\0\nDISCONNECT\nreceipt:bye\n\n\0",
  );
  const cuts = [...script.keys()].map(async (cut) => {
    const peer = await open(port);
    peer.write(script.subarray(0, cut));
    await new Promise(setImmediate);
    peer.write(script.subarray(cut));
    await peer.until(({ isEnded }) => isEnded);
    expect(peer.frames.map(({ command }) => command)).toEqual(["CONNECTED", "MESSAGE", "RECEIPT"]);
    expect(Buffer.from(peer.frames[1]!.body as Uint8Array).toString()).toBe("a\0☄\r\n");
  });
  await Promise.all(cuts);
});

test("a frame that comes octet by octet is one frame", async () => {
  const port = await listen(create());
  const peer = await open(port);
  for (const octet of Buffer.from(`${CONNECT}SEND\ndestination:/queue/☄\nreceipt:1\n\n☄\0`)) {
    peer.write(Uint8Array.of(octet));
    await new Promise(setImmediate);
  }
  await peer.until(({ frames }) => frames.length === 2);
  expect(peer.frames[1]?.headers["receipt-id"]).toBe("1");
});

test("1,000 frames in one write are 1,000 frames, and so are their answers", async () => {
  const broker = create();
  const port = await listen(broker);
  const [publisher, subscriber] = [await open(port), await open(port)];
  subscriber.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:s\n\n\0`);
  await subscriber.until(({ frames }) => frames.length === 2);
  const numbers = Array.from({ length: 1000 }, (_, number) => number);
  publisher.write(CONNECT + numbers.map((n) => `SEND\ndestination:/topic/x\nreceipt:${n}\n\n${n}\0`).join(""));
  await Promise.all([
    publisher.until(({ frames }) => frames.length === 1001),
    subscriber.until(({ frames }) => frames.length === 1002),
  ]);
  expect(publisher.frames.slice(1).map(({ headers }) => Number(headers["receipt-id"]))).toEqual(numbers);
  expect(subscriber.frames.slice(2).map(({ body }) => Number(Buffer.from(body as Uint8Array)))).toEqual(numbers);
});

test("octets that are no text pass from TCP to TCP, and text from TCP to a page as text", async () => {
  const broker = create();
  const port = await listen(broker);
  const page = StompPeer.connected(broker);
  page.say("SUBSCRIBE", { id: "1", destination: "/topic/x" });
  const peer = await open(port);
  peer.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0`);
  peer.write(Buffer.concat([Buffer.from("SEND\ndestination:/topic/x\ncontent-length:2\n\n"), Buffer.of(0, 255, 0)]));
  peer.write("SEND\ndestination:/topic/x\n\n☄\0");
  await peer.until(({ frames }) => frames.length === 3);
  expect(peer.frames.slice(1).map(({ body }) => [...(body as Uint8Array)])).toEqual([[0, 255], [...Buffer.from("☄")]]);
  expect(page.messages.slice(1).map((message) => typeof message)).toEqual(["object", "string"]);
});

test("a shell that pipes its frames in and ends its side gets its answers", async () => {
  const port = await listen(create());
  const peer = await open(port);
  peer.socket.end(`${CONNECT}SEND\ndestination:/queue/x\nreceipt:1\n\n\0`);
  await peer.until(({ isEnded }) => isEnded);
  expect(peer.frames.map(({ command }) => command)).toEqual(["CONNECTED", "RECEIPT"]);
});

test("a client that goes gives back what it has not acknowledged", async () => {
  const broker = create();
  const port = await listen(broker);
  const peer = await open(port);
  peer.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/queue/x\nack:client\n\n\0SEND\ndestination:/queue/x\n\n\0`);
  await peer.until(({ frames }) => frames.length === 2);
  peer.socket.resetAndDestroy();
  while (broker.stats.connections > 0) await new Promise(setImmediate);
  expect(broker.stats).toMatchObject({ subscriptions: 0, queuedMessages: 1 });
});

test("ERROR arrives whole before the end, even while the client is still sending", async () => {
  const port = await listen(create());
  const peer = await open(port);
  peer.write(`${CONNECT}SEND\ndestination:/nowhere\n\n\0${"SEND\ndestination:/topic/x\n\nx\0".repeat(100_000)}`);
  await peer.until(({ isEnded }) => isEnded);
  expect(peer.frames.map(({ command, headers }) => headers.message ?? command)).toEqual([
    "CONNECTED",
    "DESTINATION_UNKNOWN",
  ]);
});

test("more connections than the port serves get ERROR, and those that are there do not notice", async () => {
  const port = await listen(create(), { maxConnections: 1 });
  const first = await open(port);
  first.write(CONNECT);
  await first.until(({ frames }) => frames.length === 1);
  const second = await open(port);
  await second.until(({ isEnded }) => isEnded);
  expect(second.frames[0]?.headers.message).toBe("TOO_MANY_CONNECTIONS");
  first.write("BEGIN\ntransaction:1\nreceipt:1\n\n\0");
  await first.until(({ frames }) => frames.length === 2);
});

test("a client that says nothing is ended with ERROR", async () => {
  const port = await listen(create({ connectTimeout: 20 }));
  const peer = await open(port);
  await peer.until(({ isEnded }) => isEnded);
  expect(peer.frames[0]?.headers.message).toBe("CONNECT_TIMEOUT");
});

test("close takes no more connections, and ends those there are after what was sent", async () => {
  const broker = create();
  const port = await listenStomp({ application: broker, port: 0 });
  const peer = await open(port);
  peer.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:1\n\n\0`);
  await peer.until(({ frames }) => frames.length === 2);
  expect(port.connections).toBe(1);
  broker.publish("/topic/x", "x".repeat(1_000_000));
  const closed = port.close();
  await peer.until(({ isEnded }) => isEnded);
  expect(peer.frames[2]?.body.length).toBe(1_000_000);
  await closed;
  await expect(StompSocket.open(port.port)).rejects.toThrow("ECONNREFUSED");
});

test("a client that reads slowly pauses a queue, and gets all of it in order", async () => {
  const broker = create();
  const port = await listen(broker);
  const peer = await open(port);
  peer.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/queue/x\nreceipt:1\n\n\0`);
  await peer.until(({ frames }) => frames.length === 2);
  peer.socket.pause();
  const filler = "x".repeat(100_000);
  for (let i = 0; i < 200; i++) broker.publish("/queue/x", `${i} ${filler}`);
  await new Promise(setImmediate);
  expect(broker.stats.queuedMessages).toBeGreaterThan(0);
  peer.socket.resume();
  await peer.until(({ frames }) => frames.length === 202);
  const numbers = peer.frames
    .slice(2)
    .map(({ body }) => Number.parseInt(Buffer.from(body as Uint8Array).toString(), 10));
  expect(numbers).toEqual(Array.from({ length: 200 }, (_, number) => number));
});

test("a publisher that floods a subscriber who reads late waits for it, and nothing is lost", async () => {
  const broker = create({ slowConsumerOctets: 4 * 1024 * 1024 });
  const port = await listen(broker);
  const [publisher, subscriber] = [await open(port), await open(port)];
  subscriber.write(`${CONNECT}SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:1\n\n\0`);
  await subscriber.until(({ frames }) => frames.length === 2);
  subscriber.socket.pause();
  const frame = `SEND\ndestination:/topic/x\n\n${"x".repeat(1000)}\0`;
  publisher.write(CONNECT + frame.repeat(30_000));
  // Until the publisher stands still.
  for (let published = 0, still = 0; still < 100; still++) {
    await new Promise(setImmediate);
    if (published === 0 || broker.stats.published > published) still = 0;
    published = broker.stats.published;
  }
  expect(broker.stats.published).toBeLessThan(30_000);
  subscriber.socket.resume();
  await subscriber.until(({ frames, isEnded }) => isEnded || frames.length === 30_002);
  expect(subscriber.frames.length).toBe(30_002);
});
