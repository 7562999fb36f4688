import type { Tried } from "../attempts.ts";
import { element, setText } from "../dom.ts";
import { capitalized } from "../format.ts";
import { transportName } from "../transport-names.ts";
import { Bar } from "./bar.ts";
import type { Scale } from "./scale.ts";
import { outcome } from "./words.ts";

/** A pointer this close to a bar means it: many are thin. */
const NEAR_PX = 16;

/** A transport's name, what has become of it, and the lane with its attempts. */
export class Row {
  readonly entry: HTMLLIElement;
  readonly bars: Bar[] = [];
  readonly window: HTMLElement;
  #status = element("span", "timeline-status");
  #lane = element("ol", "timeline-lane");

  constructor(transport: string) {
    this.window = element("div", "timeline-window", this.#lane);
    const name = element("span", "timeline-name", capitalized(transportName(transport)));
    this.entry = element("li", "timeline-row", name, this.#status, this.window);
  }

  /**
   * @param all the attempts by this transport
   * @param glides it was drawn on the same scale a moment ago
   */
  draw(all: readonly Tried[], scale: Scale, glides: boolean): void {
    for (const bar of this.bars.filter((bar) => !all.includes(bar.tried))) {
      this.bars.splice(this.bars.indexOf(bar), 1);
      bar.entry.remove();
    }
    for (const tried of all) {
      if (this.bars.some((bar) => bar.tried === tried)) continue;
      const bar = new Bar(tried);
      this.bars.push(bar);
      this.#lane.append(bar.entry);
    }
    for (const [at, bar] of this.bars.entries()) {
      bar.draw(scale, this.bars[at + 1]?.tried.attempt.startedAt ?? scale.beyond);
    }
    const { text, tone } = outcome(all);
    setText(this.#status, text);
    this.#status.dataset.tone = tone;
    this.#lane.classList.toggle("gliding", glides);
    this.#lane.style.transform = `translateX(${100 - scale.at(scale.now)}%)`;
  }

  /** The bar that a pointer there means. */
  nearest(clientX: number): Bar | undefined {
    let found: Bar | undefined;
    let closest = NEAR_PX;
    for (const bar of this.bars) {
      const { left, right } = bar.button.getBoundingClientRect();
      const distance = Math.max(left - clientX, clientX - right, 0);
      if (distance > closest) continue;
      [found, closest] = [bar, distance];
    }
    return found;
  }
}
