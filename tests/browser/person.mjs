// A person in front of the app: a narrow window and a keyboard. Nothing here clicks, and pages are reached by
// links, unless somebody tries an address that nobody gave them.

import { look } from "./looks.mjs";

const MOST_TABS = 400;
const MOST_PAGES = 16;

export class Person {
  constructor(name, role, context, stage) {
    Object.assign(this, { name, role, context, stage });
    this.title = name[0].toUpperCase() + name.slice(1);
    this.email = `${name.replaceAll(" ", ".")}@example.org`;
    this.status = 0;
  }

  /// Opens a new window.
  async open() {
    this.page = await this.context.newPage();
    this.page.on("dialog", (dialog) => dialog.accept());
    this.page.on("pageerror", (error) => this.stage.report.script(this, error.message));
    this.page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !this.examined && !/Failed to load resource/.test(text)) this.stage.report.script(this, text);
    });
    this.page.on("response", (response) => {
      const request = response.request();
      if (request.isNavigationRequest() && request.frame() === this.page.mainFrame()) this.status = response.status();
    });
    this.page.on("request", (request) => {
      if (request.method() === "POST" && request.isNavigationRequest()) this.sent = request;
    });
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  /// Types an address.
  async visit(path) {
    await this.page.goto(this.stage.origin + path, { waitUntil: "load" });
    await look(this);
    return this.status;
  }

  async text() {
    return this.page.locator("main").innerText();
  }

  /// Presses Tab until what `found` tells of has the focus. Everything that can be used must come up that way.
  async tabTo(found, given, what) {
    const there = `(${found})(document.activeElement, ${JSON.stringify(given)})`;
    for (let presses = 0; presses < MOST_TABS; presses += 1) {
      if (await this.page.evaluate(there)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`${this.name}: ${what} on ${this.path} cannot be reached with the Tab key`);
  }

  async press(key) {
    const loaded = this.page.waitForEvent("load", { timeout: 20_000 });
    await this.page.keyboard.press(key);
    await loaded;
    await look(this);
  }

  /// Links that a person can see or unfold: address without its query, text, and whether it lies in a closed menu.
  async links() {
    return this.page.evaluate(() => {
      const found = [];
      for (const [number, link] of [...document.querySelectorAll("a[href]")].entries()) {
        const menu = link.closest("details:not([open])");
        const handle = menu ? menu.querySelector("summary") : link;
        if (!handle.checkVisibility({ visibilityProperty: true })) continue;
        const address = new URL(link.href);
        if (address.origin !== location.origin || link.classList.contains("skip")) continue;
        found.push({ number, path: address.pathname, query: address.search, text: link.innerText.trim(), folded: !!menu });
      }
      return found;
    });
  }

  async follow(link) {
    const same = "(active, number) => active === [...document.querySelectorAll('a[href]')][number]";
    if (link.folded) {
      const summary =
        "(active, number) => active === [...document.querySelectorAll('a[href]')][number].closest('details').querySelector('summary')";
      await this.tabTo(summary, link.number, `the menu around ${link.path}`);
      await this.page.keyboard.press("Enter");
    }
    await this.tabTo(same, link.number, `the link to ${link.path}`);
    await this.press("Enter");
  }

  async followText(text) {
    const links = await this.links();
    const link = links.find((link) => link.text.toLowerCase() === text.toLowerCase());
    if (!link) return false;
    await this.follow(link);
    return true;
  }

  /// Looks for a page by way of links: at each page the one wanted, else the most telling hint not followed yet,
  /// else home again. A hint is an address, or the end of one. False when nothing leads there.
  async reach(goal, hints) {
    const tried = new Set();
    await this.home();
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const links = await this.links();
      const wanted = links.find((link) => goal(link.path));
      if (wanted) {
        await this.follow(wanted);
        return goal(this.path) && this.status === 200;
      }
      const rank = (link) => hints.findIndex((hint) => hint === link.path || (hint.end && link.path.endsWith(hint.end)));
      const [next] = links
        .filter((link) => rank(link) >= 0 && !tried.has(link.path) && link.path !== this.path)
        .sort((one, other) => rank(one) - rank(other));
      if (!next && this.path === "/") return false;
      if (next) {
        tried.add(next.path);
        await this.follow(next);
      } else {
        await this.home();
      }
    }
    return false;
  }

  /// Home, as it is now.
  async home() {
    const link = (await this.links()).find((link) => link.path === "/");
    if (link) await this.follow(link);
    else await this.visit("/");
  }

  /// Presses a button by its text; false if there is none.
  async button(text) {
    const number = await this.page.evaluate((text) => {
      const wanted = text.toLowerCase();
      const seen = (button) => button.tabIndex >= 0 && button.checkVisibility();
      const buttons = [...document.querySelectorAll("main button, header button")];
      return buttons.findIndex((button) => seen(button) && button.innerText.trim().toLowerCase() === wanted);
    }, text);
    if (number < 0) return false;
    const same = "(active, number) => active === [...document.querySelectorAll('main button, header button')][number]";
    await this.tabTo(same, number, `the button ${text}`);
    await this.press("Enter");
    return true;
  }
}
