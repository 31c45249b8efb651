//! Scopes and paths: which records a grant reaches.

use super::{
    Resolver,
    grants::{Progress, any},
};
use crate::{
    access::{Action, Reach, Rows, Step},
    document::PastAccess,
    grant::Scope,
    model::{EntityIndex, FieldIndex, Model, RoleIndex, Target},
    name::Name,
    problem::{Complaint, Kind},
};

impl Resolver<'_> {
    /// Where a grant reaches: the path, what holds at its end, and both as rows.
    pub(super) fn reached(
        &mut self,
        index: EntityIndex,
        role: RoleIndex,
        written: &crate::Grant,
        progress: &mut [Progress],
    ) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
        let (mut path, mut end) = (Vec::new(), index);
        for name in &written.via {
            let step = self.step(end, name)?;
            end = step.entity();
            path.push(step);
        }
        let (reach, more, rows) = match &written.scope {
            Some(Scope::Own { by }) => self.own(end, role, by.as_ref())?,
            Some(Scope::Assigned) => self.assigned(end, role)?,
            Some(Scope::In(place)) => self.in_place(end, role, place)?,
            Some(Scope::Everywhere) => (Reach::Everywhere, Vec::new(), Rows::Everywhere),
            None => {
                if progress[end.0] == Progress::Running {
                    return Err(access("this path leads back to where it began")
                        .help("say for which records at its end, as in `view own via …`"));
                }
                self.grants_of(end, progress);
                let rows: Vec<_> = self
                    .model
                    .grants(role, end)
                    .filter(|grant| grant.allows(Action::View) && grant.reach != Reach::Unassigned)
                    .map(|grant| grant.rows.clone())
                    .collect();
                if rows.is_empty() {
                    let (role, end) = (&self.model[role].name, &self.model[end].name);
                    return Err(access(format!(
                        "`{role}` may not view any `{end}`, so nothing is reached by it"
                    ))
                    .help(format!("grant `{role}` to view `{end}` first")));
                }
                (Reach::Viewable, Vec::new(), any(rows))
            }
        };
        let rows = Rows::along(&path, rows);
        path.extend(more);
        Ok((reach, path, rows))
    }

    /// A step of a path by the name of a link field or of an entity: along a link, or against one.
    pub(super) fn step(&self, from: EntityIndex, name: &Name) -> Result<Step, Complaint> {
        let mut steps =
            self.steps_to(from, |hop_name, to| *hop_name == *name || self.model[to].name == *name);
        if let Some(other) = self.entity_names.get(name) {
            for (field, target) in links(&self.model, *other) {
                if target == from {
                    let column = self.model[*other][field].column.clone();
                    steps.push(Step::From { entity: *other, column });
                }
            }
            if let Some(parent) = &self.model[*other].parent
                && parent.entity == from
            {
                steps.push(Step::From { entity: *other, column: parent.column.clone() });
            }
        }
        let from = &self.model[from].name;
        match steps.len() {
            1 => Ok(steps.remove(0)),
            0 => Err(access(format!("no link leads from `{from}` to `{name}`"))
                .help("name an entity that links to it, or that it links to")),
            _ => Err(access(format!("several links lead from `{from}` to `{name}`"))
                .help("name the link's field instead")),
        }
    }

    pub(super) fn steps_to(&self, from: EntityIndex, fits: impl Fn(&Name, EntityIndex) -> bool) -> Vec<Step> {
        let entity = &self.model[from];
        let mut steps: Vec<Step> = links(&self.model, from)
            .filter(|(field, to)| fits(&entity[*field].name, *to))
            .map(|(field, to)| Step::To(crate::model::Hop { column: entity[field].column.clone(), to }))
            .collect();
        if let Some(parent) = &entity.parent
            && fits(&self.model[parent.entity].name, parent.entity)
        {
            steps.push(Step::To(parent.hop()));
        }
        steps
    }

    pub(super) fn own(
        &self,
        entity: EntityIndex,
        role: RoleIndex,
        by: Option<&Name>,
    ) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
        let person = |column: &str| {
            (Reach::Own(column.to_owned()), Vec::new(), Rows::Person { column: column.to_owned() })
        };
        let own_entity = self.model[role].self_entity;
        if own_entity == Some(entity) && by.is_none() {
            return Ok(person("person_id"));
        }
        let fits = |name: &Name| by.is_none_or(|by| by == name);
        let resolved = &self.model[entity];
        let people: Vec<_> = resolved
            .fields
            .iter()
            .filter(|field| field.target == Some(Target::Person(role)) && fits(&field.name))
            .map(|field| field.column.clone())
            .collect();
        let records = match own_entity {
            Some(own) => self.steps_to(entity, |name, to| to == own && fits(name)),
            None => Vec::new(),
        };
        let parent = resolved.parent.as_ref().filter(|_| own_entity.is_some() && by.is_none());
        match (people.as_slice(), records.as_slice(), parent) {
            ([], _, Some(parent)) if own_entity != Some(parent.entity) => {
                if let Ok((reach, path, rows)) = self.own(parent.entity, role, None)
                    && reach != Reach::Own("created_by_id".into())
                {
                    let mut steps = vec![Step::To(parent.hop())];
                    steps.extend(path);
                    return Ok((reach, steps, Rows::To(parent.hop(), Box::new(rows))));
                }
                self.own_by_link(entity, role, records)
            }
            ([column], [], _) => Ok(person(column)),
            ([], ..) => self.own_by_link(entity, role, records),
            _ => Err(self.ambiguous(entity, role)),
        }
    }

    pub(super) fn own_by_link(
        &self,
        entity: EntityIndex,
        role: RoleIndex,
        mut records: Vec<Step>,
    ) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
        let (entity_name, role_name) = (&self.model[entity].name, &self.model[role].name);
        match (records.len(), self.model[role].self_entity) {
            (1, _) => {
                let step = records.remove(0);
                let rows =
                    Rows::along(std::slice::from_ref(&step), Rows::Person { column: "person_id".into() });
                Ok((Reach::Own("person_id".into()), vec![step], rows))
            }
            (0, None) => {
                let column = "created_by_id".to_owned();
                Ok((Reach::Own(column.clone()), Vec::new(), Rows::Person { column }))
            }
            (0, Some(own)) => Err(access(format!(
                "nothing says which `{entity_name}` is a `{role_name}`'s own"
            ))
            .help(format!(
                "link it to `{}`, make it a part of it, or say the way, as in `own via …`",
                self.model[own].name
            ))),
            _ => Err(self.ambiguous(entity, role)),
        }
    }

    pub(super) fn ambiguous(&self, entity: EntityIndex, role: RoleIndex) -> Complaint {
        let (entity, role) = (&self.model[entity].name, &self.model[role].name);
        access(format!("several fields of `{entity}` name a `{role}`"))
            .help("say which, as in `view own by author`")
    }

    pub(super) fn assigned(
        &self,
        entity: EntityIndex,
        role: RoleIndex,
    ) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
        let resolved = &self.model[entity];
        let role_name = &self.model[role].name;
        if let Some(assignment) = &resolved.assignment {
            if !assignment.roles.contains(&role) {
                return Err(access(format!("a `{}` is never assigned to a `{role_name}`", resolved.name))
                    .help(format!("add `{role_name}` to `assigned to`, or grant `own` or `in` a place")));
            }
            let past = assignment.past == PastAccess::Read;
            return Ok((Reach::Assigned { past }, Vec::new(), Rows::Assigned { role, past }));
        }
        if let Some(parent) = &resolved.parent {
            let (reach, path, rows) = self.assigned(parent.entity, role)?;
            let mut steps = vec![Step::To(parent.hop())];
            steps.extend(path);
            return Ok((reach, steps, Rows::To(parent.hop(), Box::new(rows))));
        }
        let complaint = access(format!("a `{}` is not assigned to anybody", resolved.name));
        let assigned_link = links(&self.model, entity).find(|(_, to)| self.model[*to].assignment.is_some());
        Err(match assigned_link {
            Some((field, _)) => complaint.help(format!(
                "a link gives no access of itself; write `assigned via {}`",
                resolved[field].name
            )),
            None => complaint.help("say `assigned to` on the entity, or grant `own` or `in` a place"),
        })
    }

    pub(super) fn in_place(
        &self,
        entity: EntityIndex,
        role: RoleIndex,
        name: &Name,
    ) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
        let Some(place) = self.place_names.get(name).copied() else {
            let known: Vec<_> = self.model.places.iter().map(|place| place.name.as_str()).collect();
            return Err(Complaint::new(Kind::Unresolved, format!("there is no place `{name}`"))
                .help(format!("places are {}", crate::decode::listed(&known))));
        };
        if place == Model::ORGANISATION {
            return Ok((Reach::Place(place), Vec::new(), Rows::Organisation));
        }
        let (entity_name, role_name) = (&self.model[entity].name, &self.model[role].name);
        let own = self.model[entity].place;
        let Some(levels) = self.model.levels_between(own, place) else {
            return Err(access(format!("a `{entity_name}` does not belong to a `{name}`"))
                .help(format!("write `belongs to: {name}`, or grant `in {}`", self.model[own].name)));
        };
        if self.model.levels_between(self.model[role].level, place).is_none() {
            let level = &self.model[self.model[role].level].name;
            return Err(access(format!("a `{role_name}` has the role in a `{level}`, not in a `{name}`"))
                .help(format!("write `{role_name}: {{ in: {name} }}` under `roles`")));
        }
        // The membership names a place of the role's own level; a higher grant climbs from there.
        if self.model[role].level != place {
            let level = &self.model[self.model[role].level].name;
            return Err(access(format!(
                "a `{role_name}` has the role in a `{level}`, which is less than a whole `{name}`"
            ))
            .help(format!("grant `in {level}`, or write `{role_name}: {{ in: {name} }}` under `roles`")));
        }
        let mut path = Vec::new();
        let mut at = entity;
        while let Some(parent) = &self.model[at].parent {
            path.push(Step::To(parent.hop()));
            at = parent.entity;
        }
        let rows = Rows::along(&path, Rows::Place { role, levels });
        Ok((Reach::Place(place), path, rows))
    }
}

fn access(message: impl Into<String>) -> Complaint {
    Complaint::new(Kind::Access, message)
}

/// The links of an entity to other entities.
fn links(model: &Model, entity: EntityIndex) -> impl Iterator<Item = (FieldIndex, EntityIndex)> + '_ {
    model[entity].fields().filter_map(|(index, field)| match field.target {
        Some(Target::Entity(to)) => Some((index, to)),
        _ => None,
    })
}
