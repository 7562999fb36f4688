import { defineConfig } from "vitest/config";

// One seed for all property tests of a run, printed, and given back in FAST_CHECK_SEED to repeat a failure.
process.env.FAST_CHECK_SEED ??= String(Math.floor(Math.random() * 2 ** 31));

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.mjs", "e2e/conformance/**/*.test.ts"],
    globalSetup: "scripts/print-seed.mjs",
    setupFiles: "scripts/use-seed.mjs",
    // Only what hangs takes so long, on a busy machine too.
    testTimeout: 30_000,
    // Some wait more than they work.
    maxWorkers: 2,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
