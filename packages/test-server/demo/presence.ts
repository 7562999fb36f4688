import { type Person, readPerson } from "./identity.ts";

/**
 * What travels on /topic/presence.<room>. The broker keeps nothing, so the people in a room tell each other:
 * a newcomer joins or asks, whoever is there answers, and all repeat it now and then.
 */
type Sign = {
  readonly kind: "join" | "ask" | "here" | "leave";
  readonly person: Person;
};

const KINDS: readonly string[] = ["join", "ask", "here", "leave"] satisfies Sign["kind"][];

/** Timers of a hidden tab run once a minute in some browsers, so nobody is forgotten sooner than after one and a half. */
const HEARTBEAT_MS = 20_000;
const EXPIRY_MS = 90_000;
/** Answers are spread out, so that a full room does not answer in one burst. */
const ANSWER_WITHIN_MS = 300;

/** Who is in one room. */
export class Presence {
  #publish: (sign: Sign) => void;
  #changed: () => void;
  #me: Person;
  #here = false;
  #others = new Map<string, { person: Person; heardAt: number }>();
  #lastSaid = 0;

  constructor(me: Person, publish: (sign: Sign) => void, changed: () => void) {
    this.#me = me;
    this.#publish = publish;
    this.#changed = changed;
  }

  /** Everybody in the room, this tab first if it is there, then by name. */
  get people(): readonly Person[] {
    const others = [...this.#others.values()].map((entry) => entry.person);
    others.sort((one, other) => one.name.localeCompare(other.name));
    return this.#here ? [this.#me, ...others] : others;
  }

  /** Looks in from outside. */
  ask(): void {
    this.#say("ask");
  }

  enter(): void {
    this.#here = true;
    this.#say("join");
    this.#changed();
  }

  leave(): void {
    if (!this.#here) return;
    this.#here = false;
    this.#say("leave");
    this.#changed();
  }

  rename(me: Person): void {
    this.#me = me;
    if (this.#here) this.#say("here");
    this.#changed();
  }

  /** To be called about once a second while there is a connection: nobody can be heard without. */
  tick(): void {
    const now = Date.now();
    if (this.#here && now - this.#lastSaid >= HEARTBEAT_MS) this.#say("here");
    let changed = false;
    for (const [id, { heardAt }] of this.#others) {
      if (now - heardAt >= EXPIRY_MS) changed = this.#others.delete(id) || changed;
    }
    if (changed) this.#changed();
  }

  /** The connection is back: the silence meanwhile says nothing about the others. */
  back(): void {
    for (const entry of this.#others.values()) entry.heardAt = Date.now();
  }

  /** Signs may have been missed. */
  refresh(): void {
    this.#say(this.#here ? "join" : "ask");
  }

  receive(value: unknown): void {
    const sign = readSign(value);
    if (sign === undefined || sign.person.id === this.#me.id) return;
    if (sign.kind === "leave") {
      if (this.#others.delete(sign.person.id)) this.#changed();
      return;
    }
    if (sign.kind !== "ask") {
      this.#others.set(sign.person.id, { person: sign.person, heardAt: Date.now() });
      this.#changed();
    }
    if (sign.kind !== "here" && this.#here) {
      setTimeout(() => this.#here && this.#say("here"), Math.random() * ANSWER_WITHIN_MS);
    }
  }

  #say(kind: Sign["kind"]): void {
    this.#lastSaid = Date.now();
    this.#publish({ kind, person: this.#me });
  }
}

function readSign(value: unknown): Sign | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, person } = value as Record<string, unknown>;
  const known = readPerson(person);
  if (known === undefined || !KINDS.includes(kind as string)) return undefined;
  return { kind: kind as Sign["kind"], person: known };
}
