import type { Environment } from "../../../client/src/page/environment.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Whether other tabs leave this one a seat: as `seatAt` of the client, where a schedule says what the others do. */
export class SimulatedSeats {
  isFree = true;
  #isDenied = false;
  #isAsking = false;
  #mayInsist = false;
  #isHeld = false;
  #onDenied = () => {};
  readonly #clock;

  constructor(time: SimulatedTime) {
    this.#clock = time.clock();
  }

  get isDenied(): boolean {
    return this.#isDenied;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The others want all that there is. */
  deny(): void {
    this.isFree = false;
    this.#mayInsist = false;
    if (this.#isHeld) this.#deny();
  }

  readonly seatAt: Environment["seatAt"] = (_, onDenied) => {
    this.#onDenied = onDenied;
    const seats = this;
    return {
      get isTaken() {
        return !seats.#isDenied;
      },
      take() {
        if (seats.#isAsking || seats.#isHeld) return;
        seats.#isAsking = true;
        seats.#clock.after(1, () => seats.#answer());
      },
      insist() {
        seats.#mayInsist = true;
      },
      leave() {
        seats.#isHeld = false;
      },
    };
  };

  #answer(): void {
    if (!this.isFree && !this.#mayInsist) return this.#deny();
    if (!this.isFree) this.#mayInsist = false;
    this.#isAsking = this.#isDenied = false;
    this.#isHeld = true;
  }

  #deny(): void {
    this.#isAsking = this.#isHeld = false;
    if (this.#isDenied) return;
    this.#isDenied = true;
    this.#onDenied();
  }
}
