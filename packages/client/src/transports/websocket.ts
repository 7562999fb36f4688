import type { TransportEnd, TransportKind } from "./transport.ts";

/** A WebSocket (RFC 6455). Text stays text, binary binary. */
export const webSocket: TransportKind = {
  name: "websocket",
  path: "websocket",
  duplex: true,
  oneShot: false,
  isSupported: (env) => !!env.WebSocket,
  open(url, _body, on, env) {
    let isOver = false;
    const finish = (end: TransportEnd) => {
      if (!isOver) on.onClose(end);
      isOver = true;
    };
    let socket: WebSocket | undefined;
    try {
      socket = new env.WebSocket!(url.replace(/^http/, "ws"));
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => isOver || on.onMessage(typeof data === "string" ? data : new Uint8Array(data));
      // `error` says nothing that `close` behind it does not (WHATWG WebSockets, "feedback from the protocol").
      socket.onclose = ({ wasClean: complete, code, reason }) => finish({ complete, code, reason });
    } catch (error) {
      // Mixed content, and in some browsers a content security policy.
      queueMicrotask(() => finish({ complete: false, code: 1006, reason: `${error}` }));
    }
    return {
      get bufferedAmount() {
        return socket!.bufferedAmount;
      },
      send: (message) => socket!.send(message as string),
      close(code = 1000, reason = "") {
        // A close handshake through a dead network takes the browser up to a minute; whoever closes is done with it now.
        queueMicrotask(() => finish({ complete: false, code, reason }));
        // A page may close with no other codes (WHATWG WebSockets, "close").
        socket?.close(code >= 3000 && code < 5000 ? code : 1000, reason);
      },
    };
  },
};
