import type { ServerResponse } from "node:http";
import { carrierHeaders } from "../http/answers.ts";
import type { Framing } from "./streaming.ts";

const headers = { ...carrierHeaders, "Content-Type": "text/event-stream" };

/**
 * One batch as one event. Every line begins with the space that EventSource takes off, as it would take one of the batch's own.
 *
 * @see WHATWG HTML, "Interpreting an event stream": CR, LF and CRLF all end a line
 */
export function toEvent(batch: string): string {
  const data = batch.replace(/[\\\r]/g, (character) => (character === "\r" ? "\\r" : "\\\\"));
  return `data: ${data.replaceAll("\n", "\ndata: ")}\n\n`;
}

/** For `EventSource`: PROTOCOL.md section 5.3. It forgets each event, so nothing grows in the page. */
export const eventFraming: Framing = { headers, opening: "", isRotated: false, frame: toEvent };

/** Keeps an `EventSource` from coming back with this URL, which it would do by itself. */
export function stopEventSource(response: ServerResponse): void {
  response.writeHead(204, headers).end();
}
