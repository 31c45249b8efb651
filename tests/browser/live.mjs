// Two people in the app that was generated from a prompt: one reads a list, the other adds to it, and the first is told.
// Reads one JSON object on standard input:
//
//   binary    the built app                               data      an empty folder for its records
//   modules   node_modules with playwright-core           chromium  the browser
//   reader    the role of who reads                       writer    the role of who writes
//   list      the path of the list                        record    what is sent to its API; "today" is this moment
//   of        what the record belongs to: the path of a list, and the field that names one of it
//
// and writes one to standard output: what was announced, and what stood in the list before and after.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { App } from "./app.mjs";
import { code } from "./codes.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(given.modules, "x.js"))("playwright-core");

const app = new App(given.binary, given.data);
await app.prepare(0);
await app.end();
const seeded = execFileSync(given.binary, ["seed"], { env: app.environment(0), stdio: ["ignore", "pipe", "pipe"] }).toString();
await app.start(0);

/// How somebody of a role signs in, as `seed` tells it.
const login = (role) => {
  const line = seeded.split("\n").find((line) => line.trim().startsWith(`${role} `));
  const words = line.trim().split(/\s+/);
  const after = (name) => words[words.indexOf(name) + 1];
  return { email: words.find((word) => word.includes("@")), password: after("password"), secret: words.includes("authenticator") && after("authenticator") };
};

const ask = async (path, body, token) => {
  const headers = { accept: "application/json", "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(app.origin + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} is answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

const writes = async () => {
  const { email, password } = login(given.writer);
  const { access_token: token } = await ask("/identity/sign-in", { email, password });
  const [above] = await ask(`/api${given.of.path}`, undefined, token);
  const record = Object.fromEntries(Object.entries(given.record).map(([name, value]) => [name, value === "today" ? new Date().toISOString() : value]));
  return ask(`/api${given.list}`, { ...record, [given.of.field]: above.id }, token);
};

const report = { errors: [] };
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => report.errors.push(error.message));
  const { email, password, secret } = login(given.reader);
  await page.goto(`${app.origin}/sign-in`);
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await Promise.all([page.waitForEvent("load"), page.press("[name=password]", "Enter")]);
  if (secret) {
    // `seed` may have used the code of this half minute: then the next one is due.
    for (const ahead of [0, 30_000]) {
      if (new URL(page.url()).pathname !== "/sign-in/code") break;
      await page.fill("[name=code]", code(secret, Date.now() + ahead));
      await Promise.all([page.waitForEvent("load"), page.press("[name=code]", "Enter")]);
    }
  }
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  const listening = new Promise((resolve) => wire.once("Network.webSocketHandshakeResponseReceived", resolve));
  await page.goto(app.origin + given.list);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no connection was opened")), 30_000).unref());
  const { response } = await Promise.race([listening, late]);
  report.switched = response.status;
  const rows = () => page.locator("main tbody tr").count();
  report.before = await rows();
  const focused = () => page.evaluate(() => document.activeElement.tagName);
  const focus = await focused();
  const record = await writes();
  await page.waitForSelector("main [role=status] a");
  report.announced = (await page.innerText("main [role=status]")).replace(/\s+/g, " ");
  report.focusKept = (await focused()) === focus;
  report.shownAlready = (await page.content()).includes(record.id);
  await page.focus("main [role=status] a");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  report.shown = (await page.content()).includes(record.id);
} finally {
  await browser.close();
  await app.end();
}
process.stdout.write(`${JSON.stringify(report)}\n`);
