import type { Message } from "./message.ts";
import type { Subscription } from "./subscription.ts";

/** What COMMIT will do, in this order. */
export type Step = { do: "send"; message: Message } | { do: "ack" | "nack"; subscription: Subscription; id: string };

/** The frames between BEGIN and COMMIT or ABORT, not acted on yet. */
export class Transaction {
  readonly steps: Step[] = [];
  /** Octets of its messages. */
  octets = 0;

  add(step: Step): void {
    this.steps.push(step);
    if (step.do !== "send") return;
    this.octets += step.message.octets;
    step.message.keep();
  }
}
