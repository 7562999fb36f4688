import type { TransportKind } from "./transport.ts";

/** A WebSocket (RFC 6455). Text stays text, binary binary. */
export const webSocket: TransportKind = {
  name: "websocket",
  path: "websocket",
  duplex: true,
  isSupported: (env) => !!env.WebSocket,
  open(url, _body, on, env) {
    const socket = new env.WebSocket!(url.replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => on.onMessage(typeof data === "string" ? data : new Uint8Array(data));
    // `error` says nothing that `close` behind it does not (WHATWG WebSockets, "feedback from the protocol").
    socket.onclose = on.onClose;
    return {
      send: (message) => socket.send(message as string),
      // A page may close with no other codes (WHATWG WebSockets, "close").
      close: (code = 0) => socket.close(code < 3000 ? 1000 : code),
    };
  },
};
