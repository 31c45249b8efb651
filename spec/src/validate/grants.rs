//! Grants: scopes to predicates, masks to fields, parts from their parents.

use super::Resolver;
use crate::{
    access::{Action, Grant, Mask, Reach, Rows, Step},
    document::PastAccess,
    field_type::Choice,
    grant::{Clause, Permitted, Scope, Verb},
    model::{EntityIndex, FieldIndex, Model, Origin, RoleIndex, Target},
    name::Name,
    problem::{Complaint, Kind, Pointer},
};

/// How far the grants of an entity are resolved; grants refer to those of other entities.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Waiting,
    Running,
    Done,
}

impl Resolver<'_> {
    pub(super) fn grants(&mut self) {
        let mut progress = vec![Progress::Waiting; self.sources.len()];
        for index in self.model.build_order.clone() {
            self.grants_of(index, &mut progress);
        }
        self.computed_privileges();
    }

    fn grants_of(&mut self, index: EntityIndex, progress: &mut [Progress]) {
        if progress[index.0] != Progress::Waiting {
            return;
        }
        progress[index.0] = Progress::Running;
        if let Some(parent) = self.model[index].parent.as_ref().map(|parent| parent.entity) {
            self.grants_of(parent, progress);
        }
        let at = self.sources[index.0].at.clone();
        match (self.sources[index.0].entity.access.clone(), self.sources[index.0].origin) {
            (Some(access), _) => {
                for (role_name, access) in &access {
                    let here = at.join("access").join(role_name);
                    let Some(role) = self.role(role_name, &here) else { continue };
                    self.never(index, role, &access.clauses, &here);
                    for clause in &access.clauses {
                        if let Clause::Grant(grant) = clause {
                            self.grant(index, role, grant, &here, progress);
                        }
                    }
                }
            }
            (None, Origin::Form(form)) => self.form_grants(index, form.0),
            (None, Origin::Addenda(owner)) => self.addenda_grants(index, owner),
            (None, Origin::Written) if self.model[index].parent.is_some() => {
                for role in 0..self.model.roles.len() {
                    self.inherit(index, RoleIndex(role), Action::View, &[Action::View, Action::List]);
                    self.inherit(index, RoleIndex(role), Action::Update, &[Action::Create, Action::Update]);
                    for action in [Action::Delete, Action::Print, Action::Download, Action::Export] {
                        self.inherit(index, RoleIndex(role), action, &[action]);
                    }
                }
            }
            // A parent that could not be found has been complained about already.
            (None, Origin::Written) if self.sources[index.0].entity.part_of.is_some() => {}
            (None, Origin::Written) => {
                let name = self.model[index].name.clone();
                let first = self.document.roles.keys().next().map_or("role".into(), ToString::to_string);
                let help = format!(
                    "add `access: {{ {first}: view in organisation }}`, or make it `part of` what it belongs to"
                );
                self.problem(
                    &at,
                    Kind::Access,
                    format!("nobody may see `{name}`: what is not granted is denied"),
                    help,
                );
            }
        }
        self.moves_and_assignments(index, progress);
        progress[index.0] = Progress::Done;
    }

    /// A part for which the role may do this with its parent, every field of it.
    fn inherit(&mut self, index: EntityIndex, role: RoleIndex, needed: Action, actions: &[Action]) {
        let Some(parent) = self.model[index].parent.clone() else { return };
        let name = self.model[index].name.clone();
        let parent_never = self.sources[parent.entity.0]
            .entity
            .access
            .as_ref()
            .and_then(|access| access.get(&self.model[role].name));
        let is_denied = parent_never.is_some_and(|access| {
            access.clauses.iter().any(|clause| matches!(clause, Clause::Never(names) if names.iter().any(|never| is_called(&name, never))))
        });
        let rows: Vec<Rows> = self
            .model
            .grants(role, parent.entity)
            .filter(|grant| grant.allows(needed) && !grant.narrowed)
            .map(|grant| grant.rows.clone())
            .collect();
        if is_denied || rows.is_empty() {
            return;
        }
        let rows = Rows::To(parent.hop(), Box::new(any(rows)));
        let fields = self.all_fields(index);
        self.add(
            index,
            role,
            actions.to_vec(),
            Reach::Inherited(needed),
            vec![Step::To(parent.hop())],
            Vec::new(),
            fields,
            false,
            rows,
        );
    }

    fn form_grants(&mut self, index: EntityIndex, form: usize) {
        let document = self.document;
        let Some((name, written)) = document.forms.get_index(form) else { return };
        let at = Pointer::root().join("forms").join(name);
        let filled_by = self.roles(&written.filled_by, &at.join("filled by"));
        let read_by = self.roles(&written.read_by, &at.join("read by"));
        for role in 0..self.model.roles.len() {
            let role = RoleIndex(role);
            if read_by.contains(&role) || (written.read_by.is_empty() && !filled_by.contains(&role)) {
                self.inherit(index, role, Action::View, &[Action::View, Action::List]);
            }
        }
        let mut actions = vec![Action::View, Action::List, Action::Create];
        if written.corrections {
            actions.push(Action::Update);
        }
        for role in filled_by {
            let before = self.model[index].grants.len();
            self.inherit(index, role, Action::View, &actions);
            if self.model[index].grants.len() == before {
                let about = &written.about;
                let role = self.model[role].name.clone();
                let help = format!("grant it `view own` or `view assigned` of `{about}`");
                self.problem(
                    &at.join("filled by"),
                    Kind::Access,
                    format!("`{role}` fills in `{name}`, but may not view the {about} that it is about"),
                    help,
                );
            }
        }
    }

    /// Who reads the record reads its addenda; who may change it, or move it, writes them.
    fn addenda_grants(&mut self, index: EntityIndex, owner: EntityIndex) {
        let lifecycle = self.sources[owner.0].entity.lifecycle.clone();
        for role in 0..self.model.roles.len() {
            let role = RoleIndex(role);
            self.inherit(index, role, Action::View, &[Action::View, Action::List]);
            let name = &self.model[role].name;
            let moves = lifecycle
                .as_ref()
                .is_some_and(|lifecycle| lifecycle.moves.values().any(|written| written.by.contains(name)));
            let updates =
                self.model.grants(role, owner).any(|grant| grant.allows(Action::Update) && !grant.narrowed);
            if moves || updates {
                self.inherit(index, role, Action::View, &[Action::Create]);
            }
        }
    }

    fn never(&mut self, index: EntityIndex, role: RoleIndex, clauses: &[Clause], at: &Pointer) {
        let mut fields = Vec::new();
        for clause in clauses {
            let Clause::Never(names) = clause else { continue };
            for name in names {
                if let Some(field) = self.model[index].field(name.as_str()) {
                    fields.push(field);
                } else if !self.model[index].parts.iter().any(|part| is_called(&self.model[*part].name, name))
                {
                    let mut known: Vec<_> =
                        self.model[index].fields.iter().map(|field| field.name.to_string()).collect();
                    known.extend(
                        self.model[index].parts.iter().map(|part| self.model[*part].name.to_string()),
                    );
                    let what = format!("field or part of `{}`", self.model[index].name);
                    self.unresolved(at, &what, name, &known);
                }
            }
        }
        if !fields.is_empty() {
            self.model.entities[index.0].never.push((role, fields));
        }
    }

    fn grant(
        &mut self,
        index: EntityIndex,
        role: RoleIndex,
        written: &crate::Grant,
        at: &Pointer,
        progress: &mut [Progress],
    ) {
        let reached = self.reached(index, role, written, at, progress);
        let Some((reach, path, rows)) = self.noted(at, reached) else { return };
        let rows = match self.states(index, &written.when, at) {
            Some(state) => Rows::All(vec![state, rows]),
            None => rows,
        };
        // One grant for each set of fields that the verbs are narrowed to.
        let mut by_names: Vec<(&[Name], Vec<Action>)> = Vec::new();
        for permitted in &written.verbs {
            let Some(actions) = self.actions(index, permitted, at) else { continue };
            match by_names.iter_mut().find(|(names, _)| *names == permitted.names.as_slice()) {
                Some((_, known)) => known.extend(actions),
                None => by_names.push((&permitted.names, actions)),
            }
        }
        for (names, actions) in by_names {
            let fields =
                if names.is_empty() { self.all_fields(index) } else { self.named_fields(index, names, at) };
            self.add(
                index,
                role,
                actions,
                reach.clone(),
                path.clone(),
                written.when.clone(),
                fields,
                !names.is_empty(),
                rows.clone(),
            );
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a grant, each resolved apart")]
    fn add(
        &mut self,
        index: EntityIndex,
        role: RoleIndex,
        mut actions: Vec<Action>,
        reach: Reach,
        path: Vec<Step>,
        when: Vec<Choice>,
        fields: Mask,
        narrowed: bool,
        rows: Rows,
    ) {
        actions.sort_unstable();
        actions.dedup();
        let sql = rows.sql(&self.model, index, crate::access::Dialect::Named);
        let policy = rows.policy(&self.model, index, role);
        self.model.entities[index.0].grants.push(Grant {
            role,
            actions,
            reach,
            path,
            when,
            fields,
            narrowed,
            rows,
            sql,
            policy,
        });
    }

    /// Every field but those with a sensitivity label, which a grant must name.
    fn all_fields(&self, index: EntityIndex) -> Mask {
        let entity = &self.model[index];
        if entity.fields.iter().all(|field| field.sensitivity.is_none()) {
            return Mask::All;
        }
        Mask::Only(
            entity
                .fields()
                .filter(|(_, field)| field.sensitivity.is_none())
                .map(|(index, _)| index)
                .collect(),
        )
    }

    fn named_fields(&mut self, index: EntityIndex, names: &[Name], at: &Pointer) -> Mask {
        let mut fields: Vec<FieldIndex> = Vec::new();
        for name in names {
            let view =
                self.model[index].views.iter().find(|view| view.name == *name).map(|view| view.shows.clone());
            let more = match view {
                Some(shows) => shows,
                None => self.field_list(index, std::slice::from_ref(name), at),
            };
            fields.extend(more);
        }
        fields.sort_unstable();
        fields.dedup();
        Mask::Only(fields)
    }

    fn actions(&mut self, index: EntityIndex, permitted: &Permitted, at: &Pointer) -> Option<Vec<Action>> {
        Some(match &permitted.verb {
            Verb::View => vec![Action::View, Action::List],
            Verb::List => vec![Action::List],
            Verb::Create => vec![Action::Create],
            Verb::Update => vec![Action::Update],
            Verb::Delete => vec![Action::Delete],
            Verb::Print => vec![Action::Print],
            Verb::Download => vec![Action::Download],
            Verb::Export => vec![Action::Export],
            Verb::Assign if self.sources[index.0].entity.assigned_to.is_some() => vec![Action::Assign],
            Verb::Assign => {
                let name = &self.model[index].name;
                let message = format!("`{name}` is not assigned to anybody");
                self.problem(at, Kind::Access, message, "say `assigned to`, or leave `assign` out");
                return None;
            }
            Verb::Move(name) => {
                let moves = self.sources[index.0].entity.lifecycle.as_ref().map(|lifecycle| &lifecycle.moves);
                match moves.and_then(|moves| moves.get_index_of(name)) {
                    Some(found) => vec![Action::Move(found)],
                    None => {
                        let mut known: Vec<String> = [
                            "view", "list", "create", "update", "delete", "print", "download", "export",
                            "assign",
                        ]
                        .map(String::from)
                        .into();
                        known.extend(moves.into_iter().flatten().map(|(name, _)| name.to_string()));
                        self.unresolved(at, "verb or move", name, &known);
                        return None;
                    }
                }
            }
        })
    }

    fn states(&mut self, index: EntityIndex, when: &[Choice], at: &Pointer) -> Option<Rows> {
        if when.is_empty() {
            return None;
        }
        let Some(lifecycle) = self.model[index].lifecycle.clone() else {
            let name = self.model[index].name.clone();
            self.problem(
                at,
                Kind::Access,
                format!("`{name}` has no lifecycle, so there is no `when`"),
                "give it a lifecycle, or leave `when` out",
            );
            return None;
        };
        for state in when.iter().filter(|state| !lifecycle.states.contains(state)) {
            let states: Vec<_> = lifecycle.states.iter().map(ToString::to_string).collect();
            let help = format!("they are {}", crate::decode::listed(&states));
            self.problem(at, Kind::Unresolved, format!("`{state}` is not one of the states"), help);
        }
        let column = self.model[index][lifecycle.field].column.clone();
        Some(Rows::State { column, states: when.to_vec() })
    }

    /// Where a grant reaches: the path, what holds at its end, and both as rows.
    fn reached(
        &mut self,
        index: EntityIndex,
        role: RoleIndex,
        written: &crate::Grant,
        _at: &Pointer,
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
                    .filter(|grant| grant.allows(Action::View))
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
    fn step(&self, from: EntityIndex, name: &Name) -> Result<Step, Complaint> {
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

    fn steps_to(&self, from: EntityIndex, fits: impl Fn(&Name, EntityIndex) -> bool) -> Vec<Step> {
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

    fn own(
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

    fn own_by_link(
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

    fn ambiguous(&self, entity: EntityIndex, role: RoleIndex) -> Complaint {
        let (entity, role) = (&self.model[entity].name, &self.model[role].name);
        access(format!("several fields of `{entity}` name a `{role}`"))
            .help("say which, as in `view own by author`")
    }

    fn assigned(&self, entity: EntityIndex, role: RoleIndex) -> Result<(Reach, Vec<Step>, Rows), Complaint> {
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

    fn in_place(
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

    /// Moves go to those whom the lifecycle names, assignments to those whom the assignment names.
    fn moves_and_assignments(&mut self, index: EntityIndex, progress: &mut [Progress]) {
        let at = self.sources[index.0].at.clone();
        let moves = self.sources[index.0]
            .entity
            .lifecycle
            .clone()
            .map(|lifecycle| lifecycle.moves)
            .unwrap_or_default();
        for (i, (name, written)) in moves.iter().enumerate() {
            let here = at.join("lifecycle").join("moves").join(name);
            for role in self.roles(&written.by, &here.join("by")) {
                self.action_of(index, (role, Action::Move(i)), written.scope.clone(), &here, progress);
            }
        }
        if let Some(assignment) = self.model[index].assignment.clone() {
            for role in assignment.by {
                self.action_of(
                    index,
                    (role, Action::Assign),
                    None,
                    &at.join("assigned to").join("by"),
                    progress,
                );
            }
        }
    }

    fn action_of(
        &mut self,
        index: EntityIndex,
        (role, action): (RoleIndex, Action),
        scope: Option<Scope>,
        at: &Pointer,
        progress: &mut [Progress],
    ) {
        if let Some(scope) = scope {
            let written = crate::Grant { scope: Some(scope), ..crate::Grant::default() };
            let reached = self.reached(index, role, &written, at, progress);
            if let Some((reach, path, rows)) = self.noted(at, reached) {
                self.add(
                    index,
                    role,
                    vec![action],
                    reach,
                    path,
                    Vec::new(),
                    Mask::Only(Vec::new()),
                    true,
                    rows,
                );
            }
            return;
        }
        let views: Vec<Grant> =
            self.model.grants(role, index).filter(|grant| grant.allows(Action::View)).cloned().collect();
        if views.is_empty() {
            let (role, entity) = (self.model[role].name.clone(), self.model[index].name.clone());
            let help = format!("grant `{role}` to view `{entity}`, or take it out");
            self.problem(
                at,
                Kind::Access,
                format!("`{role}` is named here, but may not view any `{entity}`"),
                help,
            );
        }
        for view in views {
            self.add(
                index,
                role,
                vec![action],
                view.reach,
                view.path,
                view.when,
                Mask::Only(Vec::new()),
                true,
                view.rows,
            );
        }
    }

    /// A role is privileged when it reaches a whole place's PHI, whether or not the spec says so.
    fn computed_privileges(&mut self) {
        for role in 0..self.model.roles.len() {
            let role = RoleIndex(role);
            if self.model[role].privileged.is_some() {
                continue;
            }
            let reached = self.model.entities().find(|(index, entity)| {
                self.model.grants(role, *index).any(|grant| {
                    let phi = entity.fields().any(|(field, resolved)| {
                        resolved.class != crate::Class::None && grant.fields.covers(field)
                    });
                    phi && self.is_whole_place(grant, *index)
                })
            });
            if let Some((_, entity)) = reached {
                let why = format!("it reaches every {} of a place", entity.name);
                self.model.roles[role.0].privileged = Some(why);
            }
        }
    }

    fn is_whole_place(&self, grant: &Grant, index: EntityIndex) -> bool {
        let end = grant.path.last().map_or(index, Step::entity);
        let through = |action: Action, whole: bool| {
            self.model.grants(grant.role, end).any(|other| {
                other.allows(action) && (!whole || !other.narrowed) && self.is_whole_place(other, end)
            })
        };
        match grant.reach {
            Reach::Viewable => through(Action::View, false),
            Reach::Inherited(action) => through(action, true),
            ref reach => reach.is_whole_place(),
        }
    }
}

fn access(message: impl Into<String>) -> Complaint {
    Complaint::new(Kind::Access, message)
}

fn any(mut rows: Vec<Rows>) -> Rows {
    rows.dedup();
    if rows.len() == 1 { rows.remove(0) } else { Rows::Any(rows) }
}

fn is_called(entity: &Name, name: &Name) -> bool {
    entity == name || entity.plural_title().to_lowercase() == name.as_str()
}

/// The links of an entity to other entities.
fn links(model: &Model, entity: EntityIndex) -> impl Iterator<Item = (FieldIndex, EntityIndex)> + '_ {
    model[entity].fields().filter_map(|(index, field)| match field.target {
        Some(Target::Entity(to)) => Some((index, to)),
        _ => None,
    })
}
