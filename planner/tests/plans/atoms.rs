//! What a plan grants, field by field, and whether a grant of the reading covers it.

use crate::{
    expected::Entity,
    score::{planned_fields, singular},
};
use spec::{AppSpec, Clause, Scope, Verb};

/// One thing that a role may do with one field.
pub(crate) type Atom = (String, String, String, String);

/// What a plan lets roles do with a record: role, verb, scope, field (`*` for those without).
pub(crate) fn atoms_of(spec: &AppSpec, name: &str) -> Vec<Atom> {
    let every: Vec<String> = planned_fields(spec, name).into_iter().map(|(field, _)| field).collect();
    if let Some((_, form)) = spec.forms.iter().find(|(known, _)| known.as_str() == name) {
        return form_atoms(spec, form, &every);
    }
    let Some((_, entity)) = spec.entities.iter().find(|(known, _)| known.as_str() == name) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (role, access) in entity.access.iter().flatten() {
        for clause in &access.clauses {
            let Clause::Grant(grant) = clause else { continue };
            let scope = match &grant.scope {
                Some(Scope::Own { .. }) => "own".to_owned(),
                Some(Scope::Assigned) => "assigned".into(),
                Some(Scope::In(place)) => format!("in {place}"),
                Some(Scope::Everywhere) => "everywhere".into(),
                None => "via".into(),
            };
            let scope = if grant.when.is_empty() {
                scope
            } else {
                format!(
                    "{scope} when {}",
                    grant.when.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
                )
            };
            for permitted in &grant.verbs {
                let verb = match &permitted.verb {
                    Verb::Move(_) => "move".to_owned(),
                    verb => verb.to_string(),
                };
                let named: Vec<String> = if permitted.names.is_empty() {
                    every.clone()
                } else {
                    permitted.names.iter().map(ToString::to_string).collect()
                };
                for field in named {
                    out.push((role.to_string(), verb.clone(), scope.clone(), field));
                }
            }
        }
    }
    out
}

fn form_atoms(spec: &AppSpec, form: &spec::document::Form, every: &[String]) -> Vec<Atom> {
    let mut out = Vec::new();
    let subject = atoms_of(spec, form.about.as_str());
    let scope_of = |role: &str| {
        subject
            .iter()
            .find(|(known, verb, ..)| known == role && verb == "view")
            .map(|(_, _, scope, _)| scope.clone())
    };
    let correcting = if form.corrections { form.filled_by.clone() } else { Vec::new() };
    for (roles, verb) in [(&form.filled_by, "create"), (&form.read_by, "view"), (&correcting, "update")] {
        for role in roles {
            if let Some(scope) = scope_of(role.as_str()) {
                out.extend(
                    every
                        .iter()
                        .map(|field| (role.to_string(), verb.to_owned(), scope.clone(), field.clone())),
                );
            }
        }
    }
    out
}

/// Verbs, scope and a test of fields, from `view(all but x) in clinic`.
pub(crate) struct Said {
    pub(crate) verbs: Vec<String>,
    scope: String,
    only: Option<Vec<String>>,
    but: Vec<String>,
    when: Option<String>,
}

pub(crate) fn said(grant: &str) -> Said {
    let (grant, when) = match grant.split_once(" when ") {
        Some((grant, when)) => (grant, Some(when.to_owned())),
        None => (grant, None),
    };
    let mask = grant.split_once('(').and_then(|(_, rest)| rest.split_once(')').map(|(mask, _)| mask));
    let list = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let (only, but) = match mask {
        Some(mask) => match mask.strip_prefix("all but ") {
            Some(names) => (None, list(names)),
            None => (Some(list(mask)), Vec::new()),
        },
        None => (None, Vec::new()),
    };
    let without = mask.map_or_else(|| grant.to_owned(), |mask| grant.replace(&format!("({mask})"), ""));
    let place = without.rsplit_once(" in ").map(|(_, place)| format!("in {place}"));
    let scope = ["own", "assigned"]
        .iter()
        .find(|scope| without.ends_with(**scope))
        .map(|scope| (*scope).to_owned())
        .or(place)
        .unwrap_or_default();
    let verbs = list(without.strip_suffix(scope.as_str()).unwrap_or(&without));
    Said { verbs, scope, only, but, when }
}

/// Fields of a person that a Spanish plan calls otherwise than a reading.
const ENGLISH: &[(&str, &str)] = &[
    ("nombre", "name"),
    ("fecha de nacimiento", "date of birth"),
    ("telefono", "phone"),
    ("correo", "email"),
    ("direccion", "address"),
];

/// Whether a grant of the reading covers what the plan gives.
pub(crate) fn covers(wanted: &Entity, said: &Said, verb: &str, scope: &str, field: &str) -> bool {
    let (scope, when) = match scope.split_once(" when ") {
        Some((scope, when)) => (scope, Some(when)),
        None => (scope, None),
    };
    let wide = |scope: &str| match scope {
        "own" => 0,
        "assigned" => 1,
        "in organisation" => 3,
        "" => 4,
        place if place.starts_with("in ") => 2,
        _ => 5,
    };
    let inside = scope == said.scope
        || said.scope.is_empty()
        || (wide(&said.scope) >= 2 && wide(scope) <= wide(&said.scope));
    let at_time = match (&said.when, when) {
        (None, _) => true,
        (Some(from), Some(states)) => states.starts_with(from.as_str()),
        (Some(_), None) => false,
    };
    // Any of the names that the reading accepts for a field.
    let same = |name: &String| {
        name == field
            || singular(name) == singular(field)
            || ENGLISH.iter().any(|(spanish, english)| *spanish == field && english == name)
            || wanted
                .fields
                .iter()
                .any(|(names, _)| names.contains(name) && names.iter().any(|known| known == field))
    };
    let named = said.only.as_ref().is_none_or(|only| only.iter().any(same)) && !said.but.iter().any(same);
    said.verbs.iter().any(|known| known == verb) && inside && at_time && (named || field == "status")
}
