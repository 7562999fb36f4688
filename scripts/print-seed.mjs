/** Vitest global setup: says which seed repeats this run. */
export default function printSeed() {
  console.log(`fast-check seed: FAST_CHECK_SEED=${process.env.FAST_CHECK_SEED}`);
}
