import type { Attempts } from "../attempts.ts";
import { byId, setText } from "../dom.ts";
import { transportRank } from "../transport-names.ts";
import type { Bar } from "./bar.ts";
import { Row } from "./row.ts";
import { Scale } from "./scale.ts";

/** In between the style sheet moves the lanes on. */
const TICK_MS = 500;

/**
 * What was tried, when, for how long it carried and why it ended: a row for each transport, with now at the right end.
 * Bars have a place in time, and it is the lanes that move: while nothing happens, nothing is laid out anew.
 */
export class Timeline {
  #attempts: Attempts;
  #list = byId("timeline", HTMLUListElement);
  #reach = byId("timeline-reach", HTMLElement);
  #words = byId("timeline-words", HTMLElement);
  #rows = new Map<string, Row>();
  #epoch = Date.now();
  #last: Scale | undefined;
  #hovered: Bar | undefined;
  #focused: Bar | undefined;

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
    const look = () => {
      if (!document.hidden) this.#draw();
    };
    setInterval(look, TICK_MS);
    document.addEventListener("visibilitychange", look);
    this.#list.addEventListener("keydown", (event) => this.#step(event));
    this.#list.addEventListener("focusin", ({ target }) => {
      this.#focused = this.#bars().find(({ button }) => button === target);
      this.#describe();
    });
    this.#list.addEventListener("focusout", () => {
      this.#focused = undefined;
      this.#describe();
    });
    look();
  }

  #bars(): Bar[] {
    return [...this.#rows.values()].flatMap((row) => row.bars);
  }

  #draw(): void {
    const now = Date.now();
    const all = this.#attempts.read();
    const scale = new Scale(this.#epoch, all[0]?.attempt.startedAt ?? now, now);
    const glides = this.#last?.span === scale.span && Math.abs(now - this.#last.now - TICK_MS) < TICK_MS;
    this.#last = scale;
    setText(this.#reach, scale.span < 120_000 ? `${scale.span / 1000} s ago` : `${scale.span / 60_000} min ago`);

    const transports = [...new Set(all.map(({ attempt }) => attempt.transport))];
    transports.sort((one, other) => transportRank(one) - transportRank(other));
    this.#setRows(transports);
    for (const [transport, row] of this.#rows) {
      const own = all.filter(({ attempt }) => attempt.transport === transport);
      row.draw(own, scale, glides);
    }
    this.#describe();
  }

  #setRows(transports: readonly string[]): void {
    if (`${transports}` === `${[...this.#rows.keys()]}`) return;
    const rows = transports.map((transport) => [transport, this.#rows.get(transport) ?? this.#row(transport)] as const);
    for (const [transport, row] of this.#rows) if (!transports.includes(transport)) row.entry.remove();
    // What is in its place stays there, with the focus that it may have.
    rows.forEach(([, { entry }], at) => {
      if (this.#list.children[at] !== entry) this.#list.insertBefore(entry, this.#list.children[at] ?? null);
    });
    this.#rows = new Map(rows);
  }

  #row(transport: string): Row {
    const row = new Row(transport);
    const hover = (bar: Bar | undefined) => {
      this.#hovered = bar;
      this.#describe();
    };
    row.window.addEventListener("pointermove", ({ clientX }) => hover(row.nearest(clientX)));
    row.window.addEventListener("pointerleave", () => hover(undefined));
    row.window.addEventListener("click", ({ clientX }) => row.nearest(clientX)?.button.focus({ preventScroll: true }));
    return row;
  }

  /** One bar is in the order of the Tab key: the arrows lead to the others. */
  #step(event: KeyboardEvent): void {
    const row = [...this.#rows.values()].find(({ bars }) => bars.includes(this.#focused!));
    if (row === undefined) return;
    const rows = [...this.#rows.values()];
    const at = row.bars.indexOf(this.#focused!);
    const beside = (other: Row | undefined) => other && closest(other.bars, this.#focused!);
    const next = {
      ArrowLeft: row.bars[at - 1],
      ArrowRight: row.bars[at + 1],
      ArrowUp: beside(rows[rows.indexOf(row) - 1]),
      ArrowDown: beside(rows[rows.indexOf(row) + 1]),
      Home: row.bars[0],
      End: row.bars.at(-1),
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    next.button.focus({ preventScroll: true });
  }

  #describe(): void {
    const bars = this.#bars();
    if (!bars.includes(this.#hovered!)) this.#hovered = undefined;
    const shown = this.#hovered ?? this.#focused;
    setText(this.#words, shown?.words ?? "");
    const reachable = this.#focused ?? bars.at(-1);
    for (const bar of bars) {
      bar.button.classList.toggle("shown", bar === shown);
      const tabIndex = bar === reachable ? 0 : -1;
      if (bar.button.tabIndex !== tabIndex) bar.button.tabIndex = tabIndex;
    }
  }
}

/** Which of these began closest in time to that one. */
function closest(bars: readonly Bar[], { tried }: Bar): Bar | undefined {
  const distance = (bar: Bar) => Math.abs(bar.tried.attempt.startedAt - tried.attempt.startedAt);
  return [...bars].sort((one, other) => distance(one) - distance(other))[0];
}
