/** What a test page has beside the browser's own, for the functions that tests run in it. */
import type * as EnckeModule from "encke";
import type * as ProbeModule from "./probe.ts";

declare global {
  /** From encke.min.js. */
  const Encke: typeof EnckeModule;
  /** From probe.ts. */
  const probe: typeof ProbeModule;
}
