import type { Application } from "../channel.ts";
import type { Limits } from "../limits.ts";
import { type Clock, Code } from "../shared.ts";
import { Session, type SessionHost } from "./session.ts";

/** Why a request gets no session. */
export interface Refusal {
  readonly code: number;
  readonly reason: string;
  /** Milliseconds before which the client should not come back. */
  readonly retry?: number;
}

/** How long the name of a session that has ended is remembered, in milliseconds, so that a late repetition of its first request does not open it again. */
const tombstoneLife = 5 * 60_000;
/** Clients that were turned away come back within about this time, in milliseconds; they spread it themselves. */
const busyRetry = 5_000;
const drainRetry = 1_000;

/** All sessions of a server, by their ids. */
export class Hub implements SessionHost {
  readonly #sessions = new Map<string, Session>();
  /** Ids of ended sessions with the time when they are forgotten, oldest first. */
  readonly #tombstones = new Map<string, number>();
  #isDraining = false;

  constructor(
    readonly application: Application,
    readonly limits: Limits,
    readonly clock: Clock,
    readonly afterTurn: (run: () => void) => void,
  ) {}

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** The session that an attach or a `send` is for: PROTOCOL.md section 7. */
  find(id: string, mayOpen: boolean, origin: string | undefined, protocols: readonly string[]): Session | Refusal {
    const known = this.#sessions.get(id);
    if (known) return known;
    if (this.#isDraining) return { code: Code.draining, reason: "The server is going down.", retry: drainRetry };
    if (!mayOpen || this.#isBuried(id)) return { code: Code.gone, reason: "The session is unknown or has ended." };
    if (this.#sessions.size >= this.limits.maxSessions) {
      return { code: Code.busy, reason: "The server has as many sessions as it may.", retry: busyRetry };
    }
    const protocol = protocols.find((offered) => offered.endsWith(".stomp"));
    const session = new Session(id, origin, protocol, this, this.application);
    this.#sessions.set(id, session);
    return session;
  }

  onOver(session: Session): void {
    this.#sessions.delete(session.id);
    this.#tombstones.set(session.id, this.clock.now() + tombstoneLife);
    this.#forget();
  }

  /**
   * Opens no more, and tells every session to come back later, behind what it still has to say. Ends, after `grace` milliseconds at the latest, with
   * all sessions gone.
   */
  async drain(grace: number): Promise<void> {
    this.#isDraining = true;
    for (const session of this.#sessions.values())
      session.close(Code.draining, "The server is going down.", drainRetry);
    const deadline = this.clock.now() + grace;
    while (this.clock.now() < deadline && [...this.#sessions.values()].some((session) => session.isAwaited)) {
      await new Promise<void>((resolve) => this.clock.after(20, resolve));
    }
    for (const session of this.#sessions.values()) session.end(Code.draining, "The server is going down.");
  }

  #isBuried(id: string): boolean {
    this.#forget();
    return this.#tombstones.has(id);
  }

  #forget(): void {
    const now = this.clock.now();
    for (const [id, until] of this.#tombstones) {
      if (until > now && this.#tombstones.size <= 10 * this.limits.maxSessions) return;
      this.#tombstones.delete(id);
    }
  }
}
