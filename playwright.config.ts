import { defineConfig } from "@playwright/test";
import { chromiumArgs, systemChromium } from "./scripts/browser.mjs";

/** Every test starts its own server on port 0. (e2e/conformance/ needs no browser: vitest runs it.) */
export default defineConfig({
  testDir: "e2e",
  workers: 2,
  retries: 0,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  // Tests run against the builds that `exports` names; the type checker's path aliases to the sources are not for here.
  tsconfig: "tsconfig.base.json",
  use: {
    browserName: "chromium",
    headless: true,
    launchOptions: { executablePath: systemChromium(), args: chromiumArgs },
  },
  projects: [
    { name: "chromium", testIgnore: ["**/e2e/real/**", "**/e2e/proxies/**", "**/e2e/conformance/**"] },
    // What needs more than a browser: clients and brokers of other languages.
    { name: "real", testMatch: "**/e2e/real/**/*.test.ts" },
    // Real proxies, all at the same time in front of one server and one browser.
    { name: "proxies", testMatch: "**/e2e/proxies/**/*.test.ts", fullyParallel: false, workers: 1 },
  ],
});
