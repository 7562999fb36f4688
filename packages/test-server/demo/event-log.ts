import { element } from "./dom.ts";
import { exactTime } from "./format.ts";

const KEPT = 40;

type Tone = "good" | "bad" | "you" | "plain";

/** What happened to the connection, the newest first. */
export class EventLog {
  #list: HTMLOListElement;
  #last: { text: string; times: number } = { text: "", times: 0 };

  constructor(list: HTMLOListElement) {
    this.#list = list;
  }

  /**
   * What happens several times in a row stands there once, with the latest time and a count.
   *
   * @param tone "good" and "bad" colour the entry; "you" marks what the visitor did
   */
  add(text: string, tone: Tone = "plain"): void {
    const times = text === this.#last.text ? this.#last.times + 1 : 1;
    this.#last = { text, times };
    if (times > 1) this.#list.firstElementChild?.remove();

    const now = Date.now();
    const time = element("time", "", exactTime(now));
    time.dateTime = new Date(now).toISOString();
    const entry = element("li", "", time, element("span", "", times === 1 ? text : `${text} (${times} times)`));
    entry.dataset.tone = tone;
    this.#list.prepend(entry);
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove();
  }
}
