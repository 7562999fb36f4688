import type { Environment } from "../page/environment.ts";
import type { Transport, TransportEnd, TransportEvents, TransportKind } from "./transport.ts";

/**
 * One POST and its complete answer. The request is simple in the sense of CORS (WHATWG Fetch, "CORS-safelisted request-header"): a string body
 * goes as `text/plain;charset=UTF-8`, and no listener on `upload` may be added, as that alone would ask for a preflight.
 */
function open(url: string, body: string, on: TransportEvents, env: Environment): Transport {
  const request = new env.XMLHttpRequest!();
  let aborted: string | undefined;
  const end = (how: Partial<TransportEnd>) =>
    on.onClose({ complete: false, code: 1006, reason: "", status: request.status, ...how });
  // `loadend` follows `load`, `error`, `abort` alike, exactly once.
  request.onloadend = () => {
    if (aborted !== undefined) end({ reason: aborted });
    else if (request.status === 200) {
      on.onOpen();
      on.onMessage(request.responseText);
      end({ complete: true, code: 1000 });
    } else end({ reason: request.status ? `HTTP status ${request.status}` : "network error" });
  };
  try {
    request.open("POST", url);
    request.send(body);
  } catch (error) {
    queueMicrotask(() => end({ reason: String(error) }));
  }
  return {
    bufferedAmount: 0,
    send() {},
    close(_code, reason = "ended here") {
      if (aborted !== undefined) return;
      aborted = reason;
      // XMLHttpRequest fires its events inside `abort()`; the contract wants them later.
      queueMicrotask(() => request.abort());
    },
  };
}

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
