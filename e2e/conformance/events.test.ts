import { describe, expect, it } from "vitest";
import { newTopic } from "./stomp.ts";
import { useServer } from "./target.ts";

const server = useServer();

describe("an event stream", () => {
  it("5.3 has one batch an event, and neither id nor retry nor event", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("events", { r: received, t: 1 });
    await peer.publish(topic, "one\ntwo", "three");
    await stream.until("both messages come", () => stream.bodies.length >= 2);
    // The reader has refused every other field, and any event that is not a batch.
    expect(stream.text).not.toMatch(/^(?!data:|:|\r?$)/m);
  });

  it("5.3 has \\ written as \\\\ and CR as \\r, and no CR of its own in the data", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("events", { r: received, t: 1 });
    await peer.publish(topic, "a\\b\rc\\r");
    await stream.until("the message comes", () => stream.bodies.length > 0);
    expect(stream.text).toContain("a\\\\b\\rc\\\\r");
    expect(stream.text.replaceAll("\r\n", "\n")).not.toContain("\r");
  });
});

describe("an EventSource that comes back by itself", () => {
  it("5.3 is answered 204 once the server has ended the carrier", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const stream = await peer.stream("events", { r: received, t: 1 });
    await stream.greeted();
    await peer.poll({ r: received, h: 0 });
    expect(await stream.carrierEnd()).toBe(4005);
    for (let times = 0; times < 2; times++) {
      const again = await peer.attach("events", { r: received, t: 1, c: stream.number });
      expect(again.status).toBe(204);
      expect(await again.text()).toBe("");
    }
    expect((await peer.poll({ r: received, h: 0 })).carrierEnd).toBeUndefined();
  });

  it("5.3 is answered 204 though the carrier was named with another number", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const stream = await peer.stream("events", { r: received });
    await stream.greeted();
    await stream.speak(`n${++peer.count}:`);
    await stream.until("s comes", () => stream.start !== undefined);
    await peer.poll({ r: received, h: 0 });
    expect(await stream.carrierEnd()).toBe(4005);
    expect((await peer.attach("events", { r: received, c: stream.number })).status).toBe(204);
  });

  it("5.3 gets on where the carrier was lost on the way", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream("events", { r: received, t: 1 });
    await stream.until("s comes", () => stream.start !== undefined);
    stream.destroy();
    await peer.publish(topic, "kept");
    const again = await peer.stream("events", { r: received, t: 1, c: stream.number });
    await again.until("the message comes", () => again.bodies.length > 0);
    expect(again.bodies).toEqual(["kept"]);
  });
});
