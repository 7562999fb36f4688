import { post, request } from "./post.ts";
import type { TransportKind } from "./transport.ts";

/** Long-poll: one POST after the other, each held by the server until it has something to say. It passes whatever passes an HTTP POST. */
export const xhrPoll: TransportKind = {
  ...post,
  name: "xhr-poll",
  path: "poll",
  open: (url, body, on, env) => request(url, body, on, env),
  isSupported: (env) => !!env.XMLHttpRequest,
};
