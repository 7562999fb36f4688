import { describe, expect, it } from "vitest";
import { text } from "./records.ts";
import { CONNECT, newTopic, sendTo, subscribeTo } from "./stomp.ts";
import { useServer } from "./target.ts";

const server = useServer();

describe("what the server accepts", () => {
  it("3.1 messages are counted over all bodies, from 1", async () => {
    const peer = server.peer();
    const topic = newTopic();
    expect((await peer.poll({ o: 1, h: 0 })).acknowledged).toBe(0);
    expect((await peer.poll({ h: 0 }, `s1:${text(CONNECT)}`)).acknowledged).toBe(1);
    expect((await peer.send(`s2:${text(sendTo(topic, "a"))}${text(sendTo(topic, "b"))}`)).acknowledged).toBe(3);
    expect((await peer.poll({ h: 0 })).acknowledged).toBe(3);
  });

  it("3.1 a message with a number that was accepted before is dropped without a sound", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const publisher = server.peer();
    await publisher.connect();
    const [one, two, three] = ["one", "two", "three"].map((body) => text(sendTo(topic, body)));
    expect((await publisher.send(`s2:${one}${two}`)).acknowledged).toBe(3);
    expect((await publisher.send(`s2:${one}${two}`)).shape).toBe("a");
    expect((await publisher.poll({ r: 1, h: 0 }, `s3:${two}${three}`)).acknowledged).toBe(4);
    publisher.sent = 4;
    await publisher.publish(topic, "the end");
    expect(await subscriber.listen(received, 4)).toEqual(["one", "two", "three", "the end"]);
  });

  it("3.1 a duplicate on a WebSocket is dropped, and what follows it is accepted", async () => {
    const topic = newTopic();
    const peer = server.peer();
    await peer.poll({ o: 1, h: 0 }, `s1:${text(CONNECT)}${text(subscribeTo(topic))}`);
    const socket = await peer.socket({ t: 1 });
    socket.send(`s2:${text(subscribeTo(topic))}${text(sendTo(topic, "once"))}${text(sendTo(topic, "twice"))}`);
    await socket.until("both messages come", () => socket.bodies.length >= 2);
    await socket.settled();
    expect(socket.bodies).toEqual(["once", "twice"]);
  });

  it("3.1 a gap in a POST body drops the rest of it, and the answer says where to go on", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const publisher = server.peer();
    await publisher.connect();
    const [one, two] = ["one", "two"].map((body) => text(sendTo(topic, body)));
    const early = await publisher.send(`s3:${two}`);
    expect(early.shape).toBe("a");
    expect(early.acknowledged).toBe(1);
    expect((await publisher.poll({ r: 1, h: 0 }, `s4:${two}`)).acknowledged).toBe(1);
    expect((await publisher.send(`s2:${one}`)).acknowledged).toBe(2);
    expect((await publisher.send(`s3:${two}`)).acknowledged).toBe(3);
    expect(await subscriber.listen(received, 2)).toEqual(["one", "two"]);
  });

  it("3.1 a gap on a WebSocket ends that carrier with 4010, and the session goes on", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT, subscribeTo(topic)));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
    const received = socket.messages.length;
    const lost = text(sendTo(topic, "lost"));
    socket.send(`s4:${lost}`);
    expect(await socket.closed()).toBe(4010);
    const next = await peer.socket({ t: 1, r: received });
    await next.greeted();
    expect(next.acknowledged).toBe(2);
    next.send(peer.say(sendTo(topic, "found")));
    await next.until("the message comes", () => next.bodies.length > 0);
    expect(next.bodies).toEqual(["found"]);
  });
});

describe("what the server sends", () => {
  it("3.1 s names the next message, and each has the next number", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    await peer.publish(topic, "one", "two");
    const first = await peer.poll({ r: received });
    expect(first.start).toBe(received + 1);
    await peer.publish(topic, "three");
    const second = await peer.poll({ r: received + 1 });
    expect(second.start).toBe(received + 2);
    expect(second.bodies[0]).toBe("two");
  });

  it("3.1 what is not acknowledged is sent again, as often as it takes", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    await peer.publish(topic, "again");
    for (let times = 0; times < 3; times++) {
      const answer = await peer.poll({ r: received });
      expect(answer.start).toBe(received + 1);
      expect(answer.bodies).toEqual(["again"]);
    }
    const acknowledged = await peer.poll({ r: received + 1, h: 0 });
    expect(acknowledged.messages).toEqual([]);
  });
});

describe("acknowledgements from the client", () => {
  it("3.1 an acknowledgement below an earlier one is ignored", async () => {
    const peer = server.peer();
    const received = await peer.subscribe(newTopic());
    expect((await peer.poll({ r: 0, h: 0 })).messages).toEqual([]);
    expect((await peer.send("a0:")).shape).toBe("a");
    expect((await peer.poll({ r: received, h: 0 })).sessionEnd).toBeUndefined();
  });

  it("3.1 r above what was sent ends the session with 4000", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.poll({ r: received + 1_000 })).sessionEnd).toBe(4000);
  });

  it("3.1 r above what was sent ends the session with 4000 on a WebSocket", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1, r: 1_000 });
    expect(await socket.sessionEnd()).toBe(4000);
  });

  it("3.1 an a above what was sent ends the session with 4000", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.send(`a${received + 1_000}:`)).sessionEnd).toBe(4000);
  });

  it("3.1 an a in a send is enough for a message not to be sent again", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    await peer.publish(topic, "one", "two");
    await peer.poll({ r: received });
    await peer.send(`a${received + 1}:`);
    const answer = await peer.poll({ r: received });
    expect(answer.start).toBe(received + 2);
    expect(answer.bodies).toEqual(["two"]);
  });
});

describe("when the server acknowledges", () => {
  it("3.2 a message on a WebSocket is acknowledged within 1 s", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
    socket.send(peer.sayOn(sendTo(newTopic(), "nobody answers this")));
    await socket.until("the acknowledgement comes", () => socket.acknowledged === 2, 2_000);
  });

  it("3.2 64 KiB on a WebSocket are acknowledged before the second is over", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT));
    await socket.until("the acknowledgement comes", () => socket.acknowledged === 1);
    const topic = newTopic();
    socket.send(peer.sayOn(...Array.from({ length: 9 }, () => sendTo(topic, "x".repeat(8_192)))));
    await socket.until("an acknowledgement comes", () => (socket.acknowledged ?? 0) > 1, 900);
  });

  it("3.2 an empty send is answered with an acknowledgement", async () => {
    const peer = server.peer();
    await peer.connect();
    const answer = await peer.send("");
    expect(answer.shape).toBe("a");
    expect(answer.acknowledged).toBe(1);
  });
});
