//! Lifecycles: states, moves, locks.

use super::{Resolver, entities::name};
use crate::{
    document,
    field_type::{Choice, Kind as FieldKind},
    model::{DefaultValue, EntityIndex, FieldIndex, FormIndex, Lifecycle, Move, Needs, Origin, Storage},
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Type},
};

impl Resolver<'_> {
    pub(super) fn state(&mut self, index: EntityIndex) {
        let at = self.sources[index.0].at.join("lifecycle");
        let Some(lifecycle) = self.sources[index.0].entity.lifecycle.clone() else { return };
        let field_name = lifecycle.field.clone().unwrap_or_else(|| name("status"));
        let Some(field) = self.model[index].field(field_name.as_str()) else {
            self.problem(&at, Kind::Missing, "a lifecycle has states", "write `states: [draft, signed]`");
            return;
        };
        match &self.model[index][field].kind {
            FieldKind::OneOf(choices) if *choices == lifecycle.states => {}
            _ => {
                let states: Vec<_> = lifecycle.states.iter().map(Choice::as_str).collect();
                let help = format!(
                    "write `{field_name}: none one of {}`, or leave the field out",
                    states.join(" | ")
                );
                self.problem(
                    &at.join("states"),
                    Kind::Shape,
                    format!("`{field_name}` must have these states as its choices"),
                    help,
                );
            }
        }
        if matches!(self.model[index][field].storage, Storage::Sealed { .. } | Storage::Computed) {
            self.problem(
                &at,
                Kind::Shape,
                format!("the database must see the state `{field_name}`"),
                "give it the class none, or make it `queryable`",
            );
        }
        let resolved = &mut self.model.entities[index.0].fields[field.0];
        resolved.required = true;
        resolved.default = lifecycle.states.first().cloned().map(DefaultValue::Choice);
        let known = |state: &Choice| lifecycle.states.contains(state);
        let mut unknown: Vec<(Pointer, Choice)> = Vec::new();
        for (i, state) in lifecycle.locked.iter().enumerate().filter(|(_, state)| !known(state)) {
            unknown.push((at.join("locked").join(i), state.clone()));
        }
        let mut moves = Vec::new();
        for (move_name, written) in &lifecycle.moves {
            let here = at.join("moves").join(move_name);
            for (i, state) in written.from.iter().enumerate().filter(|(_, state)| !known(state)) {
                unknown.push((here.join("from").join(i), state.clone()));
            }
            if !known(&written.to) {
                unknown.push((here.join("to"), written.to.clone()));
            }
            moves.push(self.resolved_move(index, move_name, written, &here));
        }
        let states: Vec<_> = lifecycle.states.iter().map(ToString::to_string).collect();
        for (at, state) in unknown {
            let help = format!("they are {}", crate::decode::listed(&states));
            self.problem(&at, Kind::Unresolved, format!("`{state}` is not one of the states"), help);
        }
        let addenda = (0..self.sources.len())
            .find(|i| self.sources[*i].origin == Origin::Addenda(index))
            .map(EntityIndex);
        self.model.entities[index.0].lifecycle =
            Some(Lifecycle { field, states: lifecycle.states, moves, locked: lifecycle.locked, addenda });
    }

    pub(super) fn resolved_move(
        &mut self,
        index: EntityIndex,
        name: &Name,
        written: &document::Move,
        at: &Pointer,
    ) -> Move {
        let when = written.when.as_ref().and_then(|said| {
            let checked =
                rules::check(said, &rules::Scope::new(&self.model.entities, index), Some(Type::Boolean));
            self.noted(&at.join("when"), checked)
        });
        let needs = written.needs.as_ref().and_then(|needed| {
            if let Some(form) = self.document.forms.get_index_of(needed) {
                return Some(Needs::Form(FormIndex(form)));
            }
            if self.document.permissions.contains_key(needed) {
                return Some(Needs::Permission(needed.clone()));
            }
            let known: Vec<String> = self
                .document
                .forms
                .keys()
                .chain(self.document.permissions.keys())
                .map(ToString::to_string)
                .collect();
            self.unresolved(&at.join("needs"), "form or permission", needed, &known);
            None
        });
        let asks = self.asked(index, written, &at.join("asks"));
        Move {
            name: name.clone(),
            label: written.label.clone().unwrap_or_else(|| name.title()),
            from: written.from.clone(),
            to: written.to.clone(),
            needs,
            when,
            asks,
        }
    }

    /// What is typed with a move: no state, nothing that is computed, and no file.
    fn asked(&mut self, index: EntityIndex, written: &document::Move, at: &Pointer) -> Vec<FieldIndex> {
        let asks = self.field_list(index, &written.asks, at);
        let untyped = |field: &&FieldIndex| {
            let field = &self.model[index][**field];
            field.storage == Storage::Computed || field.kind == FieldKind::File || field.kind.is_link()
        };
        if let Some(field) = asks.iter().find(untyped) {
            let message =
                format!("`{}` is nothing that is typed with a move", self.model[index][*field].name);
            self.problem(at, Kind::Shape, message, "name a field that a form asks for");
        }
        asks
    }
}
