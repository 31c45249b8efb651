//! What lists, measures and calendars ask: expressions and paths that the database can answer, for roles
//! that may know the answer.

use super::Resolver;
use crate::{
    access::Action,
    document,
    field_type::Kind as FieldKind,
    model::{End, EntityIndex, FieldIndex, Hop, Path, RoleIndex, Target},
    name::Name,
    problem::{Complaint, Kind, Pointer},
    rules::{self, Expression, NotQueryable, Type},
};

impl Resolver<'_> {
    /// A role is shown what it may list, and nothing of it can be inferred from fields that it may not view.
    pub(super) fn audience(
        &mut self,
        names: &[Name],
        entity: EntityIndex,
        uses: &[Path],
        at: &Pointer,
    ) -> Vec<RoleIndex> {
        let roles = self.roles(names, &at.join("for"));
        for role in &roles {
            let role_name = self.model[*role].name.clone();
            if !self.model.grants(*role, entity).any(|grant| grant.allows(Action::List)) {
                let entity = self.model[entity].name.clone();
                let help = format!("grant `{role_name}` to view `{entity}`, or take it out");
                self.problem(
                    &at.join("for"),
                    Kind::Access,
                    format!("`{role_name}` may not view any `{entity}`"),
                    help,
                );
                continue;
            }
            for path in uses {
                let End::Field(field) = path.end else { continue };
                let owner = path.entity();
                let denied = self.model[owner]
                    .never
                    .iter()
                    .any(|(never, fields)| never == role && fields.contains(&field));
                let shown = self
                    .model
                    .grants(*role, owner)
                    .any(|grant| grant.allows(Action::List) && grant.fields.covers(field));
                if denied || !shown {
                    let field = self.model[owner][field].name.clone();
                    let message =
                        format!("`{role_name}` may not view `{field}`, and could infer it from this");
                    self.problem(
                        &at.join("for"),
                        Kind::Access,
                        message,
                        format!(
                            "leave `{field}` out of what it asks and sorts by, or take `{role_name}` out"
                        ),
                    );
                }
            }
        }
        roles
    }

    pub(super) fn filter(
        &mut self,
        said: Option<&String>,
        entity: EntityIndex,
        at: &Pointer,
    ) -> Option<Expression> {
        let checked =
            rules::check(said?, &rules::Scope::new(&self.model.entities, entity), Some(Type::Boolean));
        let expression = self.noted(at, checked)?;
        let sql = expression.sql(&self.model.entities, &self.model[entity].table);
        let queryable = sql.map_err(|why| self.not_queryable(&why));
        self.noted(at, queryable)?;
        Some(expression)
    }

    pub(super) fn not_queryable(&self, why: &NotQueryable) -> Complaint {
        let complaint = Complaint::new(Kind::Rule, why.to_string());
        match why {
            NotQueryable::Sealed { entity, field, clinical: true } => {
                let entity = &self.model[*entity].name;
                complaint
                    .help(format!("add `queryable` to `{field}` of `{entity}`; the PHI map then shows it"))
            }
            NotQueryable::Sealed { .. } => {
                complaint.help("identifiers and narratives stay sealed: ask by something else")
            }
            NotQueryable::Computed(_) => complaint.help("ask by the stored fields that it is computed from"),
            NotQueryable::Function(_) => complaint
                .help("use comparisons of stored fields; for what is missing for a while, `without … in …`"),
        }
    }

    /// A path of a list: through links, to a field, to the record's own names, or to what every record has.
    pub(super) fn path(
        &mut self,
        start: EntityIndex,
        written: &document::Path,
        at: &Pointer,
    ) -> Option<Path> {
        let (mut here, mut hops) = (start, Vec::<Hop>::new());
        let last = written.0.len().checked_sub(1)?;
        for (i, step) in written.0.iter().enumerate() {
            let entity = &self.model[here];
            let hop = entity
                .field(step.as_str())
                .and_then(|field| match entity[field].target {
                    Some(Target::Entity(to)) => Some(Hop { column: entity[field].column.clone(), to }),
                    _ => None,
                })
                .or_else(|| {
                    entity
                        .parent
                        .as_ref()
                        .filter(|parent| self.model[parent.entity].name == *step)
                        .map(|parent| parent.hop())
                });
            if let Some(hop) = hop {
                here = hop.to;
                hops.push(hop);
                if i == last {
                    return Some(Path { start, hops, end: End::Title });
                }
                continue;
            }
            let end = match step.as_str() {
                name if entity.field(name).is_some() => entity.field(name).map(End::Field),
                "reference" if entity.reference.is_some() => Some(End::Reference),
                "created at" => Some(End::CreatedAt),
                "updated at" => Some(End::UpdatedAt),
                "created by" => Some(End::CreatedBy),
                name if entity.has_place_column() && self.model[entity.place].name == name => {
                    Some(End::Place)
                }
                name if entity.name == name && i == last => Some(End::Title),
                _ => None,
            };
            match end {
                Some(end) if i == last => return Some(Path { start, hops, end }),
                _ => {
                    let mut known: Vec<_> =
                        entity.fields.iter().map(|field| field.name.to_string()).collect();
                    known.extend(
                        entity.parent.iter().map(|parent| self.model[parent.entity].name.to_string()),
                    );
                    let what = format!("field of `{}`", entity.name);
                    self.unresolved(at, &what, step, &known);
                    return None;
                }
            }
        }
        None
    }

    pub(super) fn paths(
        &mut self,
        entity: EntityIndex,
        written: &[document::Path],
        at: &Pointer,
    ) -> Vec<Path> {
        written.iter().enumerate().filter_map(|(i, path)| self.path(entity, path, &at.join(i))).collect()
    }

    pub(super) fn queryable_path(
        &mut self,
        entity: EntityIndex,
        written: &document::Path,
        at: &Pointer,
    ) -> Option<Path> {
        let path = self.path(entity, written, at)?;
        let sql = rules::path_sql(&self.model.entities, &path, &self.model[entity].table);
        let sql = sql.map_err(|why| self.not_queryable(&why));
        self.noted(at, sql)?;
        Some(path)
    }

    pub(super) fn own_field(
        &mut self,
        entity: EntityIndex,
        name: &Name,
        fits: impl Fn(&FieldKind) -> bool,
        wanted: &str,
        at: &Pointer,
    ) -> Option<FieldIndex> {
        let field = self.field_list(entity, std::slice::from_ref(name), at).first().copied()?;
        if !fits(&self.model[entity][field].kind) || self.model[entity][field].list {
            self.problem(
                at,
                Kind::Shape,
                format!("`{name}` is not {wanted}"),
                format!("name a field that is {wanted}"),
            );
            return None;
        }
        Some(field)
    }

    pub(super) fn queryable_field(
        &mut self,
        entity: EntityIndex,
        name: &Name,
        fits: impl Fn(&FieldKind) -> bool,
        wanted: &str,
        at: &Pointer,
    ) -> Option<FieldIndex> {
        let field = self.own_field(entity, name, fits, wanted, at)?;
        self.queryable_path(entity, &document::Path(vec![name.clone()]), at)?;
        Some(field)
    }
}
