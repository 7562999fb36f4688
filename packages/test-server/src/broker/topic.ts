import type { Message } from "./message.ts";

export interface TopicMember {
  /** Delivers the message or gives the member up; never throws. True if the publisher should slow down for this member's sake. */
  take(message: Message): boolean;
}

/** All who are subscribed now get each message. A topic keeps nothing. */
export class Topic {
  readonly #members = new Set<TopicMember>();

  get isIdle(): boolean {
    return this.#members.size === 0;
  }

  add(member: TopicMember): void {
    this.#members.add(member);
  }

  remove(member: TopicMember): void {
    this.#members.delete(member);
  }

  /** Returns whether the publisher should slow down. */
  publish(message: Message): boolean {
    let isPressed = false;
    for (const member of this.#members) {
      if (member.take(message)) isPressed = true;
    }
    return isPressed;
  }
}
