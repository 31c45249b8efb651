//! Files: they are put to records that are there already, by whoever may change them.

use super::Resolver;
use crate::{
    access::Action,
    field_type::Kind as FieldKind,
    model::{EntityIndex, Origin},
    problem::Kind,
};

impl Resolver<'_> {
    pub(super) fn files(&mut self) {
        for index in (0..self.model.entities.len()).map(EntityIndex) {
            let entity = &self.model[index];
            let at = &self.sources[index.0].at;
            let files = entity.fields().filter(|(_, field)| field.kind == FieldKind::File);
            let mut wrong = Vec::new();
            for (field, file) in files {
                let changes =
                    |grant: &crate::access::Grant| grant.allows(Action::Update) && grant.fields.covers(field);
                if matches!(entity.origin, Origin::Form(_)) {
                    wrong.push((
                        at.join("ask"),
                        format!("a form cannot ask for the file `{}`", file.name),
                        "keep it in an entity that is `part of` the record, with a field of type `file`",
                    ));
                } else if !entity.grants.iter().any(changes) {
                    wrong.push((
                        at.join("fields").join(&file.name),
                        format!(
                            "nobody may put the file `{}`: it is put to a record that is there already",
                            file.name
                        ),
                        "grant `update` to whoever sends it, as in `patient: view, create, update own`",
                    ));
                }
            }
            for (at, message, help) in wrong {
                self.problem(&at, Kind::Access, message, help);
            }
        }
    }
}
