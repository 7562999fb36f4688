import type { Environment } from "../page/environment.ts";
import type { Poster, Transport, TransportEnd, TransportEvents } from "./transport.ts";

/** How a request ended. @param status 0: there was no answer, or it broke off */
export const endOf = (status: number): TransportEnd => ({
  code: status === 200 ? 1000 : 1006,
  reason: status ? `HTTP ${status}` : "server gone",
});

/**
 * One POST. It is simple in the sense of CORS (WHATWG Fetch, "CORS-safelisted request-header"): a string body goes as `text/plain;charset=UTF-8`, and no
 * listener on `upload` may be added, as that alone would ask for a preflight.
 *
 * @param timeout milliseconds until it ends as if there were no answer; 0: none
 * @param isStreamed hands over the answer as it comes, and not as a whole
 */
export function request(
  url: string,
  body: string,
  on: TransportEvents,
  env: Environment,
  timeout = 0,
  isStreamed = false,
): Transport {
  const request = new env.XMLHttpRequest!();
  let taken = 0;
  const take = () => {
    const { status, responseText } = request;
    if (status === 200) on.onMessage(responseText.slice(taken));
    taken = responseText.length;
  };
  if (isStreamed) request.onprogress = take;
  // `loadend` follows `load`, `error`, `timeout` and `abort` alike, exactly once.
  request.onloadend = () => {
    take();
    on.onClose(endOf(request.status));
  };
  request.open("POST", url);
  request.timeout = timeout;
  request.send(body);
  return { close: () => request.abort() };
}

/** A box may have forgotten a request, and connections are few. Milliseconds; the body may need longer, at 64 kbit/s. */
const deadline = 10_000;

/** One POST and its complete answer: what sends beside the kinds that only receive. */
export const post: Poster = {
  path: "send",
  oneShot: true,
  open: (url, body, on, env) => request(url, body, on, env, deadline + body.length / 8),
};
