/** What the page's life tells a connection. Nothing here may keep a page out of the back/forward cache: no `unload`, and no `beforeunload` (which the hidden frame listens to, while it is there). */
export interface Lifecycle {
  /**
   * The network or the page may have come back: `online`, `pageshow` from the cache, `visibilitychange` to visible, `resume`. `offline` too: it is a guess of the
   * browser's, and asks for a look, not for giving up. Returns what stops it.
   *
   * @param run told whether it was `online`: then the network may be another one
   */
  onWake(run: (isOnline: boolean) => void): () => void;
  /**
   * The page goes away: `pagehide`. It is told once the page is hidden, which comes behind all listeners to `pagehide`, so that what they send goes along. Returns
   * what stops it.
   *
   * @param run told whether the page is kept in the back/forward cache, from which it comes back with `onWake`. There it is to hold nothing open: Chromium drops a
   * page for which more than a little arrives, or that has a lock which another tab asks for
   * @see HTML, "unload a document": `pagehide`, then `visibilitychange` unless the page was hidden already
   */
  onLeave(run: (isKept?: boolean) => void): () => void;
}

/** Returns what stops it. */
export function listen(
  target: Partial<EventTarget> | undefined,
  types: string[],
  isCapturing: boolean,
  hear: (event: never) => void,
): () => void {
  for (const type of types) target?.addEventListener?.(type, hear as EventListener, isCapturing);
  return () => {
    for (const type of types) target?.removeEventListener?.(type, hear as EventListener, isCapturing);
  };
}

/** The life of the page or worker whose global object is given; outside a browser its events never come. */
export function lifecycleOf(scope: Partial<Window>): Lifecycle {
  return {
    onWake: (run) =>
      // Capturing, the window hears of what happens to its document too, whether it bubbles or not.
      listen(
        scope,
        ["online", "offline", "pageshow", "visibilitychange", "resume"],
        true,
        ({ persisted, type }: PageTransitionEvent) => {
          if (!scope.document?.hidden && persisted !== false) run(type === "online");
        },
      ),
    onLeave(run) {
      let isKept: boolean | undefined;
      return listen(
        scope,
        ["pagehide", "visibilitychange"],
        false,
        ({ persisted = isKept }: Partial<PageTransitionEvent>) => {
          isKept = persisted;
          if (isKept === undefined || !scope.document!.hidden) return;
          run(isKept);
          isKept = undefined;
        },
      );
    },
  };
}
