import type { Environment } from "../page/environment.ts";
import type { Transport, TransportEvents, TransportKind } from "./transport.ts";

/** The scheme of a WebSocket to where an http(s) URL points. */
function webSocketUrl(url: string): string {
  return url.replace(/^http/, "ws");
}

function open(url: string, _body: string, on: TransportEvents, env: Environment): Transport {
  let over = false;
  const finish = (code: number, reason: string, complete: boolean) => {
    if (over) return;
    over = true;
    on.onClose({ complete, code, reason });
  };
  let socket: WebSocket;
  try {
    socket = new env.WebSocket!(webSocketUrl(url));
  } catch (error) {
    // Mixed content, and in some browsers a content security policy, throw here.
    queueMicrotask(() => finish(1006, String(error), false));
    return { bufferedAmount: 0, send() {}, close() {} };
  }
  socket.binaryType = "arraybuffer";
  socket.onopen = () => over || on.onOpen();
  socket.onmessage = ({ data }) => over || on.onMessage(typeof data === "string" ? data : new Uint8Array(data));
  // `error` says nothing that `close` behind it does not (WHATWG WebSockets, "feedback from the protocol").
  socket.onclose = ({ code, reason, wasClean }) => finish(code, reason, wasClean);
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (message) => socket.send(message as string | Uint8Array<ArrayBuffer>),
    close(code = 1000, reason = "") {
      socket.close(code, reason);
      // A close handshake through a dead network takes the browser up to a minute; whoever closes is done with it now.
      queueMicrotask(() => finish(code, reason || "ended here", false));
    },
  };
}

/** A WebSocket (RFC 6455). Text stays text, binary binary. */
export const webSocket: TransportKind = {
  name: "websocket",
  path: "websocket",
  duplex: true,
  oneShot: false,
  isSupported: (env) => !!env.WebSocket,
  open,
};
