//! Grants: scopes to predicates, masks to fields, parts from their parents.

use super::Resolver;
use crate::{
    access::{Action, Grant, Mask, Reach, Rows, Step},
    field_type::{Choice, Kind as FieldKind},
    grant::{Clause, Permitted, Scope, Verb},
    model::{EntityIndex, FieldIndex, Origin, RoleIndex},
    name::Name,
    problem::{Kind, Pointer},
};

/// How far the grants of an entity are resolved; grants refer to those of other entities.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Progress {
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

    pub(super) fn grants_of(&mut self, index: EntityIndex, progress: &mut [Progress]) {
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
            // Its access is always said.
            (None, Origin::Permission(_) | Origin::Task(_) | Origin::Conversation(_)) => {}
            (None, Origin::Addenda(owner)) => self.addenda_grants(index, owner),
            (None, Origin::Signatures(owner)) => self.signature_grants(index, owner),
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
        for role in &filled_by {
            self.fills(index, *role, written);
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

    /// Who fills in a form fills those fields of the record that its answers also fill, of the records that they view.
    fn fills(&mut self, index: EntityIndex, role: RoleIndex, form: &crate::document::Form) {
        let Some(about) = self.model[index].parent.as_ref().map(|parent| parent.entity) else { return };
        let named = form.ask.iter().filter_map(|item| item.fills.as_ref());
        let mut fields: Vec<FieldIndex> =
            named.filter_map(|name| self.model[about].field(name.as_str())).collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.is_empty() {
            return;
        }
        let whole = |grant: &&Grant| grant.allows(Action::View) && !grant.narrowed;
        let views: Vec<Grant> = self.model.grants(role, about).filter(whole).cloned().collect();
        for view in views {
            let fields = Mask::Only(fields.clone());
            self.add(
                about,
                role,
                vec![Action::Fill],
                view.reach,
                view.path,
                view.when,
                fields,
                true,
                view.rows,
            );
        }
    }

    /// Who reads the record sees who signed it; of those, the roles that sign it do.
    fn signature_grants(&mut self, index: EntityIndex, owner: EntityIndex) {
        for role in (0..self.model.roles.len()).map(RoleIndex) {
            self.inherit(index, role, Action::View, &[Action::View, Action::List]);
            if !self.model[owner].signed_by.contains(&role) {
                continue;
            }
            let before = self.model[index].grants.len();
            self.inherit(index, role, Action::View, &[Action::Create]);
            if self.model[index].grants.len() == before {
                let (role, entity) = (self.model[role].name.clone(), self.model[owner].name.clone());
                let at = self.sources[owner.0].at.join("signed by");
                self.problem(
                    &at,
                    Kind::Access,
                    format!("`{role}` signs `{entity}`, but may not view any"),
                    format!("grant `{role}` to view `{entity}`, or take it out"),
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
        let reached = self.reached(index, role, written, progress);
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
    pub(super) fn add(
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
        // Who may look at a record may open the files in it; the log tells one from the other.
        let files = self.model[index].fields.iter().any(|field| field.kind == FieldKind::File);
        if files && actions.contains(&Action::View) {
            actions.push(Action::Download);
        }
        actions.sort_unstable();
        actions.dedup();
        let sql = rows.sql(&self.model, index);
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
            let asks = self.field_list(index, &written.asks, &here.join("asks"));
            for role in self.roles(&written.by, &here.join("by")) {
                let action = (role, Action::Move(i), asks.as_slice());
                self.action_of(index, action, written.scope.clone(), &here, progress);
            }
        }
        if let Some(assignment) = self.model[index].assignment.clone() {
            if assignment.claim {
                self.claims(index, &assignment.roles);
            }
            for role in assignment.by {
                self.action_of(
                    index,
                    (role, Action::Assign, &[]),
                    None,
                    &at.join("assigned to").join("by"),
                    progress,
                );
            }
        }
    }

    /// Whoever may claim a record finds it while it is assigned to nobody, by what it is called and no more.
    fn claims(&mut self, index: EntityIndex, roles: &[RoleIndex]) {
        let title = Mask::Only(self.model[index].title.clone());
        for role in roles {
            let found = (vec![Action::View, Action::List], title.clone());
            for (actions, fields) in [found, (vec![Action::Claim], Mask::Only(Vec::new()))] {
                let rows = Rows::Unassigned;
                let (path, when) = (Vec::new(), Vec::new());
                self.add(index, *role, actions, Reach::Unassigned, path, when, fields, true, rows);
            }
        }
    }

    fn action_of(
        &mut self,
        index: EntityIndex,
        (role, action, asks): (RoleIndex, Action, &[FieldIndex]),
        scope: Option<Scope>,
        at: &Pointer,
        progress: &mut [Progress],
    ) {
        if let Some(scope) = scope {
            let written = crate::Grant { scope: Some(scope), ..crate::Grant::default() };
            let reached = self.reached(index, role, &written, progress);
            if let Some((reach, path, rows)) = self.noted(at, reached) {
                self.add(
                    index,
                    role,
                    vec![action],
                    reach,
                    path,
                    Vec::new(),
                    Mask::Only(asks.to_vec()),
                    true,
                    rows,
                );
            }
            return;
        }
        // What waits to be claimed is known by its name only, and nothing else is done with it.
        let views: Vec<Grant> = self
            .model
            .grants(role, index)
            .filter(|grant| grant.allows(Action::View) && grant.reach != Reach::Unassigned)
            .cloned()
            .collect();
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
                Mask::Only(asks.to_vec()),
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

pub(super) fn any(mut rows: Vec<Rows>) -> Rows {
    rows.dedup();
    if rows.len() == 1 { rows.remove(0) } else { Rows::Any(rows) }
}

fn is_called(entity: &Name, name: &Name) -> bool {
    entity == name || entity.plural_title().to_lowercase() == name.as_str()
}
