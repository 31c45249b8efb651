// A founder's road on a running platform, in a real browser: sign up, describe, read the plan, approve, watch the
// build, open the preview. Reads one JSON object on standard input:
//
//   origin    the dashboard's address                     prompt    what the app is for
//   modules   node_modules with playwright-core and axe-core
//   chromium  the browser                                 shots     a folder for pictures, or nothing
//   minutes   how long a build may take
//
// and writes one to standard output: steps, violations, preview. Exit 0 when nothing went wrong.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { code } from "./codes.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(given.modules, "x.js"))("playwright-core");
const axe = readFileSync(join(given.modules, "axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const PASSWORD = "Violet-Kettle-58-Harbour";

const report = { steps: [], violations: [], elsewhere: [], errors: [], preview: null };
const browser = await chromium.launch({
  executablePath: given.chromium,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
// The platform's certificate is of an authority of its own, which this browser does not know.
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ignoreHTTPSErrors: true, bypassCSP: false });
const page = await context.newPage();
const own = new URL(given.origin).hostname;
page.on("request", (request) => {
  const host = new URL(request.url()).hostname;
  if (host !== own && !host.endsWith(".apps.localhost")) report.elsewhere.push(request.url());
});
page.on("pageerror", (error) => report.errors.push(error.message));

async function look(name) {
  report.steps.push(`${name}: ${new URL(page.url()).pathname.replace(/[0-9a-f-]{36}/g, "{id}")}`);
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    if (wide > width) report.violations.push(`${name}: ${wide} pixels wide in a window of ${width}`);
    if (given.shots) {
      mkdirSync(given.shots, { recursive: true });
      await page.screenshot({ path: join(given.shots, `${name}-${width}.png`), fullPage: true });
    }
  }
  await page.evaluate(axe);
  const found = await page.evaluate(async (tags) => {
    const result = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  }, TAGS);
  report.violations.push(...found.map((one) => `${name}: ${one}`));
}

const send = () => Promise.all([page.waitForNavigation(), page.locator("main form button[type=submit]").last().click()]);

async function road() {
  await page.goto(`${given.origin}/`);
  await look("landing");
  await page.goto(`${given.origin}/sign-up`);
  await look("sign-up");
  await page.fill("[name=organisation]", "Clinic on the Hill");
  await page.fill("[name=email]", "olga@example.org");
  await page.fill("[name=display_name]", "Olga Owner");
  await page.fill("[name=password]", PASSWORD);
  await send();
  await page.fill("[name=email]", "olga@example.org");
  await page.fill("[name=password]", PASSWORD);
  await send();
  await look("enrol");
  const [secret] = /(?:[A-Z2-7]{4}\s+){7}[A-Z2-7]{4}/.exec(await page.textContent("main")) ?? [];
  await page.fill("[name=code]", code(secret, Date.now()));
  await send();
  await look("recovery-codes");
  await page.goto(`${given.origin}/`);
  await look("projects-empty");
  await page.fill("textarea", given.prompt);
  await send();
  await look("plan");
  const plan = page.url();
  if (!plan.includes("/versions/")) throw new Error(`no plan: ${await page.textContent("main")}`);
  await Promise.all([page.waitForNavigation(), page.click("form.approve button")]);
  await look("build");
  // The page follows the events, and loads itself anew at the end.
  await page.waitForSelector(".notice.good, .notice.danger", { timeout: given.minutes * 60_000 });
  await look("build-over");
  if (await page.locator(".notice.danger").count()) throw new Error(await page.textContent("main"));
  const project = plan.replace(/\/versions\/.*/, "");
  await page.goto(project);
  await look("project");
  for (const rest of ["/prompts", "/prompts/new", "/name"]) {
    await page.goto(project + rest);
    await look(rest.replaceAll("/", "-").slice(1));
  }
  for (const path of ["/sub-processors", "/account", "/projects", "/projects/00000000-0000-7000-8000-000000000001"]) {
    await page.goto(given.origin + path);
    await look(path.split("/").slice(1, 3).join("-").slice(0, 30));
  }
  await page.goto(project);
  await Promise.all([page.waitForNavigation(), page.click("text=Open the preview")]);
  report.preview = new URL(page.url()).origin;
  report.steps.push(`preview: ${new URL(page.url()).pathname.replace(/\/welcome\/.*/, "/welcome/{token}")}`);
  report.preview_title = await page.title();
}

try {
  await road();
} catch (error) {
  report.errors.push(error.message);
  if (given.shots) await page.screenshot({ path: join(given.shots, "error.png"), fullPage: true }).catch(() => {});
} finally {
  await browser.close();
}
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
process.exitCode = report.errors.length + report.violations.length + report.elsewhere.length > 0 ? 1 : 0;
