// A founder's whole road on a running platform, one stage a run. Reads one JSON object on standard input:
//
//   stage     which of those below            origin    the dashboard's address
//   founder   {who, name, organisation, email, password, secret}, kept by the caller between stages; so is clinic
//   prompt    what the app is for             lead      by how many seconds the platform's clock is ahead
//   modules   node_modules with playwright-core and axe-core
//   chromium  the browser                     shots     a folder for pictures, or nothing
//   minutes   how long a build may take       elsewhere origins besides ours that may be asked (the payment provider's)
//
// and writes one to standard output: steps, violations, errors, and what was learned. Exit 0 when nothing went wrong.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { Visitor } from "./visitor.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const report = { steps: [], violations: [], elsewhere: [], errors: [] };
const { founder, clinic, lead } = given;
const id = (address) => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(address)?.[0];

async function dashboard(visitor) {
  await visitor.go("/sign-in");
  await visitor.signIn(founder, lead);
}

/// A build is followed to its end: the page follows the events, and loads itself anew.
async function built(visitor, name) {
  await visitor.look(`${name}-begun`);
  await visitor.page.waitForSelector(".notice.good, .notice.danger", { timeout: given.minutes * 60_000 });
  await visitor.look(`${name}-over`);
  if (await visitor.page.locator(".notice.danger").count()) throw new Error(await visitor.text());
}

const STAGES = {
  /// Signs up, describes the app, reads the plan, approves it, watches the build, opens the preview.
  async preview(visitor) {
    await visitor.go("/");
    await visitor.look("landing");
    for (const path of ["/legal/baa", "/legal/privacy", "/sign-in"]) {
      await visitor.go(path);
      await visitor.look(path.slice(1).replace("/", "-"));
    }
    await visitor.go("/sign-up");
    await visitor.look("sign-up");
    const { organisation, email, name, password } = founder;
    await visitor.send({ organisation, email, display_name: name, password });
    await visitor.signIn(founder, lead);
    await visitor.look("projects-empty");
    await visitor.send({ prompt: given.prompt });
    await visitor.look("plan");
    const plan = visitor.path;
    if (!plan.includes("/versions/")) throw new Error(`no plan: ${await visitor.text()}`);
    await visitor.send({}, "Approve and build");
    await built(visitor, "build");
    const project = (report.project = plan.replace(/\/versions\/.*/, ""));
    report.version = plan;
    await visitor.go(project);
    await visitor.look("project");
    for (const rest of ["/prompts", "/prompts/new", "/name", "/end", "/preview/people"]) {
      await visitor.go(project + rest);
      await visitor.look(`project${rest.replaceAll("/", "-")}`);
    }
    for (const path of ["/sub-processors", "/account", "/projects", "/billing", "/agreement", "/departures", "/projects/00000000-0000-7000-8000-000000000001"]) {
      await visitor.go(path);
      await visitor.look(path.split("/").slice(1, 3).join("-").slice(0, 30));
    }
    await visitor.go("/billing");
    report.account = id(await visitor.text());
    await visitor.go(project);
    await visitor.send({}, "Open the preview");
    await visitor.look("preview-link");
    await visitor.follow("Go to the preview");
    report.preview = new URL(visitor.page.url()).origin;
    await visitor.join({ ...founder, who: "preview", secret: undefined });
    await visitor.look("preview-home");
    report.preview_says = await visitor.page.innerText("body");
    // As one of its made-up people, by what the dashboard says of them; the codes there are good for half a minute.
    await visitor.page.context().clearCookies({ domain: new URL(report.preview).hostname });
    await visitor.go(`${given.origin}${project}/preview/people`);
    const theirs = (await visitor.page.innerText(".secret")).trim();
    const nurse = visitor.page.locator("main tbody tr").filter({ hasText: /^nurse/i }).first();
    const cells = await nurse.locator("th, td").allInnerTexts();
    await visitor.go(`${report.preview}/sign-in`);
    await visitor.send({ email: cells[1].trim(), password: theirs });
    if (visitor.path.startsWith("/sign-in/code")) await visitor.send({ code: cells[2].trim() });
    await visitor.go(`${report.preview}/patients`);
    await visitor.look("preview-as-nurse");
    report.preview_as_nurse = await visitor.text();
  },

  /// Pays where payments are taken, signs, and brings the version into production.
  async production(visitor) {
    await dashboard(visitor);
    if (given.pays) {
      await visitor.go("/billing");
      await visitor.look("billing-before");
      await visitor.send({}, "Subscribe to the BAA plan");
      await visitor.look("billing-leaving");
      await visitor.follow("Continue");
      await visitor.page.fill("[name=email]", founder.email);
      await visitor.page.fill("[name=card]", given.pays);
      await visitor.page.fill("[name=expiry]", "12/30");
      await visitor.page.fill("[name=cvc]", "123");
      await visitor.press(visitor.page.getByRole("button", { name: "Subscribe" }));
      await visitor.look("billing-paid");
    }
    await visitor.go(given.version);
    report.unsigned = await visitor.text();
    await visitor.look("plan-closed");
    await visitor.go("/agreement");
    await visitor.look("agreement-before");
    await visitor.send({ organisation: "Clinic on the Hill LLC", name: founder.name, title: "Owner", authorised: true });
    await visitor.look("agreement-signed");
    await visitor.go("/billing");
    await visitor.look("billing-open");
    await visitor.go(given.project);
    await visitor.look("project-ready");
    await visitor.go(given.version);
    await visitor.send({}, "Bring it into production");
    await built(visitor, "production-build");
    await visitor.go(given.project);
    await visitor.look("project-open");
    await visitor.follow("Invite its first person");
    await visitor.proof(founder, lead);
    await visitor.look("first-person");
    await visitor.send({ email: clinic.email });
    await visitor.look("first-person-link");
    const link = (await visitor.page.innerText(".secret")).trim();
    report.production = new URL(link).origin;
    await visitor.page.goto(link);
    await visitor.join(clinic);
    await visitor.look("clinic-home");
  },

  /// The clinic enters a patient, or is told that nothing can be written.
  async patient(visitor) {
    await visitor.page.goto(`${given.production}/sign-in`);
    await visitor.signIn(clinic, 0);
    report.listed = (await visitor.go(`${given.production}/patients`)) === 200 ? await visitor.text() : "";
    await visitor.look(`clinic-patients-${given.expect}`);
    const opened = await visitor.go(`${given.production}/patients/new`);
    if (opened === 200) {
      await visitor.send(given.patient);
      await visitor.look(`clinic-patient-${given.expect}`);
    }
    report.said = await visitor.text();
    report.path = visitor.path;
  },

  /// What the dashboard tells of how things stand.
  async standing(visitor) {
    await dashboard(visitor);
    await visitor.go("/billing");
    await visitor.look(`billing-${given.name}`);
    report.billing = await visitor.text();
    await visitor.go(given.project);
    await visitor.look(`project-${given.name}`);
    report.project = await visitor.text();
  },

  /// Changes the card on the payment provider's page.
  async card(visitor) {
    await dashboard(visitor);
    await visitor.go("/billing");
    await visitor.send({}, "Card and invoices");
    await visitor.follow("Continue");
    await visitor.page.fill("[name=card]", given.pays);
    await visitor.page.fill("[name=expiry]", "12/30");
    await visitor.page.fill("[name=cvc]", "123");
    await visitor.press(visitor.page.getByRole("button", { name: "Change card" }));
  },

  /// Cancels the plan.
  async cancel(visitor) {
    await dashboard(visitor);
    await visitor.go("/billing/cancel");
    await visitor.look("cancel");
    await visitor.send({ phrase: founder.organisation });
    await visitor.look("cancelled");
    report.billing = await visitor.text();
  },

  /// Takes everything home, and confirms it.
  async archive(visitor) {
    await dashboard(visitor);
    await visitor.go("/departures");
    await visitor.look("departures");
    await visitor.press(visitor.page.locator("main tbody a"));
    await visitor.look("departure-window");
    report.departure = visitor.path;
    await visitor.press(visitor.page.locator("main tbody a"));
    await visitor.proof(founder, lead);
    report.environment = visitor.path.split("/archives/")[1];
    await visitor.look("archive");
    report.passphrase = (await visitor.page.innerText(".secret")).trim();
    [report.key] = /[0-9a-f]{64}/.exec((await visitor.text()).split("Signed by the key")[1]) ?? [];
    const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.page.getByRole("link", { name: "Download the archive" }).click()]);
    await download.saveAs(given.to);
    await visitor.send({ sha256: "00" });
    await visitor.look("receipt-refused");
    await visitor.send({ sha256: createHash("sha256").update(readFileSync(given.to)).digest("hex") });
    await visitor.look("receipt-confirmed");
  },

  /// The certificate, once everything is destroyed.
  async certificate(visitor) {
    await dashboard(visitor);
    await visitor.go(given.departure);
    await visitor.page.waitForSelector("text=Everything on our side is destroyed", { timeout: 120_000 });
    await visitor.look("departure-destroyed");
    const link = visitor.page.getByRole("link", { name: "Download the certificate" });
    const [download] = await Promise.all([visitor.page.waitForEvent("download"), link.click()]);
    await download.saveAs(given.to);
    const file = `${given.departure}/archives/${given.environment}/file`;
    report.archive = await visitor.page.evaluate(async (path) => (await fetch(path)).status, file);
    await visitor.go(given.project);
    await visitor.look("project-after");
    report.left = await visitor.text();
    // Last, for what comes is not a page of ours: nobody answers by that name any more.
    const gone = await visitor.page.goto(`${given.production}/`).catch((error) => ({ status: () => error.message }));
    report.gone = gone.status();
  },
};

const visitor = await Visitor.arrive(given, report);
try {
  await STAGES[given.stage](visitor);
} catch (error) {
  report.errors.push(`${given.stage} at ${visitor.page.url()}: ${error.message}`);
  if (given.shots) await visitor.page.screenshot({ path: `${given.shots}/error-${given.stage}.png`, fullPage: true }).catch(() => {});
} finally {
  await visitor.browser.close();
}
process.stdout.write(`${JSON.stringify({ ...report, founder, clinic }, null, 1)}\n`);
process.exitCode = report.errors.length + report.violations.length + report.elsewhere.length > 0 ? 1 : 0;
