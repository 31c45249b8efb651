//! Who is spoken of in a sentence, who may see what, and who is there when nobody else is.

use crate::catalogue::RoleKind;
use crate::grants::Grants;
use crate::sentences::Token;
use crate::world::World;

/// A place in a sentence that names roles.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) roles: Vec<String>,
}

/// The roles of a sentence, in its order.
pub(super) fn mentions(tokens: &[Token], world: &World) -> Vec<Mention> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let found = (1..=4).rev().find_map(|width| {
            let words: Option<Vec<&str>> = tokens.get(at..at + width)?.iter().map(Token::word).collect();
            let words = words?;
            let roles = match words.as_slice() {
                ["me" | "us"] => world.narrator.clone().into_iter().collect(),
                ["them" | "they" | "person" | "people" | "user" | "users"] => Vec::new(),
                words => world.roles_named(&crate::words::key(words)),
            };
            // `page the nurse` names a nurse by its last word alone.
            let by_less =
                width > 1 && words.len() > 1 && world.roles_named(&crate::words::key(&words[1..])) == roles;
            (!by_less && !roles.is_empty()).then(|| Mention { at, end: at + width, roles })
        });
        match found {
            Some(mention) => {
                at = mention.end;
                out.push(mention);
            }
            None => at += 1,
        }
    }
    out
}

/// Whether a role works for those cared for: tasks and proposals go to nobody else.
pub(super) fn works(role: &str, world: &World) -> bool {
    world
        .roles
        .get(role)
        .is_some_and(|role| !matches!(role.kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Support))
}

/// Whether a role views these fields of a record or form at any time; all of it, where none is named.
pub(super) fn views(
    role: &str,
    record: &str,
    fields: &[String],
    state: Option<&str>,
    world: &World,
    granted: &Grants,
) -> bool {
    if let Some(form) = world.forms.get(record) {
        return form.read_by.iter().any(|known| known == role);
    }
    let Some(clause) = granted.get(record).and_then(|roles| roles.get(role)) else { return false };
    clause.split("; ").any(|part| {
        let (head, when) = part.split_once(" when ").map_or((part, None), |(head, when)| (head, Some(when)));
        // What is seen in some states only is told of in these alone.
        let at_that_time =
            when.is_none_or(|when| state.is_some_and(|state| when.split(" | ").any(|known| known == state)));
        at_that_time && covers(head, "view", fields)
    })
}

/// Whether a role may write these fields of a record anyway: change them, or put them there.
pub(super) fn writes(role: &str, record: &str, fields: &[String], world: &World, granted: &Grants) -> bool {
    // Who signs up by themselves, to work on what is theirs, is nobody's patient.
    let for_themselves = world.roles.get(role).is_some_and(|role| role.open);
    (works(role, world) || for_themselves)
        && granted.get(record).and_then(|roles| roles.get(role)).is_some_and(|clause| {
            clause.split("; ").any(|part| covers(part, "update", fields) || covers(part, "create", fields))
        })
}

/// Whether `view(name, phone), create in organisation` has this verb for these fields.
fn covers(clause: &str, verb: &str, fields: &[String]) -> bool {
    let mut rest = clause;
    while let Some(at) = rest.find(verb) {
        let begins = at == 0 || rest[..at].ends_with(", ") && !within(&rest[..at]);
        let after = &rest[at + verb.len()..];
        if begins {
            match after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                Some((mask, _)) => {
                    let named: Vec<&str> = mask.split(", ").collect();
                    let all =
                        !fields.is_empty() && fields.iter().all(|field| named.contains(&field.as_str()));
                    if all {
                        return true;
                    }
                }
                None if after.is_empty() || after.starts_with([' ', ',']) => return true,
                None => {}
            }
        }
        rest = after;
    }
    false
}

/// A role with its article: `an owner`.
pub(super) fn a(role: &str) -> String {
    let article = if role.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {role}")
}

/// Whether a text ends inside parentheses.
fn within(text: &str) -> bool {
    text.matches('(').count() > text.matches(')').count()
}

/// Who does it when the first does not: those said, then whoever runs the place, then who treats, then who plans.
pub(super) fn fallback(
    owner: &str,
    said: &[String],
    sees: impl Fn(&str) -> bool,
    world: &World,
) -> Option<String> {
    let order = [RoleKind::Owner, RoleKind::Panel, RoleKind::Care, RoleKind::Office, RoleKind::Business];
    let others = order.iter().flat_map(|kind| world.of_kind(*kind));
    said.iter().cloned().chain(others).find(|role| role != owner && works(role, world) && sees(role))
}
