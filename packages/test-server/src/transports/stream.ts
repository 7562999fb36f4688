import { carrierHeaders } from "../http/answers.ts";
import type { Framing } from "./streaming.ts";

/** Records as they are, for `fetch` and XHR to read while they come: PROTOCOL.md section 5. */
export const streamFraming: Framing = {
  headers: carrierHeaders,
  opening: "",
  isRotated: true,
  frame: (batch) => batch,
};
