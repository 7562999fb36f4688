import { describe, expect, it } from "vitest";
import { ManualPage } from "../page/testing/manual-page.ts";
import { post as sender } from "./post.ts";
import { describeContract, newUrl, Opened } from "./testing/contract.ts";
import { useNetwork } from "./testing/network.ts";
import { xhrPoll } from "./xhr-poll.ts";

const network = useNetwork();

describeContract(xhrPoll, network, {
  said: ["g3:v=1☄"],
  speak: () => network.exchanges.at(-1)!.answer("g3:v=1☄"),
  refuse: () => network.exchanges.at(-1)!.answer("no", 403),
  cut: () => network.exchanges.at(-1)!.cut(),
});

async function post(body = "", url = newUrl(xhrPoll)) {
  const opened = new Opened(xhrPoll, new ManualPage(undefined, network.XMLHttpRequest), body, url);
  await network.settled();
  return { opened, exchange: network.exchanges.at(-1)! };
}

describe("the request", () => {
  it("is a POST to the very URL, with the records as its body", async () => {
    const url = newUrl(xhrPoll);
    const { exchange } = await post("s1:t2:☄\n", url);
    expect(exchange.url.href).toBe(url);
    expect(exchange.body).toBe("s1:t2:☄\n");
  });

  it("is simple in the sense of CORS: plain text, and no header of its own, so that no preflight precedes it", async () => {
    const { exchange } = await post("a1:");
    expect(exchange.headers).toEqual({ "content-type": "text/plain;charset=UTF-8" });
  });

  it("is simple without a body, too", async () => {
    const { exchange } = await post("");
    expect(exchange.headers).toEqual({ "content-type": "text/plain;charset=UTF-8" });
    expect(exchange.body).toBe("");
  });

  it("writes a lone surrogate as U+FFFD, as everywhere on the Web", async () => {
    const { exchange } = await post("t1:\ud800");
    expect(exchange.body).toBe("t1:\ufffd");
  });
});

describe("the answer", () => {
  it.each([
    [204, "HTTP 204"],
    [304, "HTTP 304"],
    [400, "HTTP 400"],
    [403, "HTTP 403"],
    [404, "HTTP 404"],
    [407, "HTTP 407"],
    [500, "HTTP 500"],
    [503, "HTTP 503"],
  ])("is no message with status %i, and its end says so", async (status, reason) => {
    const { opened, exchange } = await post();
    exchange.answer("g3:v=1", status);
    await network.settled();
    expect(opened.messages).toEqual([]);
    expect(opened.ends).toEqual([{ code: 1006, reason }]);
  });

  it("that never came is the word of a server that is gone", async () => {
    const { opened, exchange } = await post();
    exchange.cut();
    await network.settled();
    expect(opened.ends).toEqual([{ code: 1006, reason: "server gone" }]);
  });

  it("is a message with status 200, whatever it is: what it means is not for a transport to say", async () => {
    const { opened, exchange } = await post();
    exchange.answer("<html>Sign in</html>", 200, "text/html");
    await network.settled();
    expect(opened.messages).toEqual(["<html>Sign in</html>"]);
    expect(opened.ends).toEqual([{ code: 1000, reason: "HTTP 200" }]);
  });

  it("may be empty", async () => {
    const { opened, exchange } = await post();
    exchange.answer("");
    await network.settled();
    expect(opened.messages).toEqual([""]);
    expect(opened.ends).toHaveLength(1);
  });

  it("is one message, however long", async () => {
    const { opened, exchange } = await post();
    const text = "t5:☄☄☄☄☄".repeat(100_000);
    exchange.answer(text);
    await network.settled();
    expect(opened.messages).toEqual([text]);
  });
});

describe("close", () => {
  it("takes the request back", async () => {
    const { opened, exchange } = await post();
    expect(exchange.isHeld).toBe(true);
    opened.close();
    await network.settled();
    expect(exchange.isOverInPage).toBe(true);
  });
});

it("is what sends beside a carrier that only receives", async () => {
  expect(sender).toMatchObject({ path: "send", oneShot: true });
  const messages: unknown[] = [];
  const on = { onMessage: (message: unknown) => messages.push(message), onClose: () => messages.push("end") };
  sender.open(newUrl(xhrPoll), "s1:t1:a", on, new ManualPage(undefined, network.XMLHttpRequest));
  await network.settled();
  network.exchanges[0]!.answer("a1:");
  await network.settled();
  expect(messages).toEqual(["a1:", "end"]);
});
