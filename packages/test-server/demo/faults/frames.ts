import type { Line } from "./line.ts";

/** How long a frame that appears while the line is cut is watched. */
const WATCH_MS = 50;

/**
 * Documents that stream into hidden frames. A frame has no events to imitate: one that is cut stays silent, and says so
 * to nobody. It is stopped from outside, which works because it is of this origin.
 */
export function stopFrames(page: Document, line: Line): void {
  const open = new Map<HTMLIFrameElement, () => void>();
  /** Those that hand on nothing, as they never are complete. */
  const held = new WeakSet<MessageEventSource>();
  // What captures comes before what does not.
  page.defaultView!.addEventListener(
    "message",
    (event) => {
      if (event.source !== null && held.has(event.source)) event.stopImmediatePropagation();
    },
    true,
  );
  const watch = (frame: HTMLIFrameElement) => {
    if (!line.httpPasses) return stopFor(frame, WATCH_MS);
    if (!line.streamsPass && frame.contentWindow) held.add(frame.contentWindow);
    const entry = { kind: "stream" as const, break: () => stopFor(frame, 0) };
    line.open.add(entry);
    open.set(frame, () => line.open.delete(entry));
  };
  const changed = (records: MutationRecord[]) => {
    for (const { addedNodes, removedNodes } of records) {
      for (const node of addedNodes) if (node instanceof HTMLIFrameElement) watch(node);
      for (const node of removedNodes) if (node instanceof HTMLIFrameElement) open.get(node)?.();
    }
  };
  new MutationObserver(changed).observe(page, { childList: true, subtree: true });
}

function stopFor(frame: HTMLIFrameElement, ms: number): void {
  frame.contentWindow?.stop();
  if (ms > 0) setTimeout(() => stopFor(frame, ms - 5), 5);
}
