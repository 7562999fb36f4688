import { endedBadly, type Tried } from "../attempts.ts";
import { element, setText } from "../dom.ts";
import type { Scale } from "./scale.ts";
import { describe } from "./words.ts";

/** A beginning that is shorter cannot be seen. Percent of the lane. */
const VISIBLE = 1;

/** An attempt in its lane: outlined while it is tried, filled from when it carries. The label is for screen readers, the cause beside it for eyes. */
export class Bar {
  readonly tried: Tried;
  readonly button = element("button", "bar");
  readonly entry: HTMLLIElement;
  #cause = element("span", "");
  #beside = element("span", "bar-cause", this.#cause);
  #drawn = "";

  constructor(tried: Tried) {
    this.tried = tried;
    this.button.type = "button";
    this.button.tabIndex = -1;
    this.#beside.setAttribute("aria-hidden", "true");
    this.entry = element("li", "", this.button, this.#beside);
  }

  get words(): string {
    return describe(this.tried);
  }

  /**
   * Touches the page only where something is other than before.
   *
   * @param next when the next attempt in this lane began, or `scale.beyond`
   */
  draw(scale: Scale, next: number): void {
    const { attempt, carriesSince } = this.tried;
    const { startedAt, duration, cause = "" } = attempt;
    const isBad = endedBadly(attempt);
    const end = duration === undefined ? scale.beyond : startedAt + duration;
    const from = scale.at(startedAt);
    const width = scale.width(end - startedAt);
    const tried = scale.width((carriesSince ?? end) - startedAt);
    const room = isBad ? scale.width(next - end) : 0;
    const drawn = `${[from, width, tried, room, cause]}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;

    this.button.setAttribute("aria-label", this.words);
    this.button.classList.toggle("carried", carriesSince !== undefined);
    this.button.classList.toggle("bad", isBad);
    this.button.style.left = `${from}%`;
    this.button.style.width = `${width}%`;
    this.button.style.setProperty("--tried", tried < VISIBLE ? "0%" : `${(100 * tried) / width}%`);
    setText(this.#cause, isBad ? cause : "");
    this.#beside.style.left = `${from + width}%`;
    this.#beside.style.width = `${room}%`;
  }
}
