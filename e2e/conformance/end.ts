import { expect } from "vitest";
import { parametersOf, type WireRecord } from "./records.ts";

/** The code in an `x`, which owes what section 8 says: a code, a reason within its bound, `retry` in milliseconds. */
export function endCodeOf(x: WireRecord): number {
  const parameters = parametersOf(x);
  expect(parameters.get("code"), "the code of x").toMatch(/^[1-9][0-9]{3}$/);
  expect(Buffer.byteLength(parameters.get("reason") ?? ""), "octets of the reason").toBeLessThanOrEqual(123);
  expect(parameters.get("retry") ?? "0", "retry of x").toMatch(/^(0|[1-9][0-9]*)$/);
  return Number(parameters.get("code"));
}
