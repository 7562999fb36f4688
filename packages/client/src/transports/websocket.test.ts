import { describe, expect, it } from "vitest";
import { ManualPage } from "../page/testing/manual-page.ts";
import { describeContract, newUrl, Opened } from "./testing/contract.ts";
import { useNetwork } from "./testing/network.ts";
import { webSocket } from "./websocket.ts";

const network = useNetwork();
const said = ["g3:v=1a0:s1:", "", "t1:☄", Uint8Array.of(0, 255), "a1:"];

describeContract(webSocket, network, {
  said,
  speak() {
    const link = network.links.at(-1)!;
    link.say(...said);
    link.close(1000);
  },
  refuse: () => network.links.at(-1)!.lose(),
  cut: () => network.links.at(-1)!.lose(),
});

async function open(url = newUrl(webSocket)) {
  const opened = new Opened(webSocket, new ManualPage(network.WebSocket), "", url);
  await network.settled();
  return { opened, link: network.links.at(-1)! };
}

it.each([
  ["http://encke.test/encke/s/websocket?c=1", "ws://encke.test/encke/s/websocket?c=1"],
  ["ws://encke.test/encke/s/websocket?c=2", "ws://encke.test/encke/s/websocket?c=2"],
])("opens %s at %s", async (url, opens) => {
  const { link } = await open(url);
  expect(link.url.href).toBe(opens);
});

it("opens https as wss", () => {
  const urls: string[] = [];
  const page = new ManualPage(
    class extends EventTarget {
      constructor(url: string) {
        super();
        urls.push(url);
      }
    } as unknown as typeof WebSocket,
  );
  new Opened(webSocket, page, "", "https://encke.test/encke/s/websocket?c=1");
  expect(urls).toEqual(["wss://encke.test/encke/s/websocket?c=1"]);
});

it("sends text as text and octets as octets, in order", async () => {
  const { opened, link } = await open();
  opened.transport.send!("a1:");
  opened.transport.send!(Uint8Array.of(1, 2, 255));
  opened.transport.send!("☄");
  await network.settled();
  expect(link.heard).toEqual(["a1:", Uint8Array.of(1, 2, 255), "☄"]);
});

describe("an end", () => {
  it("has the code and the reason of the other side", async () => {
    const { opened, link } = await open();
    link.close(4006, "The server is going down.");
    await network.settled();
    expect(opened.ends).toEqual([{ code: 4006, reason: "The server is going down." }]);
  });

  it("is thrown where a WebSocket cannot even be made, as with mixed content", () => {
    const page = new ManualPage(
      class {
        constructor() {
          throw new DOMException("An insecure WebSocket connection may not be initiated.", "SecurityError");
        }
      } as unknown as typeof WebSocket,
    );
    expect(() => new Opened(webSocket, page)).toThrow("insecure");
  });
});

describe("close", () => {
  it.each([
    [1000, 1000],
    [3000, 3000],
    [4005, 4005],
    [4999, 4999],
    // A page may close with no other codes.
    [1001, 1000],
    [1006, 1000],
    [1011, 1000],
  ])("with %i closes the WebSocket with %i", async (code, onTheWire) => {
    const { opened, link } = await open();
    opened.close(code);
    await network.settled();
    expect(link.end).toMatchObject({ code: onTheWire });
  });
});
