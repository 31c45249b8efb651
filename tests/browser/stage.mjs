// Everybody and everything that stands before the first task: people invited and signed in, records made by
// those whose work it is.

import { App } from "./app.mjs";
import { code } from "./codes.mjs";
import { fill } from "./forms.mjs";
import { plain } from "./names.mjs";
import { Person } from "./person.mjs";
import { assign, create, open, update } from "./steps.mjs";
import { age } from "./values.mjs";

const PASSWORD = "Violet-Kettle-58-Harbour";

/// What a place of the task file is called on pages.
const named_place = (name) => name[0].toUpperCase() + name.slice(1);

export class Stage {
  constructor({ browser, names, report, given }) {
    Object.assign(this, { browser, names, report, given });
    this.app = new App(given.binary, given.data);
    this.shots = given.shots;
    this.zone = names.spec["time zone"] ?? "UTC";
    this.people = new Map();
    this.records = new Map();
    this.bodies = new Map();
    this.waiting = new Map();
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
    await this.invite({ ...tasks, records: wanted });
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

  /// The first owner makes the places and appoints who administers them; these invite the others of their place.
  async invite({ people, places = {}, records = {} }) {
    const roles = this.names.spec.roles ?? {};
    const administers = (role) => (roles[role]?.administers ?? []).includes("people");
    const named = Object.entries(people).map(([name, said]) => {
      const place = said.place ?? records[said.record]?.place;
      return { name, role: this.names.role(said.role), place };
    });
    named.sort((one, other) => administers(other.role) - administers(one.role));
    const [first] = named;
    const owners = administers(first?.role) ? named : [{ name: "olga", role: Object.keys(roles).find(administers) }, ...named];
    const { name, role, place } = owners.shift();
    const founder = await this.enter(name, role);
    await this.join(founder, await this.app.owner(founder.email, role, place && named_place(place)));
    for (const other of Object.keys(places)) {
      if (this.names.spec.places && other !== place) await this.makePlace(founder, other, places[other]);
    }
    const heads = (this.heads = new Map([[place, founder]]));
    for (const { name, role, place } of owners) {
      // Who is a record that can invite its person waits until the record is there.
      if (records[people[name]?.record] && this.invitesFrom(records[people[name].record].of)) {
        this.waiting.set(people[name].record, { name, role });
        continue;
      }
      const person = await this.enter(name, role);
      const by = administers(role) ? founder : (heads.get(place) ?? founder);
      await this.join(person, await this.link(by, person, role, place));
      if (administers(role) && !heads.has(place)) heads.set(place, person);
    }
  }

  invitesFrom(entity) {
    return this.names.routes.includes(`${this.names.path(entity)}/{id}/invite`);
  }

  /// Invites the person whom a record is, from its page.
  async inviteOf(record, place) {
    const { name, role } = this.waiting.get(record.name);
    const by = this.heads.get(place) ?? [...this.heads.values()][0];
    const person = await this.enter(name, role);
    await open(by, record);
    if (!(await by.followText("Invite to sign in"))) throw new Error(`${by.name} is not offered to invite ${record.name}`);
    const { objection } = await fill(by, new Map([[["e mail address", "email address"], person.email]]));
    if (objection) throw new Error(`${name} cannot be invited: ${objection}`);
    const [link] = /\/welcome\/\S+/.exec(await by.text()) ?? [];
    if (!link) throw new Error(`no link for ${name} on the page of the invitation`);
    await this.join(person, link);
    this.waiting.delete(record.name);
  }

  async makePlace(founder, name, kind) {
    const path = `/account/places/new/${kind.replaceAll(" ", "-")}`;
    if (!(await founder.reach((at) => at === path, ["/account", "/account/places"]))) throw new Error(`nothing leads to ${path}`);
    const { objection } = await fill(founder, new Map([[["name"], named_place(name)]]));
    if (objection) throw new Error(`${name} cannot be made: ${objection}`);
  }

  /// Invites a person, by the role and the place of theirs; says the path of the link.
  async link(by, person, role, place) {
    const path = `/account/people/invite/${role.replaceAll(" ", "-")}`;
    const way = ["/account", "/account/people", "/account/people/invite"];
    if (!(await by.reach((at) => at === path, way))) throw new Error(`${by.name} finds no way to ${path}`);
    const typed = new Map([[["e mail address", "email address"], person.email]]);
    if (place) typed.set(["place"], named_place(place));
    const { objection } = await fill(by, typed);
    if (objection) throw new Error(`${person.name} cannot be invited: ${objection}`);
    const [link] = /\/welcome\/\S+/.exec(await by.text()) ?? [];
    if (!link) throw new Error(`no link for ${person.name} on the page of the invitation`);
    return link;
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
    const [login] = Object.entries(people).find(([, person]) => person.record === name && !this.waiting.has(name)) ?? [];
    const kind = this.names.spec.entities?.[this.names.entity(of)]?.["belongs to"];
    const values = { ...given, ...(login ? { "signs in as": login } : {}), ...(place && kind ? { [kind]: named_place(place) } : {}) };
    const makers = this.able(of, "create");
    const maker = makers.find((one) => !place || people[one.name]?.place === place) ?? makers[0];
    if (!maker) throw new Error(`nobody among the people may make a ${of}`);
    const missing = await create(maker, { entity: of, with: values, call: name }, { lenient: true });
    if (this.waiting.has(name)) await this.inviteOf(this.record(name), place);
    for (const field of missing.filter((field) => field !== kind)) {
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
