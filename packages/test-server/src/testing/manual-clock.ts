/** Client and server have the same time in tests, too. */
export { ManualClock } from "../../../client/src/page/testing/manual-clock.ts";
