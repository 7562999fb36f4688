import { element } from "./dom.ts";
import type { Room } from "./rooms.ts";

/** What stands in an empty room: two ways to hear something in it. */
export function invitation(room: Room): HTMLElement {
  const tab = element("a", "", "Open a second tab");
  tab.href = `#${room.key}`;
  tab.target = "_blank";
  tab.rel = "noopener";
  const command = `curl -d 'Hello from a shell' ${location.origin}/publish/topic/room.${room.key}`;
  return element(
    "div",
    "",
    element("p", "invitation-title", `${room.name} is quiet.`),
    element("p", "", tab, ": it is a second person. Or say something from a terminal:"),
    element("code", "", command),
  );
}
