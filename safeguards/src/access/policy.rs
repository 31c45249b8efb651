//! From grants to conditions: which rows, and which fields of each.
//!
//! The conditions are static text with named context values (`:person`); nothing of a request is ever part of it.

use super::descriptor::{Action, Entity, Grant, Mask, Never};
use std::fmt::Write;

/// What the roles of a principal may do with an entity by one action.
pub(super) struct Policy {
    pub(super) entity: &'static Entity,
    action: Action,
    grants: Vec<&'static Grant>,
    nevers: Vec<&'static Never>,
}

/// The row that a condition is about: as a write finds it, or as it leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Before,
    After,
}

impl Policy {
    pub(super) fn of(entity: &'static Entity, roles: &[&str], action: Action) -> Self {
        let grants = entity
            .grants
            .iter()
            .filter(|grant| roles.contains(&grant.role) && grant.actions.contains(&action))
            .filter(|grant| entity.sensitivity.is_none_or(|label| grant.labels.contains(&label)))
            .collect();
        let nevers = entity
            .nevers
            .iter()
            .filter(|never| roles.contains(&never.role))
            .filter(|never| never.actions.is_empty() || never.actions.contains(&action))
            .collect();
        Self { entity, action, grants, nevers }
    }

    /// Whether any grant, for any row, covers this field: if not, no row needs to be asked.
    pub(super) fn may_ever(&self, field: &str) -> bool {
        self.grants.iter().any(|grant| grant.reveals(self.entity, field))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// The condition that a row is within reach, and that in this row all of `fields` are. Each field may be covered by
    /// another grant; none may be subtracted.
    pub(super) fn rows(&self, fields: &[&str], row: Row) -> String {
        let organisation = format!("{}.organisation_id = :organisation", self.entity.table);
        let mut terms = vec![organisation];
        terms.extend(self.terms(fields, row));
        format!("({})", terms.join(" AND "))
    }

    /// Whether that is every row of the principal's organisation, so that none needs to be asked.
    pub(super) fn is_every_row(&self, fields: &[&str], row: Row) -> bool {
        self.terms(fields, row).iter().all(|term| term == "TRUE")
    }

    fn terms(&self, fields: &[&str], row: Row) -> Vec<String> {
        let mut terms = Vec::new();
        terms.push(any(self.grants.iter().map(|grant| rows_of(grant, row))));
        let hidden = |never: &&&Never| never.fields == Mask::All;
        terms.extend(self.nevers.iter().filter(hidden).map(|never| format!("NOT ({})", never.rows)));
        for field in fields {
            let covering = self.grants.iter().filter(|grant| grant.reveals(self.entity, field));
            terms.push(any(covering.map(|grant| rows_of(grant, row))));
            let subtracted = self.nevers.iter().filter(|never| never.fields.covers(field));
            terms.extend(subtracted.map(|never| format!("NOT ({})", never.rows)));
        }
        let mut seen = std::collections::HashSet::new();
        terms.retain(|term| seen.insert(term.clone()));
        terms
    }

    /// The condition that the lock does not stand in the way of this action on these fields.
    pub(super) fn unlocked(&self, fields: &[&str]) -> Option<String> {
        let lock = self.entity.lock.filter(|lock| lock.binds(self.action, fields))?;
        Some(format!("NOT ({})", lock.rows))
    }

    /// The column that tells which grants and nevers meet in a row, one bit for each distinct kind, and how to read it.
    pub(super) fn reach(&self) -> (String, Reach) {
        let mut reach = Reach::default();
        let mut conditions: Vec<Vec<&str>> = Vec::new();
        for grant in &self.grants {
            let kind = (grant.fields, grant.labels);
            match reach.grants.iter().position(|known| *known == kind) {
                Some(bit) => conditions[bit].push(grant.rows),
                None => {
                    reach.grants.push(kind);
                    conditions.push(vec![grant.rows]);
                }
            }
        }
        let partial: Vec<_> = self.nevers.iter().filter(|never| never.fields != Mask::All).collect();
        reach.nevers = partial.iter().map(|never| never.fields).collect();
        if conditions.len() == 1 && partial.is_empty() {
            // Whatever is visible is visible by this one kind of grant.
            return ("CAST(1 AS BIGINT)".to_owned(), reach);
        }
        let mut sum = String::from("0");
        for (bit, rows) in conditions.iter().enumerate() {
            let met = any(rows.iter().map(|rows| (*rows).to_owned()));
            let _ = write!(sum, " + CASE WHEN {met} THEN {} ELSE 0 END", 1u64 << bit);
        }
        for (bit, never) in (conditions.len()..).zip(partial) {
            // Unless it is certain that the clause does not apply, it does.
            let _ = write!(sum, " + CASE WHEN NOT ({}) THEN 0 ELSE {} END", never.rows, 1u64 << bit);
        }
        (format!("CAST({sum} AS BIGINT)"), reach)
    }
}

fn rows_of(grant: &Grant, row: Row) -> String {
    match row {
        Row::Before => grant.rows,
        Row::After => grant.after.unwrap_or(grant.rows),
    }
    .to_owned()
}

/// `(a) OR (b)`; of nothing, FALSE; of anything and TRUE, TRUE.
fn any(conditions: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for condition in conditions {
        if condition == "TRUE" {
            return condition;
        }
        if !distinct.contains(&condition) {
            distinct.push(condition);
        }
    }
    match distinct.len() {
        0 => "FALSE".to_owned(),
        _ => format!("(({}))", distinct.join(") OR (")),
    }
}

/// How to read the bits of a row's reach.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    grants: Vec<(Mask, &'static [&'static str])>,
    nevers: Vec<Mask>,
}

impl Reach {
    /// The reach of the app itself, in whose rows there is one bit: every field but what carries a label.
    pub(super) fn whole() -> Self {
        Self { grants: vec![(Mask::All, &[])], nevers: Vec::new() }
    }

    /// Whether a row with these bits shows the field: some grant that met reveals it, and no clause that met takes it away.
    pub(super) fn shows(&self, entity: &Entity, bits: i64, field: &str) -> bool {
        let met = |bit: usize| bits & (1 << bit) != 0;
        let label = entity.field(field).and_then(|field| field.sensitivity);
        let revealed = self.grants.iter().enumerate().any(|(bit, (mask, labels))| {
            met(bit) && mask.covers(field) && label.is_none_or(|label| labels.contains(&label))
        });
        let taken = |(bit, mask): (usize, &Mask)| met(self.grants.len() + bit) && mask.covers(field);
        revealed && !self.nevers.iter().enumerate().any(taken)
    }
}

impl Entity {
    /// Whether any of these roles has a grant for the action, for whatever row: what a page offers at all. The
    /// statement decides for each row.
    pub fn may(&self, roles: &[&str], action: Action) -> bool {
        self.grants.iter().any(|grant| roles.contains(&grant.role) && grant.actions.contains(&action))
    }

    /// Whether any of these roles may see or write the field by the action, in whatever row: which columns and
    /// which fields of a form a page has.
    pub fn opens(&self, roles: &[&str], action: Action, field: &str) -> bool {
        let granted = self.grants.iter().any(|grant| {
            roles.contains(&grant.role) && grant.actions.contains(&action) && grant.reveals(self, field)
        });
        let always = |never: &&Never| {
            never.rows == "TRUE" && (never.actions.is_empty() || never.actions.contains(&action))
        };
        let nevers = self.nevers.iter().filter(|never| roles.contains(&never.role)).filter(always);
        granted && !nevers.into_iter().any(|never| never.fields.covers(field))
    }
}

#[cfg(test)]
mod tests {
    use super::super::descriptor::Field;
    use super::super::descriptor::Kind;
    use super::*;

    static NOTE: Entity = Entity {
        fields: &[
            Field::narrative("body", 1),
            Field::clinical("substances", 2, Kind::Text).sensitive("part2"),
            Field::plain("status", 3, Kind::Text),
        ],
        grants: &[
            Grant::to("provider", &[Action::View]).rows("notes.author_id = :person").labels(&["part2"]),
            Grant::to("nurse", &[Action::View]),
            Grant::to("clerk", &[Action::View, Action::Update]).fields(Mask::Only(&["status"])),
        ],
        nevers: &[Never::to("trainee").fields(Mask::Only(&["body"])).rows("notes.private")],
        ..Entity::named("note", 1, "notes")
    };

    #[test]
    fn no_grant_is_no_row() {
        for policy in
            [Policy::of(&NOTE, &["stranger"], Action::View), Policy::of(&NOTE, &["nurse"], Action::Update)]
        {
            assert!(policy.is_empty());
            assert_eq!(policy.rows(&[], Row::Before), "(notes.organisation_id = :organisation AND FALSE)");
        }
    }

    /// A filter on a field counts only the grants that reveal it, and only where nothing takes it away.
    #[test]
    fn a_used_field_narrows_the_rows() {
        let policy = Policy::of(&NOTE, &["clerk", "provider", "trainee"], Action::View);
        assert_eq!(
            policy.rows(&["body"], Row::Before),
            "(notes.organisation_id = :organisation AND TRUE AND ((notes.author_id = :person)) AND NOT (notes.private))"
        );
        let clerk = Policy::of(&NOTE, &["clerk"], Action::View);
        assert!(clerk.rows(&["body"], Row::Before).contains("FALSE"));
        assert!(!clerk.may_ever("body") && clerk.may_ever("status"));
    }

    #[test]
    fn bits_tell_which_fields_a_row_shows() {
        let (sql, reach) = Policy::of(&NOTE, &["clerk", "provider", "trainee"], Action::View).reach();
        assert!(sql.contains("CASE WHEN ((notes.author_id = :person)) THEN 1 ELSE 0 END"), "{sql}");
        assert!(sql.contains("CASE WHEN NOT (notes.private) THEN 0 ELSE 4 END"), "{sql}");
        let shows = |bits, field| reach.shows(&NOTE, bits, field);
        assert!(shows(1, "body") && shows(1, "substances") && shows(2, "status"));
        assert!(!shows(2, "body") && !shows(0, "status"));
        assert!(!shows(1 | 4, "body") && shows(1 | 4, "substances"), "the clause takes the body away only");
    }

    /// Sensitivity narrows every grant that does not name the label, a grant of everything too.
    #[test]
    fn a_label_is_revealed_by_name_only() {
        let (_, reach) = Policy::of(&NOTE, &["nurse"], Action::View).reach();
        assert!(reach.shows(&NOTE, 1, "body") && !reach.shows(&NOTE, 1, "substances"));
    }
}
