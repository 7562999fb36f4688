import { describe, expect, it } from "vitest";
import { isPending, timed, within } from "./deadline.ts";
import { CONNECT, commandOf, newTopic, sendTo } from "./stomp.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

describe("when a poll is answered", () => {
  it("5.1 a poll with h=0 is answered at once with a greeting and an acknowledgement", async () => {
    const peer = server.peer();
    expect((await peer.poll({ o: 1, h: 0 })).shape).toBe("ga");
  });

  it("5.1 the poll that opens the session brings the answer to the messages in its body", async () => {
    const peer = server.peer();
    const answer = await within(peer.poll({ o: 1 }, peer.say(CONNECT)), "CONNECTED comes");
    expect(answer.shape).toMatch(/^gas[tb]$/);
    expect(answer.acknowledged).toBe(1);
    expect(answer.start).toBe(1);
    expect(commandOf(answer.messages[0]!.message)).toBe("CONNECTED");
  });

  it("5.1 a poll is held until there is a message for the client", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const publisher = server.peer();
    const held = subscriber.poll({ r: received });
    await publisher.connect();
    expect(await isPending(held)).toBe(true);
    await publisher.publish(topic, "hello");
    const answer = await within(held, "the held poll is answered");
    expect(answer.bodies).toEqual(["hello"]);
  });

  it("5.1 a poll with new messages in its body is answered within about 1 s though nobody answers them", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const [answer, ms] = await timed(() => peer.poll({ r: received }, peer.say(sendTo(newTopic(), "unheard"))));
    expect(answer.shape).toBe("ga");
    expect(answer.acknowledged).toBe(2);
    expect(ms).toBeLessThan(8_000);
  });

  it("5.1 a poll is held no longer than h says", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const [answer, ms] = await timed(() => peer.poll({ r: received, h: 300 }));
    expect(answer.shape).toBe("ga");
    expect(ms).toBeGreaterThan(280);
    expect(ms).toBeLessThan(8_000);
  });

  it("5.1 what comes between two polls is kept for the second", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    await peer.publish(topic, "one");
    await peer.publish(topic, "two");
    expect(await peer.listen(received, 2)).toEqual(["one", "two"]);
  });

  it("5.1 an answer is ended after 1 MiB of messages, and the next ones bring the rest", async () => {
    const KIB = 1_024;
    const topic = newTopic();
    const peer = server.peer();
    let received = await peer.subscribe(topic);
    const names = Array.from({ length: 30 }, (_, index) => String(index).padStart(60 * KIB, "."));
    for (let at = 0; at < names.length; at += 3) await peer.publish(topic, ...names.slice(at, at + 3));
    const bodies: string[] = [];
    let answers = 0;
    while (bodies.length < names.length) {
      const answer = await peer.poll({ r: received });
      expect(answer.start).toBe(received + 1);
      expect(answer.bodies.join("").length).toBeLessThanOrEqual(1_024 * KIB + 61 * KIB);
      bodies.push(...answer.bodies);
      received += answer.messages.length;
      answers++;
    }
    expect(bodies).toEqual(names);
    expect(answers).toBeGreaterThan(1);
  });
});

describe("the body of a poll", () => {
  it("5.1 is taken in before the poll is held", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const held = subscriber.poll({ r: received });
    const publisher = server.peer();
    await publisher.connect();
    const publishing = publisher.poll({ r: 1 }, publisher.say(sendTo(topic, "through the body")));
    expect((await within(held, "the message comes")).bodies).toEqual(["through the body"]);
    await publishing;
  });
});

describe.skipIf(isForeign)("on a server that holds for 400 ms", () => {
  const brief = useServer({ limits: { hold: 400 } });

  it.each([
    ["without h", {}],
    ["with a larger h", { h: 3_600_000 }],
  ])("5.1 a poll %s is held for the server's hold time", async (_, parameters) => {
    const peer = brief.peer();
    const received = await peer.connect();
    const [answer, ms] = await timed(() => peer.poll({ r: received, ...parameters }));
    expect(answer.shape).toBe("ga");
    expect(ms).toBeGreaterThan(380);
    expect(ms).toBeLessThan(8_000);
  });
});

describe("send beside a poll", () => {
  it("5.2 a send is answered while a poll is held, and what it causes comes by the poll", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const held = peer.poll({ r: received });
    const answer = await within(peer.send(peer.say(sendTo(topic, "to myself"))), "the send is answered");
    expect(answer.shape).toBe("a");
    expect(answer.acknowledged).toBe(3);
    expect((await within(held, "the poll is answered")).bodies).toEqual(["to myself"]);
  });

  it("5.2 a send may be repeated, even with the same URL", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const body = peer.say(sendTo(topic, "once"));
    const c = peer.count + 1;
    expect((await peer.send(body, { c })).acknowledged).toBe(3);
    expect((await peer.send(body, { c })).acknowledged).toBe(3);
    await peer.publish(topic, "and then");
    expect(await peer.listen(received, 2)).toEqual(["once", "and then"]);
  });

  it("5.2 a send that overtakes what precedes it is answered with what was received", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const first = peer.say(sendTo(topic, "first"));
    const second = peer.say(sendTo(topic, "second"));
    expect((await peer.send(second)).acknowledged).toBe(2);
    await peer.poll({ r: received }, first);
    expect((await peer.send(second)).acknowledged).toBe(4);
    expect(await peer.listen(received, 2)).toEqual(["first", "second"]);
  });
});
