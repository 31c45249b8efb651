// Somebody without an account at a page that is open to anybody, with a keyboard and a window of 360 pixels.
// Reads one JSON object on standard input:
//
//   binary    the built app                               data      an empty folder for its records
//   modules   node_modules with playwright-core, axe-core chromium  the browser
//   opener    the role that opens the page                page      its path
//   fill      what is typed, by the names of inputs       choose    what is chosen
//   shots     a folder for pictures
//
// and writes one to standard output: violations of WCAG 2.2 AA on the page, on the page with mistakes and on the last one; the
// beginning of the title with mistakes; whether it was received; and whether going back shows what was typed.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { App } from "./app.mjs";
import { code } from "./codes.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(given.modules, "x.js"))("playwright-core");
const axe = readFileSync(join(given.modules, "axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const app = new App(given.binary, given.data);
await app.prepare(0);
await app.end();
const seeded = execFileSync(given.binary, ["seed"], { env: app.environment(0), stdio: ["ignore", "pipe", "pipe"] }).toString();
await app.start(0);

const ask = async (path, body, token) => {
  const headers = { accept: "application/json", "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(app.origin + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} is answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

/// Opens the page, as `seed` tells how its opener signs in, and says its address.
const opened = async () => {
  const line = seeded.split("\n").find((line) => line.trim().startsWith(`${given.opener} `));
  const words = line.trim().split(/\s+/);
  const after = (name) => words[words.indexOf(name) + 1];
  let step = await ask("/identity/sign-in", { email: words.find((word) => word.includes("@")), password: after("password") });
  if (step.next === "second_factor") {
    const { ticket } = step;
    // `seed` may have used the code of this half minute: then the next one is due.
    for (const ahead of [0, 30_000]) {
      if (step.next === "signed_in") break;
      step = await ask("/identity/sign-in/code", { ticket, code: code(after("authenticator"), Date.now() + ahead) }).catch(() => step);
    }
  }
  const { address } = await ask(`/api/open-pages/${given.page}`, {}, step.access_token);
  return new URL(address).pathname;
};

const report = { errors: [], violations: [] };
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("pageerror", (error) => report.errors.push(error.message));

  const look = async (name) => {
    for (const [width, colorScheme] of [[1280, "dark"], [360, "light"]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: join(given.shots, `${name}-${width}.png`), fullPage: true });
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      if (wide > width) report.violations.push(`${name}: ${wide} pixels wide in a window of ${width}`);
      await page.evaluate(axe);
      const found = await page.evaluate(async (tags) => {
        const result = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
        return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
      }, TAGS);
      report.violations.push(...found.map((one) => `${name}: ${one}`));
    }
  };

  /// Goes to the button by the keyboard alone, and presses it.
  const send = async () => {
    for (let pressed = 0; pressed < 80; pressed += 1) {
      const there = await page.evaluate(() => document.activeElement?.matches("main form button[type=submit]"));
      if (there) break;
      await page.keyboard.press("Tab");
    }
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  };

  const address = await opened();
  await page.goto(app.origin + address);
  await look("street");
  await send();
  report.wrong = (await page.title()).slice(0, 7);
  await look("street-mistakes");
  for (const [name, value] of Object.entries(given.fill)) {
    await page.focus(`main [name="${name}"]`);
    await page.keyboard.type(value);
  }
  for (const [name, value] of Object.entries(given.choose)) {
    const select = page.locator(`main select[name="${name}"]`);
    if (await select.count()) await select.selectOption(value);
    else await page.locator(`main [name="${name}"][value="${value}"]`).focus().then(() => page.keyboard.press("Space"));
  }
  await send();
  report.received = new URL(page.url()).pathname === `${address}/received`;
  await look("street-received");
  await page.goto(app.origin + address);
  await page.goBack();
  const content = await page.content();
  report.back = Object.values(given.fill).some((value) => content.includes(value));
} finally {
  await browser.close();
  await app.end();
}
process.stdout.write(`${JSON.stringify(report)}\n`);
