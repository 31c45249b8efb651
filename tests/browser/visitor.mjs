// Somebody with a browser on the platform: what they look at is measured, and what they know is kept between visits.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { code } from "./codes.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const STEP = 30_000;

export class Visitor {
  /// `given`: modules, chromium, shots, lead (seconds by which the platform's clock is ahead).
  static async arrive(given, report) {
    const { chromium } = createRequire(join(given.modules, "x.js"))("playwright-core");
    const browser = await chromium.launch({
      executablePath: given.chromium,
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    });
    // The platform's certificate is of an authority of its own, which this browser does not know.
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ignoreHTTPSErrors: true, acceptDownloads: true });
    const page = await context.newPage();
    page.on("pageerror", (error) => report.errors.push(error.message));
    page.on("request", (request) => {
      const { hostname } = new URL(request.url());
      if (!hostname.endsWith(".localhost") && !(given.elsewhere ?? []).includes(new URL(request.url()).origin)) report.elsewhere.push(request.url());
    });
    const axe = readFileSync(join(given.modules, "axe-core/axe.min.js"), "utf8");
    return new Visitor(given, report, browser, page, axe);
  }

  constructor(given, report, browser, page, axe) {
    Object.assign(this, { given, report, browser, page, axe });
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  text() {
    return this.page.innerText("main");
  }

  async go(address) {
    const answer = await this.page.goto(new URL(address, this.given.origin).href);
    return answer?.status() ?? 0;
  }

  /// Looks at a page: three widths, dark too, and axe's rules for WCAG 2.1 AA.
  async look(name) {
    const { page, report, given } = this;
    report.steps.push(`${name}: ${this.path.replace(/[0-9a-f-]{36}/g, "{id}").replace(/\/welcome\/.*/, "/welcome/{token}")}`);
    for (const [width, colorScheme] of [[360, "light"], [1280, "dark"], [1280, "light"]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      if (wide > width) report.violations.push(`${name}: ${wide} pixels wide in a window of ${width}`);
      if (given.shots) {
        mkdirSync(given.shots, { recursive: true });
        await page.screenshot({ path: join(given.shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await page.evaluate(this.axe);
      const found = await page.evaluate(async (tags) => {
        const result = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
        return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
      }, TAGS);
      report.violations.push(...found.map((one) => `${name} (${width}, ${colorScheme}): ${one}`));
    }
  }

  /// Fills in fields by their names and sends the form that holds the last of them.
  async send(values = {}, button) {
    const { page } = this;
    for (const [name, value] of Object.entries(values)) {
      const field = page.locator(`main [name="${name}"]`).first();
      if (value === true) await field.check();
      else await field.fill(value);
    }
    const names = Object.keys(values);
    const form = names.length ? page.locator("main form", { has: page.locator(`[name="${names.at(-1)}"]`) }) : page.locator("main form");
    const submit = button ? page.locator("main").getByRole("button", { name: button }) : form.last().locator("button[type=submit], button:not([type])").last();
    await this.press(submit);
  }

  async press(target) {
    await Promise.all([this.page.waitForNavigation(), target.first().click()]);
  }

  async follow(text) {
    await this.press(this.page.locator("main").getByRole("link", { name: text }));
  }

  /// A code that was not used before, on the clock of whoever asks for it.
  async code(person, ahead) {
    const now = () => Date.now() + ahead * 1_000;
    if (Math.floor(now() / STEP) <= (person.step ?? 0)) {
      await this.page.waitForTimeout(STEP - (now() % STEP) + 200);
    }
    person.step = Math.floor(now() / STEP);
    return code(person.secret, now());
  }

  /// Signs in where a form asks for it, with what the person knows; enrols an authenticator where one is wanted.
  async signIn(person, ahead) {
    await this.send({ email: person.email, password: person.password });
    if (this.path === "/sign-in/enrol") {
      [person.secret] = /(?:[A-Z2-7]{4}\s+){7}[A-Z2-7]{4}/.exec(await this.text()) ?? [];
      if (!person.secret) throw new Error(`no key for an authenticator app: ${await this.text()}`);
      person.step = undefined;
      await this.look(`${person.who}-enrol`);
      await this.send({ code: await this.code(person, ahead) });
      await this.look(`${person.who}-recovery-codes`);
      await this.follow("I have saved them");
    } else if (this.path === "/sign-in/code") {
      await this.send({ code: await this.code(person, ahead) });
    }
    if (this.path.startsWith("/sign-in")) throw new Error(`left on ${this.path}: ${await this.text()}`);
  }

  /// Shows anew who they are, where the platform asks for it.
  async proof(person, ahead) {
    if (this.path !== "/account/proof") return;
    await this.look("proof");
    await this.send({ password: person.password, code: await this.code(person, ahead) });
  }

  /// Joins an app by a link that works once.
  async join(person) {
    await this.look(`${person.who}-welcome`);
    await this.send({ display_name: person.name, password: person.password });
    await this.signIn(person, 0);
  }
}
