import { describe, expect, it } from "vitest";
import { elapse, within } from "./deadline.ts";
import { newTopic } from "./stomp.ts";
import { type Stream, type StreamKind, streamKinds } from "./stream.ts";
import { isForeign, useServer } from "./target.ts";

const server = useServer();

/** What takes its time is tried on all kinds at once. */
async function each(run: (kind: StreamKind) => Promise<void>): Promise<void> {
  await Promise.all(streamKinds.map(run));
}

describe.each(streamKinds)("a ping from the client for %s", (kind) => {
  it("7.1 goes by send with k, and its pong comes on the carrier", async () => {
    const peer = server.peer();
    const stream = await peer.stream(kind, { o: 1, t: 1 });
    await stream.greeted();
    for (const token of [0, 1, 123_456, Number.MAX_SAFE_INTEGER]) {
      expect((await stream.speak(`p${token}:`)).shape).toBe("a");
    }
    await stream.speak("p2:p3:");
    await stream.until("six pongs come", () => stream.pongs.length >= 6);
    expect(stream.pongs).toEqual([0, 1, 123_456, Number.MAX_SAFE_INTEGER, 2, 3]);
  });

  it("7.1 gets its pong on that carrier and on no other", async () => {
    const peer = server.peer();
    const received = await peer.connect();
    const [one, other] = [await peer.stream(kind, { r: received }), await peer.stream(kind, { r: received })];
    await one.speak("p9:");
    await one.until("the pong comes", () => one.pongs.length > 0);
    await other.settled();
    expect(other.pongs).not.toContain(9);
  });
});

describe("i on a stream", () => {
  it("7.1 brings the ping forward, again and again", async () => {
    await each(async (kind) => {
      const stream = await server.peer().stream(kind, { o: 1, t: 1, i: 1_000 });
      await stream.answerPings(3);
      expect(stream.isOpen).toBe(true);
    });
  });

  it("7.1 brings forward when one is ended for want of a pong, and the session goes on", async () => {
    await each(async (kind) => {
      const peer = server.peer();
      const stream = await peer.stream(kind, { o: 1, t: 1, i: 1_000 });
      expect(await stream.carrierEnd()).toBe(4009);
      expect((await peer.poll({ h: 0 })).shape).toBe("ga");
    });
  });

  it("4 is not what the greeting says, which is the server's", async () => {
    const peer = server.peer();
    const { greeting } = await peer.poll({ o: 1, h: 0 });
    const stream = await peer.stream("stream", { i: 1_000 });
    await stream.greeted();
    expect(stream.greeting.toString()).toBe(greeting.toString());
  });
});

describe.skipIf(isForeign)("on a server that pings after 1 s, a stream", () => {
  const eager = useServer({ limits: { ping: 1_000 } });

  /** Says something for as long as the stream is open: what the client says may arrive where the stream does not. */
  async function saying(stream: Stream, say: () => Promise<unknown>): Promise<void> {
    const said = async (): Promise<void> => {
      while (stream.isOpen) {
        await say();
        await elapse(50);
      }
    };
    await within(said(), "it is over");
  }

  it("7.1 gets a ping when it is quiet, and stays open while that is answered", async () => {
    await each(async (kind) => {
      const stream = await eager.peer().stream(kind, { o: 1, t: 1 });
      await stream.answerPings(3);
      expect(stream.isOpen).toBe(true);
    });
  });

  it("7.1 gets pings as a candidate too", async () => {
    await each(async (kind) => {
      const peer = eager.peer();
      const candidate = await peer.stream(kind, { r: await peer.connect() });
      await candidate.answerPings(3);
    });
  });

  it.each<1 | undefined>([1, undefined])("7.1 without a pong is ended with e4009 (t=%s)", async (t) => {
    await each(async (kind) => {
      const peer = eager.peer();
      const received = await peer.connect();
      const stream = await peer.stream(kind, { r: received, t });
      await saying(stream, () => peer.send(""));
      expect(await stream.carrierEnd()).toBe(4009);
      expect(stream.shape).toContain("p");
      const next = await peer.stream(kind, { r: received, t: 1 });
      await next.until("s comes", () => next.start === received + 1);
    });
  });

  it("7.1 is not kept by the client's pings for it", async () => {
    await each(async (kind) => {
      const stream = await eager.peer().stream(kind, { o: 1, t: 1 });
      await saying(stream, () => stream.speak("p1:"));
      expect(await stream.carrierEnd()).toBe(4009);
    });
  });

  it("7.1 gets pings though it is never quiet, and is ended if no pong comes", async () => {
    await each(async (kind) => {
      const topic = newTopic();
      const peer = eager.peer();
      const received = await peer.subscribe(topic);
      const stream = await peer.stream(kind, { r: received, t: 1 });
      await saying(stream, () => peer.publish(topic, "more"));
      expect(await stream.carrierEnd()).toBe(4009);
      expect(stream.shape).toContain("p");
    });
  });

  it("7.1 is pinged as the server likes where i is above that", async () => {
    await each(async (kind) => {
      const stream = await eager.peer().stream(kind, { o: 1, t: 1, i: 3_600_000 });
      expect(await stream.carrierEnd()).toBe(4009);
      expect(stream.shape).toContain("p");
    });
  });
});
