import type { TransportKind } from "./transport.ts";

/**
 * One POST and its complete answer. The request is simple in the sense of CORS (WHATWG Fetch, "CORS-safelisted request-header"): a string body
 * goes as `text/plain;charset=UTF-8`, and no listener on `upload` may be added, as that alone would ask for a preflight.
 */
const open: TransportKind["open"] = (url, body, on, env) => {
  const request = new env.XMLHttpRequest!();
  // `loadend` follows `load`, `error`, `timeout` and `abort` alike, exactly once.
  request.onloadend = () => {
    const { status } = request;
    const complete = status === 200;
    if (complete) on.onMessage(request.responseText);
    on.onClose({ complete, code: complete ? 1000 : 1006, reason: status ? `HTTP ${status}` : "network error", status });
  };
  request.open("POST", url);
  request.send(body);
  return {
    bufferedAmount: 0,
    send() {},
    // XMLHttpRequest fires its events inside `abort()`; the contract wants them later.
    close: () => queueMicrotask(() => request.abort()),
  };
};

/** Long-poll: one POST after the other, each held by the server until it has something to say. It passes whatever passes an HTTP POST. */
export const xhrPoll: TransportKind = {
  name: "xhr-poll",
  path: "poll",
  duplex: false,
  oneShot: true,
  isSupported: (env) => !!env.XMLHttpRequest,
  open,
  sender: { open },
};
