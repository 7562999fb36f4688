/** What the page's life tells a connection. Nothing here may keep a page out of the back/forward cache: no `unload`, no `beforeunload`. */
export interface Lifecycle {
  /** The network or the page may have come back: `online`, `pageshow` from the cache, `visibilitychange` to visible, `resume`. */
  onWake(run: () => void): () => void;
  /** The page goes away for good: `pagehide` that is not kept in the back/forward cache. */
  onLeave(run: () => void): () => void;
}

function listen(target: EventTarget | undefined, type: string, run: (event: Event) => void): () => void {
  target?.addEventListener(type, run);
  return () => target?.removeEventListener(type, run);
}

function all(offs: Array<() => void>): () => void {
  return () => {
    for (const off of offs) off();
  };
}

/** The life of the page or worker whose global object is given; outside a browser its events never come. */
export function lifecycleOf(scope: Partial<Window>): Lifecycle {
  const target = typeof scope.addEventListener === "function" ? (scope as EventTarget) : undefined;
  const page = scope.document;
  return {
    onWake: (run) =>
      all([
        listen(target, "online", run),
        // `offline` is a guess of the browser's: it asks for a probe, not for giving up.
        listen(target, "offline", run),
        listen(target, "pageshow", (event) => (event as PageTransitionEvent).persisted && run()),
        listen(page, "visibilitychange", () => page?.visibilityState === "visible" && run()),
        listen(page, "resume", run),
      ]),
    onLeave: (run) => listen(target, "pagehide", (event) => !(event as PageTransitionEvent).persisted && run()),
  };
}
