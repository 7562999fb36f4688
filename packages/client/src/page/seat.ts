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
  const locks = navigator?.locks;
  let isAsking = false;
  let isDenied = false;
  let mayInsist = true;
  let leave: (() => void) | undefined;

  const deny = () => {
    isAsking = false;
    leave = undefined;
    if (isDenied) return;
    isDenied = true;
    onDenied();
  };
  const ask = (seat: number) => {
    const isLast = seat > seats;
    if (isLast && (!mayInsist || document?.hidden)) return deny();
    if (isLast) mayInsist = false;
    const name = `encke ${host} ${isLast ? seats : seat}`;
    locks!
      .request(name, isLast ? { steal: true } : { ifAvailable: true }, (lock) => {
        if (!lock) return ask(seat + 1);
        isAsking = isDenied = false;
        return new Promise<void>((resolve) => {
          leave = resolve;
        });
      })
      // Somebody insisted.
      .catch(deny);
  };
  return {
    get isTaken() {
      return locks ? !isDenied : !document?.hidden;
    },
    take() {
      if (isAsking || leave) return;
      if (locks) {
        isAsking = true;
        ask(1);
      } else {
        const hide = () => document?.hidden && onDenied();
        document?.addEventListener("visibilitychange", hide);
        leave = () => document?.removeEventListener("visibilitychange", hide);
      }
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
