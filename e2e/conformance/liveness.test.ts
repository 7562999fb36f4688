import { describe, expect, it } from "vitest";
import { elapse, timed } from "./deadline.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

describe("a ping from the client", () => {
  it.each([0, 1, 123_456, Number.MAX_SAFE_INTEGER])("7.1 with the token %d gets its pong", async (token) => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    socket.send(`p${token}:`);
    expect((await socket.next("q")).number).toBe(token);
  });

  it("7.1 gets a pong each, in order", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    socket.send("p1:p2:");
    socket.send("p3:");
    const pongs = (): number[] => socket.records.filter(({ type }) => type === "q").map(({ number }) => number);
    await socket.until("three pongs come", () => pongs().length >= 3);
    expect(pongs()).toEqual([1, 2, 3]);
  });

  it("7.1 gets its pong on a candidate too", async () => {
    const peer = server.peer();
    await peer.connect();
    const candidate = await peer.socket({ r: 1 });
    candidate.send("p9:");
    expect((await candidate.next("q")).number).toBe(9);
  });
});

describe("i on a WebSocket", () => {
  it("7.1 brings the ping forward, again and again", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1, i: 1_000 });
    await socket.answerPings(3);
    expect(socket.isOpen).toBe(true);
  });

  it("7.1 brings forward when a silent one is ended", async () => {
    expect(await (await server.peer().socket({ o: 1, t: 1, i: 1_000 })).closed()).toBe(4009);
  });
});

describe.skipIf(isForeign)("on a server that pings after 1 s", () => {
  const server = useServer({ limits: { ping: 1_000 } });

  it("7.1 the second counts from what the server sent last", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    await elapse(500);
    socket.send("p1:");
    await socket.next("q");
    const [, quiet] = await timed(() => socket.next("p"));
    expect(quiet).toBeGreaterThan(700);
  });

  it("7.1 whatever is heard on a WebSocket keeps it open", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    for (let times = 0; times < 5; times++) {
      await elapse(500);
      socket.send("a0:");
    }
    expect(socket.isOpen).toBe(true);
  });

  it("7.1 a WebSocket that is quiet gets a ping, and stays open while it is answered", async () => {
    const socket = await server.peer().socket({ o: 1, t: 1 });
    await socket.answerPings(3);
    expect(socket.isOpen).toBe(true);
  });

  it("7.1 a candidate gets pings too", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const candidate = await peer.socket({ r: received });
    await candidate.answerPings(2);
  });

  it("7.1 a WebSocket on which nothing is heard is closed with 4009, and the session goes on", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const socket = await peer.socket({ r: received, t: 1 });
    expect(await socket.closed()).toBe(4009);
    expect(socket.shape).toContain("p");
    const next = await peer.socket({ r: received, t: 1 });
    await next.until("s comes", () => next.start === received + 1);
  });

  it("7.1 a candidate on which nothing is heard is closed with 4009", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const candidate = await peer.socket({ r: received });
    expect(await candidate.closed()).toBe(4009);
  });
});
