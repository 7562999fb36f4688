import { HIGH_WATER, LOW_WATER } from "./channel.ts";
import { atEndOfTurn } from "./turn.ts";

type Payload = string | Uint8Array;

/**
 * What is sent within one turn of the event loop, for channels on which several frames can travel as one message: text joined with text,
 * octets with octets, in order.
 */
export class Outgoing {
  #messages: Payload[] = [];
  #amount = 0;
  #isHigh = false;
  readonly #maxRun: number;
  readonly #write: (runs: Payload[]) => void;

  /**
   * @param maxRun a run ends when it has reached this many octets (of text: UTF-16 code units)
   * @param write takes over what was sent in one turn
   */
  constructor(maxRun: number, write: (runs: Payload[]) => void) {
    this.#maxRun = maxRun;
    this.#write = write;
  }

  /** What `write` has not been given yet, in octets, of text in UTF-16 code units: to count octets would cost a pass over each frame. */
  get amount(): number {
    return this.#amount;
  }

  push(message: Payload): void {
    this.#amount += message.length;
    if (this.#messages.push(message) === 1) atEndOfTurn(() => this.flush());
  }

  /** Hands over now what would be at the end of the turn. */
  flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#amount = 0;
    this.#write(joinRuns(messages, this.#maxRun));
  }

  /** Watches the marks. To be told of each change of `bufferedAmount`; true once each time it has come down from above the high one to below the low. */
  hasDrained(bufferedAmount: number): boolean {
    if (bufferedAmount > HIGH_WATER) this.#isHigh = true;
    if (!this.#isHigh || bufferedAmount >= LOW_WATER) return false;
    this.#isHigh = false;
    return true;
  }
}

/** Neighbours of one kind joined, in order, each run ended by the message with which it reaches `maxRun`. */
export function joinRuns(messages: readonly Payload[], maxRun: number): Payload[] {
  const runs: Payload[] = [];
  let texts = "";
  let chunks: Uint8Array[] = [];
  let octets = 0;
  const endText = () => {
    if (texts) runs.push(texts);
    texts = "";
  };
  const endOctets = () => {
    if (chunks.length > 0) runs.push(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, octets));
    chunks = [];
    octets = 0;
  };
  for (const message of messages) {
    if (typeof message === "string") {
      endOctets();
      texts += message;
      if (texts.length >= maxRun) endText();
    } else {
      endText();
      chunks.push(message);
      octets += message.length;
      if (octets >= maxRun) endOctets();
    }
  }
  endText();
  endOctets();
  return runs;
}
