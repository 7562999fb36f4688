import { element } from "./dom.ts";
import type { Room } from "./rooms.ts";

/** What stands in an empty room: the way to hear something in it. */
export function invitation(room: Room): HTMLElement {
  const tab = element("a", "", "Open a second tab");
  tab.href = `#${room.key}`;
  tab.target = "_blank";
  tab.rel = "noopener"; // without it the new tab would copy this one's session storage, and so its name
  return element(
    "div",
    "",
    element("p", "invitation-title", `${room.name} is quiet.`),
    element("p", "", tab, ": it is a second person. Write, then break the network of one of them, and write on."),
  );
}
