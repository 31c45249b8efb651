// What is looked at on every new page: axe's rules for WCAG 2.2 AA, and nothing that sticks out of 360 pixels.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

let axe;

export function prepare(modules) {
  axe = readFileSync(join(modules, "axe-core/axe.min.js"), "utf8");
}

const kind = (path) =>
  path.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "{id}").replace(/^\/welcome\/.*/, "/welcome/{token}");

/// Looks at a page once for each role, status and state.
export async function look(person) {
  const { report } = person.stage;
  const where = kind(person.path);
  const wrong = (await person.page.locator(".error-summary").count()) > 0;
  const filled = (await person.page.locator("main tbody tr").count()) > 0;
  const key = [person.role, where, person.status, wrong, filled].join(" ");
  if (!report.isNew(key)) return;
  // What axe itself tries on the page is none of the app's doing.
  person.examined = true;
  await person.page.evaluate(axe);
  const found = await person.page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return result.violations.map((one) => ({ rule: one.id, help: one.help, at: one.nodes.map((node) => node.html.slice(0, 200)) }));
  });
  person.examined = false;
  const width = await person.page.evaluate(() => document.scrollingElement.scrollWidth);
  report.page(key, found, width);
  if (person.stage.shots) await shoot(person, key);
}

async function shoot(person, key) {
  mkdirSync(person.stage.shots, { recursive: true });
  const name = key.replace(/[^a-z0-9]+/gi, "-");
  for (const [width, colorScheme] of [[360, "light"], [768, "dark"], [1280, "light"]]) {
    await person.page.emulateMedia({ colorScheme });
    await person.page.setViewportSize({ width, height: 800 });
    await person.page.screenshot({ path: join(person.stage.shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
  }
  await person.page.emulateMedia({ colorScheme: "light" });
  await person.page.setViewportSize({ width: 360, height: 800 });
}
