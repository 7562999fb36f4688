import type { TransportKind } from "./transport.ts";

/** An event stream (WHATWG EventSource): one batch an event, escaped as PROTOCOL.md section 5.3 has it. */
export const eventSource: TransportKind = {
  name: "event-source",
  path: "events",
  isSupported: (env) => !!(env.EventSource && env.XMLHttpRequest),
  open(url, _body, on, env) {
    const source = new env.EventSource!(url);
    source.onmessage = ({ data }) =>
      on.onMessage(data.replace(/\\(.)/g, (_: string, escaped: string) => (escaped === "r" ? "\r" : escaped)));
    source.onerror = () => {
      // It would connect again by itself, with the same URL.
      source.close();
      on.onClose({ code: 1006, reason: "refused" });
    };
    return { close: () => source.close() };
  },
};
