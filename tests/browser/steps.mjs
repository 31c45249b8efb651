// What people do: each step by links, forms and buttons.

import { fill, mistakes } from "./forms.mjs";
import { plain } from "./names.mjs";

/// The app has no such way for this person: nothing leads there.
export class NoWay extends Error {}
/// The app said no.
export class Refused extends Error {}

/// Pages that may lead to a record: its own list, those above it, the start of all.
export function around(stage, record) {
  const hints = [];
  for (let above = record; above; above = above.in) {
    const list = stage.names.path(above.entity);
    if (above.in) hints.push(`${above.in.path}${list}`, above.in.path);
    // A part of somebody's own record stands under that record, whichever it is.
    else if (stage.names.parent(above.entity)) hints.push({ end: list });
    hints.push(list);
  }
  const screens = ["lists", "calendars"].flatMap((kind) =>
    Object.keys(stage.names.spec[kind] ?? {}).map((name) => stage.names.screen(kind, name).path),
  );
  return [...hints, ...screens];
}

export async function open(person, record) {
  const found = await person.reach((path) => path === record.path, around(person.stage, record));
  if (!found) throw new NoWay(`${person.name} finds no way to ${record.name}`);
}

/// Where a record is made: its entity, what it is part of, its form, its values.
export function target(stage, step) {
  const entity = stage.names.entity(step.entity ?? step.form ?? bookable(stage, step.calendar));
  const values = { ...(step.with ?? {}) };
  const parent = stage.names.parent(entity);
  let above = step.in ?? step.about;
  const linked = Object.keys(values).find((name) => parent && plain(name) === plain(parent));
  if (!above && linked) {
    above = values[linked];
    delete values[linked];
  }
  if (above && !parent) values[stage.record(above).entity] = above;
  const within = above && parent ? stage.record(above) : undefined;
  const path = stage.names.path(entity);
  // A part of the person's own record is made from their own pages, which the task need not name.
  const own = parent && !above;
  return { own, entity, within, values, list: `${within?.path ?? ""}${path}`, form: `${within?.path ?? ""}${path}/new` };
}

function bookable(stage, calendar) {
  const { name } = stage.names.screen("calendars", calendar);
  return stage.names.spec.calendars[name].of;
}

function typed(stage, entity, values) {
  return new Map(Object.entries(values).map(([name, value]) => [stage.names.field(entity, name), value]));
}

const unanswered = (values, missing, stage, entity) =>
  Object.keys(values).filter((name) => missing.some((names) => names.join() === stage.names.field(entity, name).join()));

/// Makes a record. Answers the fields that the form does not have, if `lenient` allows them.
export async function create(person, step, { lenient = false } = {}) {
  const { stage } = person;
  const { own, entity, within, values, list, form } = target(stage, step);
  const goal = (path) => path === form || (own && path.endsWith(form));
  const hints = [form, list, ...(within ? [within.path, ...around(stage, within)] : [])];
  const calendar = Object.entries(stage.names.spec.calendars ?? {}).find(([, one]) => one.of === entity);
  if (calendar) hints.push(stage.names.screen("calendars", calendar[0]).path);
  if (!(await person.reach(goal, hints))) throw new NoWay(`${person.name} finds no way to ${form}`);
  const { missing, objection } = await fill(person, typed(stage, entity, values), { whole: !lenient });
  if (objection) throw new Refused(objection);
  const left = unanswered(values, missing, stage, entity);
  if (left.length > 0 && !lenient) throw new NoWay(`the form for ${entity} asks for no ${left.join(", ")}`);
  stage.bodies.set(`create ${entity}`, person.sent?.postData());
  await remember(person, { name: step.call ?? entity, entity, in: within, values: step.with ?? {} });
  return left;
}

async function remember(person, record) {
  const heading = await person.page.locator("h1").innerText();
  const references = (await person.text()).match(/\b[A-Z]{2,3}-[A-Z0-9]{4,}\b/g) ?? [];
  const titles = [record.values.name, record.values.nombre, heading, ...references].filter(Boolean);
  person.stage.records.set(record.name, { ...record, path: person.path, titles, seenBy: person });
}

export async function update(person, { record: name, with: values }) {
  const { stage } = person;
  const record = stage.record(name);
  await open(person, record);
  if (!(await person.followText("Change"))) throw new NoWay(`${person.name} is not offered to change ${name}`);
  const { missing, objection } = await fill(person, typed(stage, record.entity, values), { whole: true });
  const left = unanswered(values, missing, stage, record.entity);
  if (left.length > 0) throw new NoWay(`the form to change ${name} asks for no ${left.join(", ")}`);
  if (objection) throw new Refused(objection);
  stage.bodies.set(`update ${record.entity}`, person.sent?.postData());
}

async function remove(person, { record: name }) {
  await open(person, person.stage.record(name));
  if (!(await person.followText("Remove"))) throw new NoWay(`${person.name} is not offered to remove ${name}`);
  const { objection } = await fill(person, new Map());
  if (objection) throw new Refused(objection);
}

async function move(person, { record: name, move }) {
  await open(person, person.stage.record(name));
  if (!(await person.button(move))) throw new NoWay(`${person.name} is not offered to ${move} ${name}`);
  if (person.status >= 400) throw new Refused((await mistakes(person)) ?? `status ${person.status}`);
}

export async function assign(person, { record: name, to }) {
  await open(person, person.stage.record(name));
  if (!(await person.followText("Assign"))) throw new NoWay(`${person.name} is not offered to assign ${name}`);
  const { objection } = await fill(person, new Map([[["who"], to]]));
  if (objection) throw new Refused(objection);
}

function addendum(person, { record: name, with: values }) {
  const record = person.stage.record(name);
  return create(person, { entity: `${record.entity} addendum`, in: name, with: values, call: `addendum to ${name}` });
}

const STEPS = { create, fill: create, book: create, update, delete: remove, move, assign, addendum };

export function perform(person, step) {
  const how = STEPS[step.do];
  if (!how) throw new Error(`unknown step ${step.do}`);
  return how(person, step);
}
