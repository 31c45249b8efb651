// The tasks of a file, in their order, in one environment.

import { NotPlanned } from "./names.mjs";
import { attempt } from "./refusals.mjs";
import { NoWay, around, perform } from "./steps.mjs";
import { stands } from "./values.mjs";

const BUILT = new Set([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 19, 24]);
const MOST_DAYS = 7;

export async function runTasks(stage, tasks) {
  for (const task of tasks) {
    const later = (task.needs ?? []).filter((construct) => !BUILT.has(construct));
    if (later.length > 0) {
      stage.report.task(task.id, "not yet", [`needs construct ${later.join(", ")}`]);
      continue;
    }
    const reasons = await reasonsAgainst(stage, task);
    stage.report.task(task.id, reasons.length > 0 ? "failed" : "passed", reasons);
  }
}

async function reasonsAgainst(stage, task) {
  const reasons = [];
  const attempted = async (what, run) => {
    try {
      const wrong = await run();
      if (wrong) reasons.push(wrong);
    } catch (error) {
      reasons.push(`${what}: ${error.message.split("\n")[0]}`);
      if (!(error instanceof NoWay || error instanceof NotPlanned) && process.env.BROWSER_TRACE) console.error(error);
    }
  };
  const who = (entry) => stage.person(entry.as ?? task.as);
  for (const step of task.steps ?? []) await attempted(`${step.do} ${step.record ?? step.entity ?? ""}`, () => done(who(step), step));
  for (const entry of task.then ?? []) await attempted("then", () => sees(who(entry), entry));
  for (const entry of task.never ?? []) await attempted("never", () => never(who(entry), entry));
  return reasons;
}

async function done(person, step) {
  await perform(person, step);
}

/// A place to look: its address, the links that may lead there, whether by its end alone.
function place(stage, entry) {
  if (entry.see) {
    const record = stage.record(entry.see);
    return { path: record.path, hints: around(stage, record), record };
  }
  if (entry.index) {
    const path = stage.names.path(entry.index);
    const parent = stage.names.parent(entry.index);
    const above = parent ? [...stage.records.values()].filter((record) => record.entity === parent) : [];
    const hints = above.flatMap((record) => [`${record.path}${path}`, record.path, stage.names.path(parent)]);
    return { path, hints, within: true };
  }
  for (const kind of ["list", "measure", "calendar"]) {
    if (entry[kind]) {
      const screen = stage.names.screen(`${kind}s`, entry[kind]);
      return { path: screen.path, hints: [], called: kind === "measure" ? screen.name : undefined, days: kind === "calendar" };
    }
  }
  return { path: entry.page, hints: [] };
}

async function sees(person, entry) {
  const where = place(person.stage, entry);
  const goal = (path) => path === where.path || (where.within && path.endsWith(where.path));
  if (!(await person.reach(goal, where.hints))) return `${person.name} finds no way to ${where.path}`;
  if (where.record) where.record.seenBy = person;
  const lacks = await wanting(person, { ...entry, shows: [...(entry.shows ?? []), ...(where.called ? [where.called] : [])] }, where);
  return lacks.length > 0 ? `${person.name} on ${where.path}: ${lacks.join(", ")}` : undefined;
}

/// What is missing on a page, or should be. A calendar is paged through, a day at a time.
async function wanting(person, { shows = [], hides = [] }, { days }) {
  const absent = (text) => shows.filter((wanted) => !stands(wanted, text)).map((wanted) => `no “${wanted}”`);
  let text = await person.text();
  for (let day = 0; days && day < MOST_DAYS && absent(text).length > 0; day += 1) {
    if (!(await person.followText("Next day")) && !(await person.followText("Next week"))) break;
    text = await person.text();
  }
  return [...absent(text), ...hides.filter((hidden) => stands(hidden, text)).map((hidden) => `“${hidden}” stands there`)];
}

async function never(person, entry) {
  if (entry.do) return attempt(person, entry);
  if (entry.hides) {
    return sees(person, entry);
  }
  const where = place(person.stage, entry);
  if (await person.reach((path) => path === where.path, where.hints)) return `${person.name} is led to ${where.path}`;
  const status = await person.visit(where.path);
  return status === 404 ? undefined : `${where.path} answers ${status} to ${person.name}, not 404`;
}

