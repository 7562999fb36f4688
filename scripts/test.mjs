/**
 * `npm test` and its sisters: node scripts/test.mjs unit|browser|real|proxies… [arguments for the runner, with one suite only]
 *
 * Installs and builds what is missing, runs the suites, and ends with one line, `N passed, N failed[, N skipped]`.
 * The counts also go, as JSON, to the file that TEST_SUMMARY names.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBrowser, ensureBuild, ensureDependencies } from "./ensure.mjs";
import { fail, runTool } from "./lib.mjs";

const SUITES = ["unit", "browser", "real", "proxies"];
const words = process.argv.slice(2);
const firstArgument = words.findIndex((word) => !SUITES.includes(word));
const suites = firstArgument < 0 ? words : words.slice(0, firstArgument);
const runnerArguments = firstArgument < 0 ? [] : words.slice(firstArgument);
if (suites.length === 0) fail(`Which suites? Any of ${SUITES.join(", ")}.`);
if (suites.length > 1 && runnerArguments.length > 0) {
  fail("Arguments go to one runner: use `npm run test:unit -- …` or `npm run test:browser -- …`.");
}

ensureDependencies();
ensureBuild();
const inBrowser = suites.filter((suite) => suite !== "unit");
if (inBrowser.length > 0) await ensureBrowser();

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const reports = mkdtempSync(join(tmpdir(), "encke-test-"));
/** @type {Counts[]} */
const counts = [];
if (suites.includes("unit")) counts.push(runVitest());
const together = inBrowser.filter((suite) => suite !== "proxies");
if (together.length > 0) counts.push(runPlaywright(together));
// They look at the clock: nothing else runs beside them.
if (suites.includes("proxies")) counts.push(runPlaywright(["proxies"]));
rmSync(reports, { recursive: true });

/** @param {keyof Counts} key */
const total = (key) => counts.reduce((sum, suite) => sum + suite[key], 0);
const summary = { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
if (process.env.TEST_SUMMARY) writeFileSync(process.env.TEST_SUMMARY, JSON.stringify(summary));
const skipped = summary.skipped > 0 ? `, ${summary.skipped} skipped` : "";
console.log(`\n${summary.passed} passed, ${summary.failed} failed${skipped}`);
process.exitCode = summary.failed > 0 ? 1 : 0;

/** @returns {Counts} */
function runVitest() {
  const report = join(reports, "vitest.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const exitCode = runTool("vitest", ["run", ...reporters, ...runnerArguments], { stdout: true });
  return count(exitCode, () => {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  });
}

/**
 * @param {string[]} suites
 * @returns {Counts}
 */
function runPlaywright(suites) {
  const report = join(reports, `${suites.join("-")}.json`);
  const projects = suites.map((suite) => `--project=${suite === "browser" ? "chromium" : suite}`);
  const exitCode = runTool("playwright", ["test", ...projects, "--reporter=list,json", ...runnerArguments], {
    stdout: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report },
  });
  return count(exitCode, () => {
    const { stats, suites } = JSON.parse(readFileSync(report, "utf8"));
    for (const line of suites.flatMap(skips)) console.log(`skipped: ${line}`);
    // A flaky test failed once: retries are off, and it does not count as passed if someone turns them on.
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
  });
}

/**
 * The titles of skipped tests, with the reason that the test gave.
 *
 * @param {any} suite of Playwright's JSON report
 * @returns {string[]}
 */
function skips(suite) {
  const below = (suite.suites ?? []).flatMap(skips);
  const specs = (suite.specs ?? []).flatMap((/** @type {any} */ spec) =>
    spec.tests
      .filter((/** @type {any} */ test) => test.status === "skipped")
      .map((/** @type {any} */ test) => {
        const reason = test.annotations.find(
          (/** @type {any} */ annotation) => annotation.type === "skip",
        )?.description;
        return `${spec.file}: ${spec.title}${reason ? `: ${reason}` : ""}`;
      }),
  );
  return [...below, ...specs];
}

/**
 * The counts of a runner's report. A runner that broke, or failed outside any test, counts as one failure.
 *
 * @param {number} exitCode
 * @param {() => Counts} read
 * @returns {Counts}
 */
function count(exitCode, read) {
  try {
    const found = read();
    return exitCode !== 0 && found.failed === 0 ? { ...found, failed: 1 } : found;
  } catch (error) {
    console.error(`The runner ended without a report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
