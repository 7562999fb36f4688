import { element } from "./dom.ts";
import { exactTime } from "./format.ts";

const KEPT = 40;

/** What happened to the connection, the newest first. */
export class EventLog {
  #list: HTMLOListElement;

  constructor(list: HTMLOListElement) {
    this.#list = list;
  }

  /** @param tone "good" and "bad" colour the entry; "you" marks what the visitor did */
  add(text: string, tone: "good" | "bad" | "you" | "plain" = "plain"): void {
    const now = Date.now();
    const time = element("time", "", exactTime(now));
    time.dateTime = new Date(now).toISOString();
    const entry = element("li", "", time, element("span", "", text));
    entry.dataset.tone = tone;
    this.#list.prepend(entry);
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove();
  }
}
