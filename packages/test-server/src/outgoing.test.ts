import { expect, test } from "vitest";
import { HIGH_WATER, LOW_WATER } from "./channel.ts";
import { joinRuns, Outgoing } from "./outgoing.ts";

const octets = (...values: number[]) => Uint8Array.from(values);

test("text is joined with text and octets with octets, in the order of sending", () => {
  const runs = joinRuns(["a", "b", octets(1), octets(2, 3), "c", octets(4)], 100);
  expect(runs.map((run) => (typeof run === "string" ? run : [...run]))).toEqual(["ab", [1, 2, 3], "c", [4]]);
});

test("a run ends with the message that makes it large enough", () => {
  expect(joinRuns(["aa", "bb", "cc", "dddddddd", "e"], 4)).toEqual(["aabb", "ccdddddddd", "e"]);
  expect(joinRuns([octets(1, 2), octets(3, 4), octets(5)], 4).map((run) => run.length)).toEqual([4, 1]);
});

test("what is sent within one turn is written together, and counted until then", async () => {
  const writes: unknown[] = [];
  const outgoing = new Outgoing(100, (runs) => writes.push(runs));
  outgoing.push("one ");
  queueMicrotask(() => outgoing.push("two"));
  await Promise.resolve();
  expect([outgoing.amount, writes]).toEqual([7, []]);
  await new Promise(setImmediate);
  expect([outgoing.amount, writes]).toEqual([0, [["one two"]]]);
});

test("it has drained once the amount has been above the high mark and is below the low one", () => {
  const outgoing = new Outgoing(100, () => {});
  const amounts = [LOW_WATER, 0, HIGH_WATER + 1, LOW_WATER, LOW_WATER - 1, 0, HIGH_WATER, 0];
  expect(amounts.map((amount) => outgoing.hasDrained(amount))).toEqual([
    ...[false, false, false, false, true, false, false, false],
  ]);
});
