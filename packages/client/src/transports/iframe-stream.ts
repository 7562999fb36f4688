import type { TransportKind } from "./transport.ts";

/**
 * A document that never ends, in a hidden frame, whose scripts post what comes to this page: PROTOCOL.md section 5.4. For networks that let nothing but pages
 * through. That its connection was cut no event tells: who opens it has to notice the silence.
 */
export const iframeStream: TransportKind = {
  name: "iframe-stream",
  path: "html",
  watch: 5_000,
  isSupported: (env) => !!(env.document && env.XMLHttpRequest),
  open(url, _body, on, env) {
    const document = env.document!;
    const page = document.defaultView!;
    const frame = document.createElement("iframe");
    const { origin } = new URL(url);
    // Others may post here, too.
    const hear = (event: MessageEvent) => {
      if (event.source === frame.contentWindow && event.origin === origin) on.onMessage(event.data);
    };
    const close = () => {
      page.removeEventListener("message", hear);
      frame.remove();
    };
    page.addEventListener("message", hear);
    frame.hidden = true;
    // The document is complete, or is another one: an error page.
    frame.onload = () =>
      // Behind what it has posted.
      env.clock.after(0, () => {
        close();
        on.onClose({ code: 1006, reason: "document ended" });
      });
    frame.src = `${url}&w=${encodeURIComponent(page.origin)}`;
    document.documentElement.append(frame);
    return { close };
  },
};
