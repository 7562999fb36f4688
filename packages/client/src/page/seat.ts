import { listen } from "./lifecycle.ts";

/**
 * A browser opens six connections to a host over HTTP/1.1, for all tabs together. So many of them encke holds open at a time; what is left is for requests that
 * are soon answered, its own and the page's.
 */
const seats = 3;

/** A tab's leave to hold a request open. */
export interface Seat {
  /** It may. True until it is known better. */
  readonly isTaken: boolean;
  /** Asks for it, unless it is there. */
  take(): void;
  /** The user has come to this tab: it may take the seat of another. */
  insist(): void;
  /** Leaves it to others. */
  leave(): void;
}

/**
 * Tabs of one origin agree by Web Locks on who holds a request open to `host`. Where there are none (not a secure context), the tabs that can be seen do.
 *
 * @param onDenied called when it turns out that this tab may not, or may not any longer
 */
export function seatAt(host: string, onDenied: () => void, scope: Partial<Window>): Seat {
  const { document, navigator } = scope;
  let locks = navigator?.locks;
  let isDenied = false;
  let mayInsist = true;
  /** Ends what `take` has begun: it is asked for, or there. */
  let leave: (() => void) | undefined;

  const ask = () => {
    let mine!: () => void;
    const left = new Promise<void>((resolve) => {
      leave = mine = resolve;
    });
    const deny = () => {
      if (leave !== mine) return;
      leave = undefined;
      if (isDenied) return;
      isDenied = true;
      onDenied();
    };
    const request = (seat: number): void => {
      const isLast = seat > seats;
      if (isLast && (!mayInsist || document?.hidden || leave !== mine)) return deny();
      if (isLast) mayInsist = false;
      const name = `encke ${host} ${isLast ? seats : seat}`;
      locks!
        .request(name, isLast ? { steal: true } : { ifAvailable: true }, (lock) => {
          if (!lock) return request(seat + 1);
          isDenied = false;
          // Which may be over by now.
          return left;
        })
        // Somebody insisted; or locks are not for this page, as in a sandbox.
        .catch(({ name }) => {
          if (name === "AbortError") return deny();
          locks = undefined;
          leave = undefined;
        });
    };
    request(1);
  };
  return {
    get isTaken() {
      return locks ? !isDenied : !document?.hidden;
    },
    take() {
      if (leave) return;
      if (locks) ask();
      else leave = listen(document, ["visibilitychange"], false, () => document!.hidden && onDenied());
    },
    insist() {
      mayInsist = true;
    },
    leave() {
      leave?.();
      leave = undefined;
    },
  };
}
