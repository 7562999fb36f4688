import { describe, expect, it } from "vitest";
import { elapse, isPending, timed, within } from "./deadline.ts";
import type { Peer } from "./peer.ts";
import { endOfSession, parametersOf } from "./records.ts";
import { CONNECT, commandOf, newTopic, sendTo, subscribeTo } from "./stomp.ts";
import { streamKinds } from "./stream.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

async function expectGone(peer: Peer): Promise<void> {
  expect((await peer.poll({ h: 0 })).sessionEnd, "by poll").toBe(4002);
  expect((await peer.poll({ h: 0, o: 1 })).sessionEnd, "by poll with o").toBe(4002);
  expect((await peer.send("")).sessionEnd, "by send").toBe(4002);
  const socket = await peer.socket({ o: 1 });
  expect(await socket.sessionEnd(), "by WebSocket").toBe(4002);
}

describe("opening", () => {
  it("7 a poll with o opens the session", async () => {
    const peer = server.peer();
    expect((await peer.poll({ o: 1, h: 0 })).shape).toBe("ga");
    expect((await peer.poll({ h: 0 })).shape).toBe("ga");
  });

  it("7 a WebSocket with o opens the session", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    await socket.until("g, a and s come", () => socket.shape === "gas");
    expect(socket.acknowledged).toBe(0);
    expect(socket.start).toBe(1);
    socket.send(peer.say(CONNECT));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
  });

  it("7 with o on both, the poll may come first and the WebSocket second", async () => {
    const peer = server.peer();
    const answer = await peer.poll({ o: 1 }, peer.say(CONNECT));
    const socket = await peer.socket({ o: 1 });
    await socket.greeted();
    expect(socket.acknowledged).toBe(1);
    socket.send(`a${answer.messages.length}:n${++peer.count}:`);
    await socket.until("s comes", () => socket.start === 2);
  });

  it("7 with o on both, a WebSocket that is a candidate may come first and the poll second", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, c: 2 });
    await socket.greeted();
    expect(socket.acknowledged).toBe(0);
    const answer = await peer.poll({ o: 1, c: 1 }, peer.say(CONNECT));
    expect(answer.messages.map(({ message }) => commandOf(message))).toEqual(["CONNECTED"]);
    await socket.settled();
    expect(socket.messages).toEqual([]);
    socket.send(`a1:n${++peer.count}:`);
    await socket.until("s comes", () => socket.start === 2);
  });

  it("7 o for a session that is known opens no second one", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const answer = await peer.poll({ o: 1, r: received, h: 0 });
    expect(answer.shape).toBe("ga");
    expect(answer.acknowledged).toBe(1);
  });
});

describe("a session that the server does not know", () => {
  it("7 is answered x with 4002 and no greeting to a poll without o", async () => {
    const answer = await server.peer().poll({ r: 3 });
    expect(answer.sessionEnd).toBe(4002);
    expect(answer.shape).not.toContain("g");
  });

  it("7 is answered x with 4002 to a send", async () => {
    const peer = server.peer();
    expect((await peer.send(peer.say(CONNECT))).sessionEnd).toBe(4002);
  });

  it("7 is told by x and close code 4002 on a WebSocket without o", async () => {
    const socket = await server.peer().socket({ t: 1 });
    expect(await socket.sessionEnd()).toBe(4002);
    expect(socket.shape).not.toContain("g");
  });

  it("7 can be opened after that", async () => {
    const peer = server.peer();
    await peer.poll({ h: 0 });
    expect((await peer.poll({ o: 1, h: 0 })).shape).toBe("ga");
  });
});

describe("resuming", () => {
  it("7 after a poll's answer was lost, the next poll brings the same messages with the same numbers", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    await peer.publish(topic, "one", "two");
    const lost = await peer.poll({ r: received });
    const next = await peer.poll({ r: received });
    expect(next.messages.slice(0, lost.messages.length)).toEqual(lost.messages);
  });

  it("7 a poll whose client has gone away takes nothing with it", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const gone = new AbortController();
    const { answer: held } = await peer.hold({ r: received }, gone.signal);
    gone.abort();
    await expect(held).rejects.toThrow();
    await peer.publish(topic, "for the next");
    expect((await peer.poll({ r: received })).bodies).toEqual(["for the next"]);
  });

  it("7 after a WebSocket was destroyed, the next one goes on from r", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT, subscribeTo(topic), sendTo(topic, "one"), sendTo(topic, "two")));
    await socket.until("two messages come", () => socket.bodies.length >= 2);
    const received = socket.messages.length;
    socket.destroy();
    const publisher = server.peer();
    await publisher.connect();
    await publisher.publish(topic, "three");
    const next = await peer.socket({ r: received - 1, t: 1 });
    await next.until("two messages come", () => next.bodies.length >= 2);
    expect(next.start).toBe(received);
    expect(next.bodies).toEqual(["two", "three"]);
    expect(next.acknowledged).toBe(4);
  });

  it("7 after a WebSocket was destroyed, a poll goes on from r", async () => {
    const topic = newTopic();
    const peer = server.peer();
    const received = await peer.subscribe(topic);
    const socket = await peer.socket({ r: received, t: 1 });
    await socket.until("s comes", () => socket.start !== undefined);
    socket.destroy();
    await peer.publish(topic, "still there");
    expect((await peer.poll({ r: received })).bodies).toEqual(["still there"]);
  });

  it("7 a WebSocket that the client closed ends the carrier and not the session", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const socket = await peer.socket({ r: received, t: 1 });
    await socket.greeted();
    socket.close();
    await socket.closed();
    expect((await peer.poll({ r: received, h: 0 })).shape).toBe("ga");
  });
});

describe("the end by the client", () => {
  const normal = endOfSession({ code: "1000" });

  it("7 x in a poll is answered with x and 1000, and the session is gone", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    expect((await peer.poll({ r: received }, normal)).sessionEnd).toBe(1000);
    await expectGone(peer);
  });

  it("7 x in a send is answered with x and 1000, and the session is gone", async () => {
    const peer = server.peer();
    await peer.connect();
    const answer = await peer.send(normal);
    expect(answer.shape).toBe("ax");
    expect(answer.sessionEnd).toBe(1000);
    await expectGone(peer);
  });

  it("7 x on a WebSocket is answered with x and a close with 1000, and the session is gone", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT));
    await socket.until("CONNECTED comes", () => socket.messages.length > 0);
    socket.send(normal);
    expect(await socket.sessionEnd()).toBe(1000);
    await expectGone(peer);
  });

  it("7 what precedes x is taken in", async () => {
    const topic = newTopic();
    const subscriber = server.peer();
    const received = await subscriber.subscribe(topic);
    const held = subscriber.poll({ r: received });
    const peer = server.peer();
    await peer.connect();
    const last = await peer.send(peer.say(sendTo(topic, "last words")) + normal);
    expect(last.acknowledged).toBe(2);
    expect((await within(held, "the message comes")).bodies).toEqual(["last words"]);
  });

  it("7 x in a send ends the session's held poll with x", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const { answer: held } = await peer.hold({ r: received });
    await peer.send(normal);
    expect((await within(held, "the held poll is answered")).sessionEnd).toBe(1000);
  });

  it("7 x in a send ends the session's WebSockets with x", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const active = await peer.socket({ r: received, t: 1 });
    const candidate = await peer.socket({ r: received });
    await active.greeted();
    await candidate.greeted();
    await peer.send(normal);
    expect(await active.sessionEnd()).toBe(1000);
    expect(await candidate.sessionEnd()).toBe(1000);
  });

  it("8 x may have a reason and keys that the server does not know", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(endOfSession({ code: "1000", reason: "wäre alles 😀", new: "1" }))).sessionEnd).toBe(1000);
  });

  it.each(["0", "5", "999", "1005", "1006", "2000", "5000", "99999", "4e3", "-1", "Infinity"])(
    "8 x with the code %s, with which no WebSocket can be closed, ends the session with 4000",
    async (code) => {
      const bystander = server.peer();
      const received = await bystander.connect();
      const peer = server.peer();
      const socket = await peer.socket({ o: 1, t: 1 });
      socket.send(endOfSession({ code }));
      expect(await socket.sessionEnd()).toBe(4000);
      expect((await bystander.poll({ r: received, h: 0 })).shape).toBe("ga");
    },
  );

  it("8 x without a code ends the session with 4000", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send(endOfSession({ reason: "none" }))).sessionEnd).toBe(4000);
  });
});

describe("the end by the server", () => {
  it("7 x comes behind the last message, with 4100 from a broker that has refused", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const answer = await peer.poll({ r: received }, peer.say("NO SUCH COMMAND\n\n\0"));
    expect(answer.messages.map(({ message }) => commandOf(message))).toEqual(["ERROR"]);
    expect(answer.shape).toMatch(/^gas[tb]x$/);
    expect(answer.sessionEnd).toBe(4100);
    // The answer may be lost on its way, so the server may go on saying it for a while.
    expect([4002, 4100]).toContain((await peer.poll({ r: received + 1, h: 0 })).sessionEnd);
  });

  it("8 on a WebSocket x comes behind the last message and is followed by closing with its code", async () => {
    const peer = server.peer();
    const socket = await peer.socket({ o: 1, t: 1 });
    socket.send(peer.say(CONNECT, "NO SUCH COMMAND\n\n\0"));
    expect(await socket.sessionEnd()).toBe(4100);
    expect(socket.messages.map(({ message }) => commandOf(message))).toEqual(["CONNECTED", "ERROR"]);
  });
});

describe.skipIf(isForeign)("on a server that keeps sessions for 1.5 s", () => {
  const forgetful = useServer({ resumeWindow: 1.5, limits: { hold: 3_000 } });

  it("7 a session without a carrier ends after the window", async () => {
    const peer = forgetful.peer();
    await peer.connect();
    await elapse(2_500);
    await expectGone(peer);
  });

  it("7 a session comes back within the window", async () => {
    const peer = forgetful.peer();
    const received = await peer.connect();
    await elapse(700);
    expect((await peer.poll({ r: received, h: 0 })).shape).toBe("ga");
    await elapse(1_000);
    expect((await peer.poll({ r: received, h: 0 })).shape).toBe("ga");
  });

  it("7 a held poll keeps the session for longer than the window", async () => {
    const peer = forgetful.peer();
    const received = await peer.connect();
    const [answer, ms] = await timed(() => peer.poll({ r: received }));
    expect(answer.shape).toBe("ga");
    expect(ms).toBeGreaterThan(2_800);
    expect((await peer.poll({ r: received, h: 0 })).shape).toBe("ga");
  });

  it.each(streamKinds)(
    "7 %s keeps the session for longer than the window, and no longer than it is there",
    async (kind) => {
      const peer = forgetful.peer();
      const received = await peer.connect();
      const stream = await peer.stream(kind, { r: received, t: 1 });
      await stream.greeted();
      await elapse(2_500);
      await stream.settled();
      stream.destroy();
      await elapse(2_500);
      await expectGone(peer);
    },
  );

  it("7 a WebSocket keeps the session for longer than the window", async () => {
    const peer = forgetful.peer();
    const received = await peer.connect();
    const socket = await peer.socket({ r: received, t: 1 });
    await socket.greeted();
    await elapse(2_500);
    await socket.settled();
    expect(socket.isOpen).toBe(true);
  });
});

describe.skipIf(isForeign)("on a server that goes down", () => {
  const going = useServer();

  it("9 sessions are told 4006 and when to come back", async () => {
    const [polling, streaming] = [going.peer(), going.peer()];
    const received = await polling.connect();
    const { answer: held } = await polling.hold({ r: received });
    const socket = await streaming.socket({ o: 1, t: 1 });
    await socket.greeted();
    const closed = going.close();
    const answer = await within(held, "the held poll is answered");
    expect(answer.sessionEnd).toBe(4006);
    expect(parametersOf(answer.records.at(-1)!).get("retry")).toMatch(/^[0-9]+$/);
    expect(await socket.sessionEnd()).toBe(4006);
    expect(parametersOf(socket.records.at(-1)!).get("retry")).toMatch(/^[0-9]+$/);
    await closed;
  });
});

describe.skipIf(isForeign).each(streamKinds)("on a server that goes down, %s", (kind) => {
  const going = useServer();

  it("9 is told 4006 and when to come back, behind what it still had to get", async () => {
    const topic = newTopic();
    const peer = going.peer();
    const received = await peer.subscribe(topic);
    const stream = await peer.stream(kind, { r: received, t: 1 });
    await stream.greeted();
    await peer.publish(topic, "the last");
    const closed = going.close();
    expect(await stream.sessionEnd()).toBe(4006);
    expect(parametersOf(stream.records.at(-1)!).get("retry")).toMatch(/^[0-9]+$/);
    expect(stream.bodies).toEqual(["the last"]);
    await closed;
  });
});

describe("a held poll", () => {
  it("7 of a session does not notice the end of another", async () => {
    const staying = server.peer();
    const received = await staying.connect();
    const held = staying.poll({ r: received });
    const leaving = server.peer();
    await leaving.connect();
    await leaving.send(endOfSession({ code: "1000" }));
    expect(await isPending(held)).toBe(true);
  });
});
