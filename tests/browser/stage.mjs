// Everybody and everything that stands before the first task: people invited and signed in, records made by
// those whose work it is.

import { App } from "./app.mjs";
import { code } from "./codes.mjs";
import { fill } from "./forms.mjs";
import { plain } from "./names.mjs";
import { Person } from "./person.mjs";
import { assign, create, update } from "./steps.mjs";
import { age } from "./values.mjs";

const PASSWORD = "Violet-Kettle-58-Harbour";

export class Stage {
  constructor({ browser, names, report, given }) {
    Object.assign(this, { browser, names, report, given });
    this.app = new App(given.binary, given.data);
    this.shots = given.shots;
    this.zone = names.spec["time zone"] ?? "UTC";
    this.people = new Map();
    this.records = new Map();
    this.bodies = new Map();
  }

  get origin() {
    return this.app.origin;
  }

  person(name) {
    const found = this.people.get(name);
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }

  record(name) {
    const found = this.records.get(name);
    if (!found) throw new Error(`there is no record ${name}: what should have made it failed`);
    return found;
  }

  /// How pages call a person or a record of the task file.
  called(value) {
    const person = this.people.get(value);
    return person ? [person.title] : (this.records.get(value)?.titles ?? []);
  }

  /// Those of a role that the plan gives this word of access, the widest first.
  able(entity, verb) {
    const access = this.names.spec.entities?.[this.names.entity(entity)]?.access ?? {};
    const roles = Object.keys(access).filter((role) => access[role].includes(verb));
    roles.sort((one, other) => /in organisation/.test(access[other]) - /in organisation/.test(access[one]));
    return roles.flatMap((role) => [...this.people.values()].filter((person) => person.role === role));
  }

  async begin(tasks) {
    const wanted = { ...tasks.records };
    for (const task of tasks.tasks) Object.assign(wanted, task.records ?? {});
    const oldest = Math.max(0, ...Object.values(wanted).map((record) => age(record.made)));
    await this.app.prepare(oldest);
    await this.invite(tasks.people);
    for (const [name, record] of Object.entries(wanted)) {
      if (age(record.made) === oldest && oldest > 0) await this.make(name, record, tasks.people);
    }
    if (oldest > 0) await this.today();
    for (const [name, record] of Object.entries(wanted)) {
      if (!this.records.has(name)) await this.make(name, record, tasks.people);
    }
  }

  /// The same app and the same people, under today's clock.
  async today() {
    await this.app.end();
    await this.app.start(0);
    for (const person of this.people.values()) {
      await person.context.clearCookies();
      await this.signIn(person);
    }
  }

  async enter(name, role) {
    const context = await this.browser.newContext({ viewport: { width: 360, height: 800 }, reducedMotion: "reduce" });
    const person = new Person(name, role, context, this);
    await person.open();
    this.people.set(name, person);
    return person;
  }

  async invite(people) {
    const roles = this.names.spec.roles ?? {};
    const administers = (role) => (roles[role]?.administers ?? []).includes("people");
    const named = Object.entries(people).map(([name, { role }]) => [name, this.names.role(role)]);
    const [first, role] = named.find(([, role]) => administers(role)) ?? ["olga", Object.keys(roles).find(administers)];
    const owner = await this.enter(first, role);
    await this.join(owner, await this.app.owner(owner.email, role));
    for (const [name, role] of named) {
      if (name === first) continue;
      const person = await this.enter(name, role);
      await owner.reach((path) => path === "/account/people", ["/account"]);
      const { objection } = await fill(owner, new Map([[["e mail address", "email address"], person.email], [["role"], role]]));
      if (objection) throw new Error(`${name} cannot be invited: ${objection}`);
      const [link] = /\/welcome\/\S+/.exec(await owner.text()) ?? [];
      if (!link) throw new Error(`no link for ${name} on the page of the invitation`);
      await this.join(person, link);
    }
  }

  async join(person, link) {
    await person.visit(link);
    const typed = new Map([[["your name"], person.title], [["new password"], PASSWORD]]);
    const { objection } = await fill(person, typed);
    if (objection) throw new Error(`${person.name} cannot set a password: ${objection}`);
    await this.signIn(person);
  }

  async signIn(person) {
    await person.visit("/sign-in");
    const proof = new Map([[["e mail address", "email address"], person.email], [["password"], PASSWORD]]);
    const { objection } = await fill(person, proof);
    if (objection) throw new Error(`${person.name} cannot sign in: ${objection}`);
    const codeOf = () => new Map([[["security code"], code(person.secret, this.app.now)]]);
    if (person.path === "/sign-in/enrol") {
      [person.secret] = /(?:[A-Z2-7]{4}\s+){7}[A-Z2-7]{4}/.exec(await person.text()) ?? [];
      if (!person.secret) throw new Error(`${person.name} is shown no key for an authenticator app`);
      await fill(person, codeOf());
      await person.followText("I have saved them");
    } else if (person.path === "/sign-in/code") {
      await fill(person, codeOf());
    }
    if (person.path !== "/") throw new Error(`${person.name} is left on ${person.path} after signing in`);
  }

  /// A record, by whoever may make it; what they may not fill in is filled in by those who may.
  async make(name, { of, with: given = {}, "assigned to": to, place }, people) {
    const [login] = Object.entries(people).find(([, person]) => person.record === name) ?? [];
    const values = { ...given, ...(login ? { "signs in as": login } : {}), ...(place ? { place } : {}) };
    const [maker] = this.able(of, "create");
    if (!maker) throw new Error(`nobody among the people may make a ${of}`);
    const missing = await create(maker, { entity: of, with: values, call: name }, { lenient: true });
    for (const field of missing) {
      const rest = { [field]: values[field] };
      for (const person of this.able(of, "update")) {
        const done = await update(person, { record: name, with: rest }).then(() => true, () => false);
        if (done) break;
      }
    }
    if (to) {
      const team = this.names.spec.entities[this.names.entity(of)]["assigned to"];
      const by = [...this.people.values()].find((person) => (team?.by ?? []).map(plain).includes(plain(person.role)));
      if (by) await assign(by, { record: name, to });
    }
  }
}
