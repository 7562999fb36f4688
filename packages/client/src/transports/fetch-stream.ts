import { endOf, request } from "./post.ts";
import type { TransportKind } from "./transport.ts";

/**
 * One POST whose answer never ends, read as it comes: by fetch (WHATWG Fetch, Streams), and where that does not stream by XMLHttpRequest, which keeps all that
 * has come. Plain text, because some boxes hold back what calls itself a page or an event stream, and let this pass.
 */
export const fetchStream: TransportKind = {
  name: "fetch-stream",
  path: "stream",
  isSupported: (env) => !!env.XMLHttpRequest,
  open(url, body, on, env) {
    const { fetch } = env;
    if (!fetch) return request(url, body, on, env, 0, true);
    const controller = new AbortController();
    const read = async () => {
      const { status, body: answer } = await fetch(url, { method: "POST", body, signal: controller.signal });
      const decoder = new TextDecoder();
      const reader = answer!.getReader();
      for (;;) {
        const { value } = await reader.read();
        if (!value || status !== 200) return status;
        // What ends inside a character goes on with the next piece.
        on.onMessage(decoder.decode(value, { stream: true }));
      }
    };
    read()
      .catch(() => 0)
      .then((status) => {
        controller.abort();
        on.onClose(endOf(status));
      });
    return { close: () => controller.abort() };
  },
};
