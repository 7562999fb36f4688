import fc from "fast-check";
import { expect, it } from "vitest";
import { toEvent } from "./events.ts";

/** WHATWG HTML, "Interpreting an event stream", and then PROTOCOL.md section 5.3. */
function received(stream: string): string[] {
  const batches: string[] = [];
  let data: string[] = [];
  for (const line of stream.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line.startsWith("data:")) data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    else if (line === "" && data.length > 0) {
      batches.push(data.join("\n").replace(/\\(.)/g, (_, of) => (of === "r" ? "\r" : of)));
      data = [];
    }
  }
  return batches;
}

it("writes each batch so that an EventSource has it back", () => {
  const characters = fc.constantFrom(
    "\\",
    "r",
    "n",
    "\r",
    "\n",
    " ",
    ":",
    "data: ",
    "\0",
    "\uFEFF",
    "\u2028",
    "😀",
    "",
  );
  const batch = fc.oneof(
    fc.string(),
    fc.array(characters).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(fc.array(batch), (batches) => {
      expect(received(batches.map(toEvent).join(""))).toEqual(batches);
    }),
  );
});
