/** What the page's life tells a connection. Nothing here may keep a page out of the back/forward cache: no `unload`, no `beforeunload`. */
export interface Lifecycle {
  /**
   * The network or the page may have come back: `online`, `pageshow` from the cache, `visibilitychange` to visible, `resume`. `offline` too: it is a guess of the
   * browser's, and asks for a look, not for giving up. Returns what stops it.
   */
  onWake(run: () => void): () => void;
  /** The page goes away for good: `pagehide` that is not kept in the back/forward cache. Returns what stops it. */
  onLeave(run: () => void): () => void;
}

/** The life of the page or worker whose global object is given; outside a browser its events never come. */
export function lifecycleOf(scope: Partial<Window>): Lifecycle {
  const listen = (target: Partial<EventTarget> | undefined, types: string[], run: (event: Event) => void) => {
    for (const type of types) target?.addEventListener?.(type, run);
    return () => {
      for (const type of types) target?.removeEventListener?.(type, run);
    };
  };
  const page = scope.document;
  return {
    onWake(run) {
      const wake = (event: Event) => {
        if (!page?.hidden && (event as PageTransitionEvent).persisted !== false) run();
      };
      const offs = [
        listen(scope, ["online", "offline", "pageshow"], wake),
        listen(page, ["visibilitychange", "resume"], wake),
      ];
      return () => {
        for (const off of offs) off();
      };
    },
    onLeave: (run) =>
      listen(scope, ["pagehide"], (event) => {
        if (!(event as PageTransitionEvent).persisted) run();
      }),
  };
}
