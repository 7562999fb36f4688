import { expect, test } from "./testing/browser.ts";

/** What makes the broker at the other end talk: an EnckeSocket does not know what STOMP is. */
const hello = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";

test("an EnckeSocket has the members, states and events of a WebSocket", async ({ server, openPage }) => {
  const page = await openPage(`${server.url}/blank.html`);
  const result = await page.evaluate(async (hello) => {
    const socket = new Encke.EnckeSocket("/encke");
    const log: unknown[] = [];
    const at = (what: string) => log.push([what, socket.readyState]);
    const once = (type: string) =>
      new Promise<Event>((resolve) => socket.addEventListener(type, resolve, { once: true }));
    for (const type of ["open", "message", "close"] as const) {
      socket[`on${type}`] = () => at(`on${type}`);
      socket.addEventListener(type, () => at(`${type} listener`));
    }
    at("made");
    const { url, protocol, extensions, bufferedAmount, binaryType } = socket;
    await once("open");
    socket.send(hello);
    const buffered = socket.bufferedAmount;
    const message = (await once("message")) as MessageEvent;
    socket.close(4_200, "that is all");
    at("closing");
    socket.send("goes nowhere");
    const { code, reason, wasClean } = (await once("close")) as CloseEvent;
    await probe.nextTask();
    return {
      made: { url, protocol, extensions, bufferedAmount, binaryType },
      isTarget: socket instanceof EventTarget,
      constants: [socket.CONNECTING, socket.OPEN, socket.CLOSING, socket.CLOSED],
      statics: [
        Encke.EnckeSocket.CONNECTING,
        Encke.EnckeSocket.OPEN,
        Encke.EnckeSocket.CLOSING,
        Encke.EnckeSocket.CLOSED,
      ],
      buffered,
      data: String(message.data).split("\n")[0],
      isMessageEvent: message instanceof MessageEvent,
      close: { code, reason, wasClean },
      log,
    };
  }, hello);
  expect(result).toEqual({
    made: { url: `${server.url}/encke`, protocol: "", extensions: "", bufferedAmount: 0, binaryType: "blob" },
    isTarget: true,
    constants: [0, 1, 2, 3],
    statics: [0, 1, 2, 3],
    buffered: hello.length,
    data: "CONNECTED",
    isMessageEvent: true,
    close: { code: 4_200, reason: "that is all", wasClean: true },
    log: [
      ["made", 0],
      ["onopen", 1],
      ["open listener", 1],
      ["onmessage", 1],
      ["message listener", 1],
      ["closing", 2],
      ["onclose", 3],
      ["close listener", 3],
    ],
  });
});

test("binary messages come as Blob or ArrayBuffer, as `binaryType` says, and are sent from buffers and views", async ({
  server,
  openPage,
}) => {
  const page = await openPage(`${server.url}/blank.html`);
  const result = await page.evaluate(async (hello) => {
    const socket = new Encke.EnckeSocket("/encke");
    const messages: unknown[] = [];
    const next = () =>
      new Promise<unknown>((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
      });
    socket.send(`${hello}`);
    await next();
    socket.send("SUBSCRIBE\nid:1\ndestination:/topic/octets\n\n\0");
    const head = new TextEncoder().encode("SEND\ndestination:/topic/octets\ncontent-length:3\n\n");
    const frame = new Uint8Array([0, ...head, 0, 254, 255, 0]);
    for (const binaryType of ["blob", "arraybuffer"] as const) {
      socket.binaryType = binaryType;
      const came = next();
      socket.send(binaryType === "blob" ? frame.slice(1).buffer : frame.subarray(1));
      const data = (await came) as Blob | ArrayBuffer;
      const octets = new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
      messages.push([data.constructor.name, [...octets.slice(-4)]]);
    }
    socket.close();
    return messages;
  }, hello);
  expect(result).toEqual([
    ["Blob", [0, 254, 255, 0]],
    ["ArrayBuffer", [0, 254, 255, 0]],
  ]);
});

test("what the server says at the end arrives as the close event's code and reason", async ({ server, openPage }) => {
  const page = await openPage(`${server.url}/blank.html`);
  const end = await page.evaluate(async (hello) => {
    const socket = new Encke.EnckeSocket("/encke", ["v12.stomp"]);
    socket.send(hello);
    socket.send("DISCONNECT\n\n\0");
    const { code, reason, wasClean } = await new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
    return { code, reason, wasClean, readyState: socket.readyState, protocol: socket.protocol };
  }, hello);
  expect(end).toEqual({ code: 1_000, reason: "DISCONNECT", wasClean: true, readyState: 3, protocol: "v12.stomp" });
});

test("bad arguments of `send` and `close` are refused, and the socket goes on", async ({ server, openPage }) => {
  const page = await openPage(`${server.url}/blank.html`);
  const result = await page.evaluate(async (hello) => {
    const socket = new Encke.EnckeSocket("/encke");
    const codeOf = (call: () => void) => {
      try {
        call();
        return "nothing";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const codes = [
      codeOf(() => socket.send(new Blob(["x"]) as never)),
      codeOf(() => socket.send(undefined as never)),
      codeOf(() => socket.close(1_001)),
      codeOf(() => socket.close(999)),
      codeOf(() => socket.close(5_000)),
      codeOf(() => socket.close(1_000, "é".repeat(62))),
    ];
    socket.send(hello);
    const { data } = await new Promise<MessageEvent>((resolve) => (socket.onmessage = resolve));
    return { codes, command: data.split("\n")[0] };
  }, hello);
  expect(result).toEqual({ codes: Array(6).fill("BAD_OPTION"), command: "CONNECTED" });
});

test("@stomp/stompjs publishes and subscribes over an EnckeSocket, and does not notice a cut", async ({
  server,
  startMiddlebox,
  openPage,
}) => {
  const box = await startMiddlebox({ target: server.url });
  const page = await openPage(`${box.url}/blank.html`);
  await page.addScriptTag({ url: "stomp.umd.min.js" });
  const client = await page.evaluateHandle(async () => {
    type StompJs = typeof import("@stomp/stompjs");
    const { Client } = (globalThis as unknown as { StompJs: StompJs }).StompJs;
    const inbox = new probe.Inbox();
    let connects = 0;
    const client = new Client({ webSocketFactory: () => new Encke.EnckeSocket("/encke"), reconnectDelay: 100 });
    await new Promise<void>((resolve) => {
      client.onConnect = () => {
        connects++;
        client.subscribe("/topic/a", ({ body, binaryBody, headers }) =>
          inbox.take({ text: () => (headers["content-type"] ? binaryBody.join() : body) } as never),
        );
        resolve();
      };
      client.activate();
    });
    client.publish({ destination: "/topic/a", body: "Grüße" });
    client.publish({
      destination: "/topic/a",
      binaryBody: new Uint8Array([0, 254, 255]),
      headers: { "content-type": "application/octet-stream" },
    });
    await inbox.count(2);
    return { client, inbox, connects: () => connects };
  });
  box.cut();
  const texts = await client.evaluate(async ({ client, inbox }) => {
    client.publish({ destination: "/topic/a", body: "after the cut" });
    return inbox.count(3);
  });
  expect(texts).toEqual(["Grüße", "0,254,255", "after the cut"]);
  expect(await client.evaluate(({ connects }) => connects())).toBe(1);
});
