import type { ChatMessage } from "./chat-message.ts";
import { comet, setHue } from "./comet.ts";
import { element, svg } from "./dom.ts";
import { timeOfDay } from "./format.ts";

/** An own message on its way. */
export interface Outgoing {
  waiting(): void;
  delivered(): void;
  failed(reason: string, retry: () => void): void;
}

const LONGEST_LIST = 300;
/** Messages of one author within this time stand together under one name. */
const TOGETHER_MS = 3 * 60_000;

/** The messages of one room, oldest first. */
export class Conversation {
  readonly list = element("ol", "conversation");
  #seen = new Set<string>();
  #last: { author: string; at: number } | undefined;

  /** @param invitation what is shown while nobody has said anything */
  constructor(invitation: HTMLElement) {
    this.list.append(element("li", "invitation", invitation));
  }

  /** A message is here already if it is one's own, or was sent again. */
  has(message: ChatMessage): boolean {
    return this.#seen.has(message.id);
  }

  /** Returns how many messages there are more. */
  add(message: ChatMessage): number {
    this.#append(message, false);
    return 1;
  }

  addOwn(message: ChatMessage): Outgoing {
    const status = element("span", "status");
    const item = this.#append(message, true, status);
    const show = (state: string, ...content: (Node | string)[]) => {
      item.dataset.state = state;
      status.replaceChildren(...content);
    };
    return {
      waiting: () => show("waiting", element("span", "waiting", "waiting")),
      delivered: () => show("delivered", tick()),
      failed: (reason, retry) => {
        const again = element("button", "again", "Send again");
        again.type = "button";
        again.addEventListener("click", retry);
        show("failed", `${reason} `, again);
      },
    };
  }

  /** A line about the connection, between the messages. Returns how many messages there are more. */
  note(text: string): number {
    this.#last = undefined;
    this.#push(element("li", "note", element("span", "", text)));
    return 0;
  }

  #append({ id, from, text }: ChatMessage, own: boolean, status?: HTMLElement): HTMLLIElement {
    const now = Date.now();
    const together = this.#last !== undefined && this.#last.author === from.id && now - this.#last.at < TOGETHER_MS;
    this.#seen.add(id);
    this.#last = { author: from.id, at: now };

    const time = element("time", "", timeOfDay(now));
    time.dateTime = new Date(now).toISOString();
    const author = element("span", "author", own ? "You" : from.name);
    const meta = element("span", "meta", time, ...(status ? [status] : []));
    const bubble = element("div", "bubble", author, element("p", "text", text), meta);
    const item = element("li", own ? "message own" : "message", ...(own ? [] : [comet(from)]), bubble);
    item.classList.toggle("together", together);
    setHue(item, from.hue);
    this.#push(item);
    return item;
  }

  #push(item: HTMLLIElement): void {
    this.list.querySelector(".invitation")?.remove();
    this.list.append(item);
    while (this.list.childElementCount > LONGEST_LIST) this.list.firstElementChild?.remove();
  }
}

function tick(): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: "tick", role: "img", "aria-label": "delivered" },
    svg("path", { d: "m3 8.6 3.4 3.4L13 4.8" }),
  );
}
