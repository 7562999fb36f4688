import type { Environment } from "../../../client/src/page/environment.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Whether other tabs leave this one a seat: as `seatAt` of the client, where a schedule says what the others do. */
export class SimulatedSeats {
  isFree = true;
  #isDenied = false;
  #mayInsist = false;
  /** It is asked for, or there. */
  #mine: { isHeld: boolean } | undefined;
  #onDenied = () => {};
  readonly #clock;

  constructor(time: SimulatedTime) {
    this.#clock = time.clock();
  }

  get isDenied(): boolean {
    return this.#isDenied;
  }

  get isHeld(): boolean {
    return !!this.#mine?.isHeld;
  }

  /** The others want all that there is. */
  deny(): void {
    this.isFree = false;
    this.#mayInsist = false;
    if (this.isHeld) this.#deny();
  }

  readonly seatAt: Environment["seatAt"] = (_, onDenied) => {
    this.#onDenied = onDenied;
    const seats = this;
    return {
      get isTaken() {
        return !seats.#isDenied;
      },
      take: () => this.#take(),
      insist: () => {
        this.#mayInsist = true;
      },
      leave: () => {
        this.#mine = undefined;
      },
    };
  };

  #take(): void {
    if (this.#mine) return;
    const mine = { isHeld: false };
    this.#mine = mine;
    this.#clock.after(1, () => {
      if (this.#mine !== mine) return;
      if (!this.isFree && !this.#mayInsist) return this.#deny();
      if (!this.isFree) this.#mayInsist = false;
      this.#isDenied = false;
      mine.isHeld = true;
    });
  }

  #deny(): void {
    this.#mine = undefined;
    if (this.#isDenied) return;
    this.#isDenied = true;
    this.#onDenied();
  }
}
