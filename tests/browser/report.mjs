// What was seen: pages, violations, tasks.

export class Report {
  constructor() {
    this.seen = new Set();
    this.pages = [];
    this.scripts = [];
    this.tasks = [];
  }

  isNew(key) {
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    return true;
  }

  page(key, violations, width) {
    this.pages.push({ key, violations, width });
  }

  script(person, message) {
    const told = `${person.role} ${person.path}: ${message}`;
    if (!this.scripts.includes(told)) this.scripts.push(told);
  }

  task(id, outcome, reasons = []) {
    this.tasks.push({ id, outcome, reasons });
    process.stderr.write(`${outcome.padEnd(8)} ${id}${reasons.map((reason) => `\n           ${reason}`).join("")}\n`);
  }

  get failures() {
    const all = [];
    for (const task of this.tasks) {
      if (task.outcome === "failed") all.push(...task.reasons.map((reason) => `${task.id}: ${reason}`));
    }
    for (const page of this.pages) {
      for (const one of page.violations) all.push(`axe: ${page.key}: ${one.rule} (${one.help}) at ${one.at.join(" | ")}`);
      if (page.width > 360) all.push(`width: ${page.key} is ${page.width} pixels wide in a window of 360`);
    }
    return [...all, ...this.scripts.map((one) => `script: ${one}`)];
  }

  get summary() {
    const count = (outcome) => this.tasks.filter((task) => task.outcome === outcome).length;
    return {
      passed: count("passed"),
      failed: count("failed"),
      "not yet": count("not yet"),
      pages: this.pages.length,
      tasks: this.tasks,
      failures: this.failures,
    };
  }
}
