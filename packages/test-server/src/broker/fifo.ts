/** First in, first out, each in constant time however long it is. `Array.shift` moves all that is behind it. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.#head === this.#items.length) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      // Half of it is behind the head: moving the other half is paid for by what was taken.
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
