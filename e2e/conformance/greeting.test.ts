import { describe, expect, it } from "vitest";
import { CONNECT } from "./stomp.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

function expectGreeting(greeting: URLSearchParams): void {
  expect(greeting.get("v")).toBe("1");
  for (const key of ["hold", "ping", "window", "max"]) expect(greeting.get(key), key).toMatch(/^[1-9][0-9]*$/);
}

describe("the greeting", () => {
  it("4 the first record of a poll's answer is a greeting with v, hold, ping, window and max", async () => {
    const answer = await server.peer().poll({ o: 1, h: 0 });
    expect(answer.shape).toBe("ga");
    expectGreeting(answer.greeting);
  });

  it("4 every poll is greeted", async () => {
    const peer = server.peer();
    for (let times = 0; times < 3; times++) {
      expectGreeting((await peer.poll({ o: times === 0 ? 1 : undefined, h: 0 })).greeting);
    }
  });

  it("4 the first record on a WebSocket is the same greeting, followed by a", async () => {
    const peer = server.peer();
    const { greeting } = await peer.poll({ o: 1, h: 0 }, peer.say(CONNECT));
    const socket = await peer.socket();
    await socket.greeted();
    expect(socket.greeting.toString()).toBe(greeting.toString());
    expect(socket.acknowledged).toBe(1);
  });

  it("4 the answer to a send has no greeting", async () => {
    const peer = server.peer();
    await peer.connect();
    expect((await peer.send("")).shape).toBe("a");
  });

  it("4 subprotocols of which none is served leave p out of the greeting", async () => {
    const answer = await server.peer().poll({ o: 1, h: 0, p: "no.such.protocol,nor.this" });
    expect(answer.greeting.has("p")).toBe(false);
  });

  it("4 without an offer no subprotocol is chosen", async () => {
    expect((await server.peer().poll({ o: 1, h: 0 })).greeting.has("p")).toBe(false);
  });
});

describe.skipIf(isForeign)("the greeting of a server with bounds of its own", () => {
  const own = useServer({ resumeWindow: 7, limits: { hold: 1_234, ping: 5_678, maxMessage: 9_999 } });

  it("4 hold, ping and window are in milliseconds, max in octets", async () => {
    const { greeting } = await own.peer().poll({ o: 1, h: 0 });
    expect(Object.fromEntries(greeting)).toEqual({ v: "1", hold: "1234", ping: "5678", window: "7000", max: "9999" });
  });
});
