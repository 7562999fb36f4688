import { describe, expect, it } from "vitest";
import { CONNECT } from "./stomp.ts";
import { streamKinds } from "./stream.ts";
import { useServer } from "./target.ts";

const server = useServer();

describe("a version that the server does not serve", () => {
  it.each([2, 999])("11 v=%d on a poll is answered x with 4001", async (v) => {
    const peer = server.peer();
    const answer = await peer.poll({ v, o: 1 }, peer.say(CONNECT));
    expect(answer.sessionEnd).toBe(4001);
    expect(answer.shape).not.toContain("g");
  });

  it("11 v=2 on a send is answered x with 4001", async () => {
    expect((await server.peer().send("", { v: 2 })).sessionEnd).toBe(4001);
  });

  it("11 v=2 on a WebSocket is told by x and close code 4001", async () => {
    const socket = await server.peer().socket({ v: 2, o: 1, t: 1 });
    expect(await socket.sessionEnd()).toBe(4001);
  });

  it.each(streamKinds)("11 v=2 is told by x with 4001 on %s, whatever else is in the query", async (kind) => {
    const stream = await server.peer().stream(kind, { v: 2, c: 1, r: "x", o: 1 });
    expect(await stream.sessionEnd()).toBe(4001);
    expect(stream.shape).toBe("x");
  });

  it("11 v=2 is looked at before the other parameters, which another version may have changed", async () => {
    expect((await server.peer().poll({ v: 2, c: undefined, r: "x", o: 1 })).sessionEnd).toBe(4001);
  });

  it("11 v=2 opens no session", async () => {
    const peer = server.peer();
    await peer.poll({ v: 2, o: 1 }, peer.say(CONNECT));
    expect((await peer.poll({ h: 0 })).sessionEnd).toBe(4002);
  });
});
