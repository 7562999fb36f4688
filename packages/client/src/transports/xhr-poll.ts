import type { Poster, TransportKind } from "./transport.ts";

/**
 * One POST and its complete answer. The request is simple in the sense of CORS (WHATWG Fetch, "CORS-safelisted request-header"): a string body
 * goes as `text/plain;charset=UTF-8`, and no listener on `upload` may be added, as that alone would ask for a preflight.
 */
const post: Poster = {
  path: "send",
  duplex: false,
  oneShot: true,
  open(url, body, on, env) {
    const request = new env.XMLHttpRequest!();
    // `loadend` follows `load`, `error`, `timeout` and `abort` alike, exactly once.
    request.onloadend = () => {
      const { status } = request;
      if (status === 200) on.onMessage(request.responseText);
      on.onClose({ code: status === 200 ? 1000 : 1006, reason: status ? `HTTP ${status}` : "network error" });
    };
    request.open("POST", url);
    request.send(body);
    return { close: () => request.abort() };
  },
};

/** Long-poll: one POST after the other, each held by the server until it has something to say. It passes whatever passes an HTTP POST. */
export const xhrPoll: TransportKind = {
  ...post,
  name: "xhr-poll",
  path: "poll",
  isSupported: (env) => !!env.XMLHttpRequest,
  sender: post,
};
