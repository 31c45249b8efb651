// Filling in a form by its labels, by keyboard.

import { plain } from "./names.mjs";
import { parts } from "./values.mjs";

const MOST_STEPS = 40;

/// The fields in front of the person: label, kind, and the ids to type into.
async function fields(person) {
  return person.page.evaluate(() => {
    const own = (element) => {
      const copy = element.cloneNode(true);
      for (const aside of copy.querySelectorAll(".optional, .unseen")) aside.remove();
      return copy.textContent.trim();
    };
    const labelled = (input) => [own(input.labels[0]), input.id];
    const all = document.querySelectorAll("main form.form .field, main form.form > .field");
    return [...all]
      .filter((field) => field.checkVisibility() && !field.parentElement.closest("ol.items"))
      .map((field) => {
        const group = field.querySelector(":scope > fieldset");
        const form = [...document.querySelectorAll("main form.form")].indexOf(field.closest("form"));
        if (group) {
          const label = own(group.querySelector("legend"));
          const items = group.querySelector("ol.items");
          if (items) {
            const inputs = [...items.querySelectorAll("input, textarea, select")].map((input) => input.id);
            return { label, form, kind: "list", inputs, add: group.querySelector("button[name]:last-of-type")?.value };
          }
          const date = group.querySelector(".date");
          if (date) return { label, form, kind: "date", inputs: [...date.querySelectorAll("input")].map(labelled) };
          const options = [...group.querySelectorAll("input")];
          return { label, form, kind: options[0]?.type === "radio" ? "radios" : "boxes", inputs: options.map(labelled) };
        }
        const input = field.querySelector("input, textarea, select");
        const kind = input.type === "checkbox" ? "tick" : input.localName === "select" ? "select" : "text";
        const options = kind === "select" ? [...input.options].map((option) => option.text.trim()) : [];
        return { label: own(input.labels[0]), form, kind, inputs: [input.id], options };
      });
  });
}

const focus = (person, id, what) => person.tabTo("(active, id) => active.id === id", id, what);

async function type(person, id, text, what) {
  await focus(person, id, what);
  await person.page.keyboard.press("Control+A");
  await person.page.keyboard.press("Delete");
  await person.page.keyboard.type(text);
}

/// The place of a choice among texts: the same, or one that begins so ("Dora, physician"), or that holds it.
function choose(texts, wanted) {
  const all = texts.map(plain);
  for (const one of wanted.map(plain)) {
    for (const fits of [(text) => text === one, (text) => text.startsWith(one), (text) => text.includes(one)]) {
      const place = all.findIndex(fits);
      if (one && place >= 0) return place;
    }
  }
  return -1;
}

async function radio(person, field, wanted) {
  const place = choose(field.inputs.map(([text]) => text), wanted);
  if (place < 0) return false;
  const ids = field.inputs.map(([, id]) => id);
  await person.tabTo("(active, ids) => ids.includes(active.id)", ids, field.label);
  for (const _ of ids) {
    const now = await person.page.evaluate(() => document.activeElement.id);
    if (now === ids[place]) break;
    await person.page.keyboard.press("ArrowDown");
  }
  if (!(await person.page.locator(`[id="${ids[place]}"]`).isChecked())) await person.page.keyboard.press("Space");
  return true;
}

async function select(person, field, wanted) {
  const place = choose(field.options, wanted);
  if (place < 0) return false;
  await focus(person, field.inputs[0], field.label);
  await person.page.keyboard.press("Home");
  for (let step = 0; step < place; step += 1) await person.page.keyboard.press("ArrowDown");
  const now = await person.page.evaluate(() => document.activeElement.selectedIndex);
  if (now !== place) throw new Error(`${field.label}: the keyboard chose option ${now}, not ${place}`);
  return true;
}

async function date(person, field, value) {
  const typed = parts(value, person.stage.zone);
  if (!typed) return false;
  for (const [label, id] of field.inputs) {
    const part = typed[label.toLowerCase()];
    if (part === undefined) continue;
    await type(person, id, part, `${field.label}: ${label}`);
  }
  return true;
}

/// A list grows by its button, which asks the server for one more line.
async function list(person, field, values) {
  for (const [place, value] of values.entries()) {
    let now = field;
    while (now.inputs.length <= place) {
      const add = "(active, name) => active.name !== '' && active.localName === 'button' && active.value === name";
      await person.tabTo(add, now.add, `${field.label}: add another`);
      await person.press("Enter");
      now = (await fields(person)).find((one) => one.label === field.label);
    }
    await type(person, now.inputs[place], String(value), field.label);
    field = now;
  }
  return true;
}

/// What a value may look like: records and people by what they are called on pages.
function wordings(person, value) {
  if (value === true) return ["yes"];
  if (value === false) return ["no"];
  return [...person.stage.called(value), String(value)];
}

async function enter(person, field, value) {
  if (field.kind === "date") return date(person, field, value);
  if (field.kind === "list") return list(person, field, Array.isArray(value) ? value : String(value).split(", "));
  if (field.kind === "radios") return radio(person, field, wordings(person, value));
  if (field.kind === "select") return select(person, field, wordings(person, value));
  if (field.kind === "boxes") {
    for (const one of [value].flat()) {
      const place = choose(field.inputs.map(([text]) => text), [String(one)]);
      if (place < 0) return false;
      await focus(person, field.inputs[place][1], field.label);
      await person.page.keyboard.press("Space");
    }
    return true;
  }
  if (field.kind === "tick") {
    const wanted = value === true || value === "yes";
    await focus(person, field.inputs[0], field.label);
    if ((await person.page.locator(`[id="${field.inputs[0]}"]`).isChecked()) !== wanted) await person.page.keyboard.press("Space");
    return true;
  }
  await type(person, field.inputs[0], String(value), field.label);
  return true;
}

/// Presses the main button of the form, which stands last.
async function submit(person, form) {
  const main = "(active, form) => active === document.querySelectorAll('main form.form')[form]?.querySelector('div.buttons button[type=submit]')";
  await person.tabTo(main, form, "the button that sends the form");
  await person.press("Enter");
}

export async function mistakes(person) {
  const summary = person.page.locator(".error-summary");
  return (await summary.count()) > 0 ? (await summary.innerText()).replace(/\s+/g, " ") : undefined;
}

/// How often an app may ask for patience before that is its answer.
const PATIENCE = 5;

/// Fills in the form on this page, however many steps it has, and sends it. `values` is a map from the names that a
/// field may have to its value. Answers what could not be entered and the app's own objection, if there is one.
///
/// Everybody here comes from one address, which the app holds up when it asks too often; a person does as they are told,
/// and tries again.
export async function fill(person, values, options = {}) {
  for (let tries = 1; ; tries += 1) {
    const answer = await fillOnce(person, values, options);
    const [, seconds] = /try again in (\d+) seconds?/.exec(answer.objection ?? "") ?? [];
    if (!seconds || tries === PATIENCE) return answer;
    await person.page.waitForTimeout(Number(seconds) * 1000);
  }
}

async function fillOnce(person, values, options) {
  const from = person.path;
  const open = new Set(values.keys());
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (step > 0 && (await person.page.locator("main form.form div.buttons").count()) === 0) break;
    const here = (await fields(person)).filter((field) => options.form === undefined || field.form === options.form);
    for (const seen of here) {
      const names = [...open].find((names) => names.includes(plain(seen.label)));
      if (!names) continue;
      // Adding a line to a list loads the page anew, so a field is looked up when its turn comes.
      const field = (await fields(person)).find((one) => one.label === seen.label) ?? seen;
      if (!(await enter(person, field, values.get(names)))) {
        return { missing: [...open], objection: `${field.label} offers no ${values.get(names)}` };
      }
      open.delete(names);
    }
    if (options.whole && open.size > 0 && here.length > 1) return { missing: [...open] };
    await submit(person, options.form ?? here[0]?.form ?? 0);
    const objection = (await mistakes(person)) ?? (person.status >= 400 ? `status ${person.status}` : undefined);
    if (objection || person.path !== from) return { missing: [...open], objection };
    if (step > 0 && here.length > 1) return { missing: [...open], objection: "the form came back" };
  }
  return { missing: [...open] };
}
