// Carries out the tasks of a prompt in the app that was generated from it, as a person would: with a keyboard, in
// a window of 360 pixels. Reads one JSON object on standard input:
//
//   tasks     planner/fixtures/<prompt>/tasks.yaml        expected  expected.yaml beside it
//   spec      app.yaml of the project                     project   the folder of the project
//   binary    the built app                               data      an empty folder for its records
//   modules   node_modules with playwright-core and axe-core
//   chromium  the browser                                 shots     a folder for pictures, or nothing
//
// and writes one to standard output: counts, tasks, failures. Exit 0 when there is no failure, 1 otherwise.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { prepare } from "./looks.mjs";
import { Names } from "./names.mjs";
import { Report } from "./report.mjs";
import { Stage } from "./stage.mjs";
import { runTasks } from "./tasks.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(given.modules, "x.js"))("playwright-core");

prepare(given.modules);
const report = new Report();
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const stage = new Stage({ browser, names: new Names(given), report, given });
try {
  await stage.begin(given.tasks);
  await runTasks(stage, given.tasks.tasks);
} catch (error) {
  report.task("stage", "failed", [error.message]);
  if (process.env.BROWSER_TRACE) console.error(error);
} finally {
  await browser.close();
  await stage.app.end();
}
process.stdout.write(`${JSON.stringify(report.summary, null, 1)}\n`);
process.exitCode = report.failures.length > 0 ? 1 : 0;
