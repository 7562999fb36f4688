import { describe, expect, it } from "vitest";
import { ManualClock } from "../page/testing/manual-clock.ts";
import { ManualPage } from "../page/testing/manual-page.ts";
import type { Message } from "./message.ts";
import type { StompOptions } from "./options.ts";
import { SimpleBroker } from "./testing/simple-broker.ts";
import { outcomeOf, Stage } from "./testing/stomp-server.ts";

/** Connected, with a subscription to /topic/a and what it heard. */
function joined(options?: StompOptions, clock?: ManualClock) {
  const page = new ManualPage();
  const stage = new Stage(() => new SimpleBroker(clock ?? page.clock), options, page);
  const heard: Message[] = [];
  stage.client.subscribe("/topic/a", (message) => heard.push(message), { ack: "client" });
  const pass = (ms: number) => {
    clock?.advance(ms);
    page.clock.advance(ms);
  };
  pass(10);
  expect(stage.client.state).toBe("connected");
  return { ...stage, stage, page, heard, pass };
}

describe("with a broker that is as simple as Spring's", () => {
  it("messages pass, with their headers", () => {
    const { client, heard, pass } = joined();
    client.publish("/topic/a", { a: 1 }, { headers: { "x-y": "a:b\n" } });
    pass(10);
    expect(heard.map((message) => message.json())).toEqual([{ a: 1 }]);
    expect(heard[0]!.headers).toMatchObject({ destination: "/topic/a", "x-y": "a:b\n" });
  });

  it("a publish with receipt is unknown after 30 s, and the connection goes on", async () => {
    const { client, heard, pass, errors, sockets } = joined();
    const outcome = outcomeOf(client.publish("/topic/a", "1", { receipt: true }));
    pass(30_000);
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    client.publish("/topic/a", "2");
    pass(10);
    expect(heard.map((message) => message.text())).toEqual(["1", "2"]);
    expect([errors, sockets.length]).toEqual([[], 1]);
  });

  it("acknowledgements go unheard, and do no harm", () => {
    const { client, stage, heard, pass } = joined();
    client.publish("/topic/a", "1");
    pass(10);
    heard[0]!.ack();
    heard[0]!.nack();
    pass(10_000);
    expect(stage.socket.ignored).toEqual(["ACK", "NACK"]);
    expect([heard.length, client.state]).toEqual([1, "connected"]);
  });

  it("a transaction is taken apart, and its outcome is unknown", async () => {
    const { client, stage, heard, pass } = joined();
    const transaction = client.begin();
    transaction.publish("/topic/a", "1");
    const outcome = outcomeOf(transaction.commit());
    pass(30_010);
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    expect(stage.socket.ignored).toEqual(["BEGIN", "COMMIT"]);
    expect(heard.map((message) => message.text())).toEqual(["1"]);
  });

  it("more than 64 KiB in a message ends the connection, in the broker's words, and the next one goes on", async () => {
    const { client, stage, heard, pass, errors } = joined();
    const outcome = outcomeOf(client.publish("/topic/a", "x".repeat(65_536), { receipt: true }));
    pass(10);
    expect(await outcome).toEqual(["UNKNOWN_OUTCOME", "unknown"]);
    expect(errors).toMatchObject([{ code: "SERVER_ERROR", message: expect.stringContaining("65536") }]);
    pass(1_000);
    client.publish("/topic/a", "less");
    pass(10);
    expect(heard.map((message) => message.text())).toEqual(["less"]);
    expect(stage.sockets.length).toBe(2);
  });

  it("heart-beats keep the connection, in a hidden tab too", () => {
    for (const every of [1_000, 60_000]) {
      const clock = new ManualClock();
      const { page, client, sockets } = joined({}, clock);
      for (let time = 0; time < 600_000; time += 1_000) {
        // The page's timers run that often, and what comes is heard at once.
        page.clock.sleep(1_000);
        clock.advance(1_000);
        if (time % every === 0) page.clock.advance(0);
      }
      expect([client.state, sockets.length]).toEqual(["connected", 1]);
    }
  });

  it("close is over at the RECEIPT of DISCONNECT", async () => {
    const { client, stage, pass } = joined();
    const closed = client.close();
    await stage.settle();
    pass(10);
    await closed;
    expect([client.state, stage.errors]).toEqual(["closed", []]);
  });
});
