import { counted } from "./format.ts";

/** This close to the end counts as the end. */
const END_PX = 48;

/**
 * Keeps the newest message in sight for a reader who is at the end, and leaves one alone who has scrolled back:
 * that reader gets a button that counts what came.
 */
export class ReadingPlace {
  #scroller: HTMLElement;
  #button: HTMLButtonElement;
  #list: HTMLElement | undefined;
  #atEnd = true;
  #below = 0;
  #places = new WeakMap<HTMLElement, { top: number; atEnd: boolean; below: number }>();

  constructor(scroller: HTMLElement, button: HTMLButtonElement) {
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => {
      this.toEnd();
      scroller.focus({ preventScroll: true });
    });
    // A keyboard that slides in, a drawer that opens, a window that turns: the end stays in sight.
    new ResizeObserver(() => this.#atEnd && this.#scrollToEnd()).observe(scroller);
  }

  /** Puts another list into the scroller, at the place where it was left. */
  show(list: HTMLElement): void {
    if (this.#list !== undefined) {
      this.#places.set(this.#list, { top: this.#scroller.scrollTop, atEnd: this.#atEnd, below: this.#below });
    }
    this.#list = list;
    this.#scroller.replaceChildren(list);
    const place = this.#places.get(list) ?? { top: 0, atEnd: true, below: 0 };
    this.#atEnd = place.atEnd;
    this.#below = place.below;
    if (place.atEnd) this.#scrollToEnd();
    else this.#scroller.scrollTop = place.top;
    this.#showButton();
  }

  /** Lets `add` put something into this list, and follows it or does not. `add` returns how many messages there are more. */
  grow(list: HTMLElement, add: () => number): void {
    const isShown = list === this.#list;
    // Where the reader is now: the event of a scroll that has just begun comes only with the next frame.
    if (isShown) this.#look();
    const messages = add();
    if (isShown && this.#atEnd) {
      this.#scrollToEnd();
    } else if (isShown) {
      this.#below += messages;
      this.#showButton();
    } else {
      const place = this.#places.get(list);
      if (place !== undefined && !place.atEnd) place.below += messages;
    }
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#below = 0;
    this.#scrollToEnd();
    this.#showButton();
  }

  #look(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - clientHeight - scrollTop <= END_PX;
    if (this.#atEnd) this.#below = 0;
    this.#showButton();
  }

  #scrollToEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #showButton(): void {
    this.#button.hidden = this.#below === 0;
    this.#button.textContent = counted(this.#below, "new message", "new messages");
  }
}
