// From the words of a task file to the names of a plan, which may have chosen another of the names that its
// reading accepts, and to the addresses of the app that was generated from it.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export class NotPlanned extends Error {}

export const plain = (text) => String(text).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

export class Names {
  constructor({ spec, expected, project }) {
    this.spec = spec;
    this.expected = expected ?? {};
    this.routes = addresses(project);
  }

  /// A name of the task file, and the other names that its reading accepts.
  alike(kind, name) {
    const read = this.expected[kind] ?? {};
    const key = Object.keys(read).find((key) => key.split("|").some((one) => plain(one) === plain(name)));
    const others = key ? [...key.split("|").map((one) => one.trim()), ...(read[key]?.also ?? [])] : [];
    return [name, ...others];
  }

  among(known, candidates) {
    return candidates.map((name) => known.find((one) => plain(one) === plain(name))).find(Boolean);
  }

  role(name) {
    const role = this.among(Object.keys(this.spec.roles ?? {}), this.alike("roles", name));
    if (!role) throw new NotPlanned(`the plan has no role ${name}`);
    return role;
  }

  /// An entity, or a form, whose answers the app keeps like an entity.
  entity(name) {
    const known = [...Object.keys(this.spec.entities ?? {}), ...Object.keys(this.spec.forms ?? {})];
    const entity = this.among(known, this.alike("entities", name));
    if (!entity && / addendum$/.test(name)) return name;
    if (!entity) throw new NotPlanned(`the plan has no entity ${name}`);
    return entity;
  }

  /// What a field may be called.
  field(entity, name) {
    const read = this.expected.entities?.[entity] ?? {};
    const fields = { ...(read.fields ?? {}), ...(read["may fields"] ?? {}) };
    const key = Object.keys(fields).find((key) => key.split("|").some((one) => plain(one) === plain(name)));
    return [name, ...(key ? key.split("|").map((one) => one.trim()) : [])].map(plain);
  }

  /// `/patients` of `patient`: the address that the app really has.
  path(entity) {
    const name = this.entity(entity);
    const words = plain(name).split(" ");
    const last = words.pop();
    const plurals = [last + "s", last + "es", last.replace(/y$/, "ies"), last.replace(/sis$/, "ses"), last];
    const found = plurals
      .map((plural) => "/" + [...words, plural].join("-"))
      .find((path) => this.routes.includes(`${path}/{id}`));
    if (!found) throw new NotPlanned(`the app has no pages of ${name}`);
    return found;
  }

  parent(entity) {
    const name = this.entity(entity);
    // What is added to a locked record is a part of it.
    if (/ addendum$/.test(name) && !this.spec.entities?.[name]) return name.replace(/ addendum$/, "");
    return this.spec.entities?.[name]?.["part of"] ?? this.spec.forms?.[name]?.about;
  }

  /// `/lists/high-readings`, `/calendars/appointments`.
  screen(kind, name) {
    const known = Object.keys(this.spec[kind] ?? {});
    const close = known.find((one) => plain(one).includes(plain(name)) || plain(name).includes(plain(one)));
    const found = this.among(known, [name]) ?? close;
    if (!found) throw new NotPlanned(`the plan has no ${name} among its ${kind}`);
    const path = kind === "measures" ? "/measures" : `/${kind}/${plain(found).replaceAll(" ", "-")}`;
    if (!this.routes.includes(path)) throw new NotPlanned(`the app has no page ${path}`);
    return { path, name: found };
  }

  /// The people who see every record of an entity, so that a trace would not escape them.
  overseers(entity) {
    const access = this.spec.entities?.[this.entity(entity)]?.access ?? {};
    return Object.keys(access).filter((role) => /in organisation/.test(access[role]));
  }
}

function addresses(project) {
  const source = readFileSync(join(project, "src/http.rs"), "utf8");
  return [...source.matchAll(/\.route\(\s*"([^"]+)"/g)].map((match) => match[1]);
}
