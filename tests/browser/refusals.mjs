// What must not be possible: by the pages, by an address, by a form sent without a page, and without a trace.

import { NoWay, Refused, perform, target } from "./steps.mjs";

/// Tries a step that must be refused. Answers what went wrong, or nothing.
export async function attempt(person, step) {
  const before = await trace(person, step);
  try {
    await perform(person, step);
    return `${person.name} could ${step.do} ${step.record ?? step.entity ?? ""}`;
  } catch (error) {
    if (error instanceof NoWay) {
      const let_in = await send(person, step);
      if (let_in) return let_in;
    } else if (!(error instanceof Refused)) {
      throw error;
    }
  }
  const after = await trace(person, step);
  return before === after ? undefined : `the refused ${step.do} left a trace`;
}

/// The step as a form that is sent without its page, with the sender's own token against forgery.
async function send(person, step) {
  const { path, body } = request(person, step);
  await person.home();
  const csrf = await person.page.locator("input[name=csrf]").first().getAttribute("value");
  body.set("csrf", csrf);
  const headers = { origin: person.stage.origin, "content-type": "application/x-www-form-urlencoded" };
  const answer = await person.context.request.post(person.stage.origin + path, { headers, data: body.toString(), maxRedirects: 0 });
  const status = answer.status();
  // A form without the field takes the rest and drops it; the trace tells.
  if (status >= 500) return `${step.do} without its page answers ${status}`;
  if (status < 400 && step.do !== "update") return `${step.do} without its page is let in with ${status}`;
  return undefined;
}

function request(person, step) {
  const { stage } = person;
  if (["create", "fill", "book"].includes(step.do)) {
    const { entity, form } = target(stage, step);
    return { path: form, body: new URLSearchParams(stage.bodies.get(`create ${entity}`) ?? snake(step.with)) };
  }
  const record = stage.record(step.record);
  const at = (rest) => `${record.path}/${rest}`;
  if (step.do === "update") {
    const known = new URLSearchParams(stage.bodies.get(`update ${record.entity}`) ?? "");
    const body = new URLSearchParams({ ...Object.fromEntries(known), ...snake(step.with), version: "1" });
    return { path: at("edit"), body };
  }
  const version = new URLSearchParams({ version: "1", confirmed: "yes" });
  if (step.do === "delete") return { path: at("remove"), body: version };
  if (step.do === "assign") {
    version.set("assignee", "x:00000000-0000-0000-0000-000000000000");
    return { path: at("assign"), body: version };
  }
  return { path: at(`${String(step.move).replaceAll(" ", "-")}?version=1`), body: version };
}

const snake = (values) =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name.replaceAll(" ", "_"), String(value)]));

/// What those see who see most: the record, or the list in which a new one would stand.
async function trace(person, step) {
  const { stage } = person;
  if (step.record) {
    const record = stage.record(step.record);
    return shown(record.seenBy, record.path);
  }
  const { entity, list } = target(stage, step);
  const roles = stage.names.overseers(entity);
  const overseer = [...stage.people.values()].find((one) => roles.includes(one.role)) ?? person;
  return shown(overseer, overseer === person ? list : stage.names.path(entity));
}

async function shown(person, path) {
  const status = await person.visit(path);
  return `${status} ${await person.text()}`;
}
