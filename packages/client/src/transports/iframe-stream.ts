import { listen } from "../page/lifecycle.ts";
import type { TransportKind } from "./transport.ts";

/**
 * A document that never ends, in a hidden frame, whose scripts post what comes to this page: PROTOCOL.md section 5.4. For networks that let nothing but pages
 * through. That its connection was cut no event tells: who opens it has to notice the silence. It ends by itself, with 1001, when the page may be about to go:
 * Chromium keeps no page in the back/forward cache in which a frame is loading, and has looked before `pagehide`.
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
    const end = (code: number, reason: string) => {
      close();
      on.onClose({ code, reason });
    };
    // Listened to as long as there is a frame: in some browsers a listener to `beforeunload` alone keeps a page out of the cache.
    const stop = listen(
      page,
      ["message", "beforeunload"],
      false,
      ({ type, source, origin: from, data }: MessageEvent) => {
        if (type !== "message") end(1001, "");
        // Others may post here, too.
        else if (source === frame.contentWindow && from === origin) on.onMessage(data);
      },
    );
    const close = () => {
      stop();
      frame.remove();
    };
    frame.hidden = true;
    // The document is complete, or is another one: an error page.
    frame.onload = () =>
      // Behind what it has posted.
      env.clock.after(0, () => end(1006, "document ended"));
    frame.src = `${url}&w=${encodeURIComponent(page.origin)}`;
    document.documentElement.append(frame);
    return { close };
  },
};
