//! Grants that a wish gives and takes away.

use super::apply::Draft;
use crate::access::{Allow, Reach, Rules};
use crate::grants;
use crate::words::base;
use crate::world::{Parsed, World};
use spec::{Access, Clause, Grant, Name, Permitted, Scope, Verb};
use std::collections::BTreeSet;

impl Draft {
    pub(super) fn allow(&mut self, allow: &Allow, world: &World, parsed: &[Parsed]) {
        let (Ok(role), Ok(name)) = (allow.role.parse::<Name>(), allow.entity.parse::<Name>()) else { return };
        let Some(entity) = self.spec.entities.get_mut(&name) else { return };
        if allow.verb == "move" {
            // Those moves that the wish names: `doctors can also sign notes`.
            let said: BTreeSet<&str> = parsed
                .iter()
                .flat_map(|one| one.sentence.tokens.iter().filter_map(crate::sentences::Token::word))
                .filter_map(base)
                .collect();
            for (made, shape) in entity.lifecycle.iter_mut().flat_map(|lifecycle| lifecycle.moves.iter_mut())
            {
                let named =
                    made.as_str().split(' ').any(|word| base(word).is_some_and(|base| said.contains(base)));
                if named && !shape.by.contains(&role) {
                    shape.by.push(role.clone());
                }
            }
            return;
        }
        let Some(scope) = grants::scope(world, allow) else {
            self.not_understood
                .push(format!("a {role} acts for somebody, by a permission that cannot be given yet"));
            return;
        };
        let fields: Vec<Name> =
            allow.fields.iter().flatten().filter_map(|field| field.parse().ok()).collect();
        let when =
            if allow.when.is_empty() { String::new() } else { format!(" when {}", allow.when.join(" | ")) };
        let mask = if fields.is_empty() {
            String::new()
        } else {
            format!("({})", fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        };
        let Ok(mut grant) = format!("{}{mask} {scope}{when}", allow.verb).parse::<Grant>() else { return };
        let lines = entity.access.get_or_insert_default();
        let held = lines.entry(role).or_default();
        // As far as the role reaches already, unless more was said.
        let same = held.clauses.iter().find_map(|clause| match clause {
            Clause::Grant(known) if known.scope.is_some() => known.scope.clone(),
            _ => None,
        });
        if let (Reach::Unsaid, Some(scope)) = (allow.reach, same) {
            grant.scope = Some(scope);
        }
        merge(held, grant);
    }

    pub(super) fn deny(&mut self, seed: &World, world: &World, rules: &Rules) {
        let every: Vec<String> = self.spec.roles.keys().map(ToString::to_string).collect();
        for deny in &rules.denies {
            let parts = if deny.itself { vec![deny.entity.clone()] } else { world.parts(&deny.entity) };
            let parts = if deny.fields.is_some() { vec![deny.entity.clone()] } else { parts };
            let fields = deny.fields.clone().map(|mut fields| {
                fields.extend(grants::identifying(world, rules, deny));
                fields
            });
            for part in parts {
                self.take_away(&deny.role, &part, fields.as_deref(), deny.changes_only, deny.deletes_only);
            }
        }
        for only in rules.exclusives.iter().filter(|only| !only.moves_only) {
            let parts = if only.changes_only || only.fields.is_some() {
                vec![only.entity.clone()]
            } else {
                world.parts(&only.entity)
            };
            for role in every.iter().filter(|role| !only.roles.contains(role)) {
                for part in &parts {
                    self.take_away(role, part, only.fields.as_deref(), only.changes_only, false);
                }
            }
        }
        for only in rules.exclusives.iter().filter(|only| only.moves_only) {
            if let Some(lifecycle) = only
                .entity
                .parse::<Name>()
                .ok()
                .and_then(|name| self.spec.entities.get_mut(&name)?.lifecycle.as_mut())
            {
                for one in lifecycle.moves.values_mut() {
                    one.by.retain(|role| only.roles.contains(&role.to_string()));
                }
            }
        }
        // `nurses only see vitals`: nothing else that they saw.
        for (role, known) in &world.roles {
            let newly = known.bounded && seed.roles.contains_key(role);
            if !newly {
                continue;
            }
            let keeps: BTreeSet<&str> = rules
                .allows
                .iter()
                .filter(|allow| allow.role == *role)
                .map(|allow| allow.entity.as_str())
                .collect();
            let others: Vec<String> = self
                .spec
                .entities
                .keys()
                .map(ToString::to_string)
                .filter(|name| !keeps.contains(name.as_str()))
                .collect();
            for entity in others {
                self.take_away(role, &entity, None, false, false);
            }
        }
    }

    fn take_away(
        &mut self,
        role: &str,
        entity: &str,
        fields: Option<&[String]>,
        changes: bool,
        deletes: bool,
    ) {
        let (Ok(role), Ok(entity)) = (role.parse::<Name>(), entity.parse::<Name>()) else { return };
        if let Some(form) = self.spec.forms.get_mut(&entity) {
            form.read_by.retain(|known| *known != role);
        }
        let Some(shape) = self.spec.entities.get_mut(&entity) else { return };
        let Some(lines) = &mut shape.access else { return };
        let Some(access) = lines.get_mut(&role) else { return };
        let gone = |verb: &Verb| match (deletes, changes) {
            (true, _) => *verb == Verb::Delete,
            (_, true) => {
                !matches!(verb, Verb::View | Verb::List | Verb::Print | Verb::Download | Verb::Export)
            }
            _ => true,
        };
        match fields {
            Some(fields) if !changes && !deletes => {
                let named: Vec<Name> = fields.iter().filter_map(|field| field.parse().ok()).collect();
                for clause in &mut access.clauses {
                    if let Clause::Grant(grant) = clause {
                        for verb in &mut grant.verbs {
                            let was = verb.names.len();
                            verb.names.retain(|name| !named.contains(name));
                            if was > 0 && verb.names.is_empty() {
                                verb.verb = Verb::List;
                            }
                        }
                        grant.verbs.retain(|verb| verb.verb != Verb::List || !verb.names.is_empty());
                    }
                }
                let all = access.clauses.iter().any(|clause| {
                    matches!(clause, Clause::Grant(grant) if grant.verbs.iter().any(|verb| verb.names.is_empty()))
                });
                if all {
                    access.clauses.push(Clause::Never(named));
                }
            }
            _ => {
                for clause in &mut access.clauses {
                    if let Clause::Grant(grant) = clause {
                        grant.verbs.retain(|permitted| !gone(&permitted.verb));
                    }
                }
                if let Some(lifecycle) = shape.lifecycle.as_mut().filter(|_| !deletes) {
                    for one in lifecycle.moves.values_mut() {
                        one.by.retain(|known| *known != role);
                    }
                }
                if let Some(assigned) = shape.assigned_to.as_mut().filter(|_| !deletes) {
                    assigned.by.retain(|known| *known != role);
                }
            }
        }
        access.clauses.retain(|clause| !matches!(clause, Clause::Grant(grant) if grant.verbs.is_empty()));
        let some = access.clauses.iter().any(|clause| matches!(clause, Clause::Grant(_)));
        if !some {
            lines.shift_remove(&role);
        }
    }
}

/// Adds a grant to what a role holds: a verb of the same records joins it, all fields outdo some.
fn merge(held: &mut Access, grant: Grant) {
    for permitted in grant.verbs {
        let mut done = false;
        for clause in &mut held.clauses {
            let Clause::Grant(known) = clause else { continue };
            let wider = known.when.is_empty()
                && known.via.is_empty()
                && known.scope == Some(Scope::In(spec::document::organisation()));
            let same = known.scope == grant.scope && known.via == grant.via && known.when == grant.when;
            let Some(there) = known.verbs.iter_mut().find(|known| known.verb == permitted.verb) else {
                continue;
            };
            if wider && there.names.is_empty() {
                done = true;
                break;
            }
            if same {
                if permitted.names.is_empty() {
                    there.names.clear();
                } else if !there.names.is_empty() {
                    for name in &permitted.names {
                        if !there.names.contains(name) {
                            there.names.push(name.clone());
                        }
                    }
                }
                done = true;
                break;
            }
        }
        if done {
            continue;
        }
        let joined = held.clauses.iter_mut().find_map(|clause| match clause {
            Clause::Grant(known)
                if known.scope == grant.scope && known.via == grant.via && known.when == grant.when =>
            {
                Some(known)
            }
            _ => None,
        });
        match joined {
            Some(known) => known.verbs.push(permitted),
            None => held.clauses.push(Clause::Grant(Grant {
                verbs: vec![Permitted { verb: permitted.verb, names: permitted.names }],
                scope: grant.scope.clone(),
                via: grant.via.clone(),
                when: grant.when.clone(),
            })),
        }
    }
}
