//! The floor: what no spec can turn off. Each refusal says why and offers the nearest safe thing.

use super::Resolver;
use crate::{
    access::Reach,
    document::{Period, PeriodUnit},
    field_type::{Class, Kind as FieldKind},
    model::{Entity, EntityIndex, Field, Origin, Role, Storage},
    name::Name,
    problem::{Kind, Pointer},
};

/// Six years, the least for which HIPAA's documentation is kept (45 CFR 164.316(b)(2)(i)).
const SIX_YEARS: u64 = 6 * 365 * 24 * 60;

/// Names of fields that are one of the 18 Safe Harbor identifiers, whatever type they are given.
const IDENTIFIERS: &[&str] = &[
    "date of birth",
    "birth date",
    "birthdate",
    "dob",
    "birthday",
    "ssn",
    "social security number",
    "mrn",
    "medical record number",
    "email",
    "e-mail",
    "email address",
    "phone",
    "phone number",
    "mobile",
    "fax",
    "fax number",
    "address",
    "street",
    "street address",
    "zip",
    "zip code",
    "postal code",
    "member id",
    "insurance member id",
    "insurance id",
    "policy number",
    "account number",
    "license number",
    "passport number",
    "national id",
    "first name",
    "last name",
    "full name",
    "surname",
    "emergency contact",
];

/// Whether a field of this name is one of the 18 identifiers of Safe Harbor (45 CFR 164.514(b)(2)), whatever type it
/// is given: the floor takes it as an `identifier` only.
pub fn identifies(name: &str) -> bool {
    IDENTIFIERS.contains(&name)
}

impl Resolver<'_> {
    pub(super) fn floor(&mut self) {
        self.security();
        self.retention();
        for index in 0..self.model.entities.len() {
            self.field_classes(EntityIndex(index));
            self.reach(EntityIndex(index));
        }
        self.outside();
        self.open_pages();
    }

    pub(super) fn floor_problem(
        &mut self,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problem(at, Kind::Floor, message, help);
    }

    fn security(&mut self) {
        let at = Pointer::root().join("security");
        let security = self.document.security.clone();
        let switches = [
            ("audit", &security.audit, "every access to PHI is on record (45 CFR 164.312(b))"),
            ("encryption", &security.encryption, "PHI is encrypted at rest (45 CFR 164.312(a)(2)(iv))"),
            ("authentication", &security.authentication, "everybody proves who they are (45 CFR 164.312(d))"),
        ];
        for (name, value, why) in switches {
            if value.as_ref().is_some_and(|value| *value != "on") {
                self.floor_problem(
                    &at.join(name),
                    format!("{name} cannot be turned off: {why}"),
                    "leave the line out; it is always on",
                );
            }
        }
        match security.mfa.as_ref().map(Name::as_str) {
            None | Some("optional") => {}
            Some("required") => self.model.mfa_for_everybody = true,
            Some(_) => self.floor_problem(
                &at.join("mfa"),
                "a second factor cannot be turned off for privileged roles",
                "write `mfa: optional`: then only privileged roles need it",
            ),
        }
        if let Some(idle) = security.idle {
            self.model.idle_minutes = idle.minutes();
            if idle.minutes() > 60 {
                self.floor_problem(
                    &at.join("idle"),
                    "a session ends after at most 60 idle minutes (45 CFR 164.312(a)(2)(iii))",
                    "write `idle: 60 minutes` or less",
                );
            }
        }
        if security.attempts.is_some_and(|attempts| attempts == 0 || attempts > 8) {
            self.floor_problem(
                &at.join("attempts"),
                "an account is locked after at most 8 failed attempts",
                "write `attempts: 8` or less",
            );
        }
        if security.lockout.is_some_and(|lockout| lockout.minutes() < 15) {
            self.floor_problem(
                &at.join("lockout"),
                "a lockout lasts at least 15 minutes",
                "write `lockout: 15 minutes` or more",
            );
        }
        for (index, role) in security.break_glass.iter().enumerate() {
            self.breaks_glass(role, &at.join("break glass").join(index));
        }
        self.impersonation(security.impersonation.as_ref(), &at.join("impersonation"));
    }

    /// Whoever breaks the glass treats others.
    fn breaks_glass(&mut self, named: &Name, at: &Pointer) {
        let Some(role) = self.role(named, at) else { return };
        if self.model[role].self_entity.is_some() && self.model[role].privileged.is_none() {
            let message = format!("`{named}` is cared for here, and breaks no glass");
            self.floor_problem(at, message, "name a role of those who treat");
            return;
        }
        let exactly = |entity: &Entity| {
            let found = |field: &Field| matches!(field.storage, Storage::Sealed { lookup: Some(_) });
            let person =
                entity.parent.is_none() && (!entity.self_roles.is_empty() || entity.reference.is_some());
            person && (entity.reference.is_some() || entity.fields.iter().any(found))
        };
        if !self.model.entities.iter().any(exactly) {
            let help = "give the patient a `reference: PT`, or a phone or record number that is `searchable`";
            self.floor_problem(at, "nobody can be named exactly here, so no glass can be broken", help);
            return;
        }
        if !self.model.break_glass.contains(&role) {
            self.model.break_glass.push(role);
        }
    }

    /// Emergency access is in every app (45 CFR 164.312(a)(2)(ii)). Nobody looks as somebody whom they do not administer.
    fn impersonation(&mut self, named: Option<&Name>, at: &Pointer) {
        let administers = |role: &Role| role.administers.iter().any(|what| *what == "people");
        let first = self.model.roles().find(|(_, role)| administers(role)).map(|(index, _)| index);
        let Some(named) = named else {
            self.model.impersonation = first;
            return;
        };
        let Some(role) = self.role(named, at) else { return };
        self.model.impersonation = Some(role);
        if !administers(&self.model[role]) {
            let help = match first {
                Some(first) => {
                    format!("write `impersonation: {}`, or leave the line out", self.model[first].name)
                }
                None => format!("write `{named}: {{ administers: [people] }}`"),
            };
            let message = format!("`{named}` does not administer people, and so looks as none of them");
            self.floor_problem(at, message, help);
        }
    }

    fn retention(&mut self) {
        let at = Pointer::root().join("retention").join("audit");
        let kept = self.document.retention.audit.unwrap_or(Period { count: 7, unit: PeriodUnit::Year });
        self.model.audit_days = kept.minutes() / (24 * 60);
        if kept.minutes() < SIX_YEARS {
            self.floor_problem(
                &at,
                format!("the audit log is kept at least 6 years (45 CFR 164.316(b)(2)), not {kept}"),
                "write `audit: 6 years` or more",
            );
        }
    }

    /// Identifiers are identifiers, and free text is narrative, whatever the spec calls them.
    fn field_classes(&mut self, index: EntityIndex) {
        let entity = self.model[index].clone();
        let about_people = entity.has_phi() || !entity.self_roles.is_empty();
        let at = match self.sources[index.0].origin {
            Origin::Written => self.sources[index.0].at.join("fields"),
            _ => self.sources[index.0].at.clone(),
        };
        for field in entity
            .fields
            .iter()
            .filter(|field| field.class != Class::Identifier && field.storage != Storage::Computed)
        {
            let here = if self.sources[index.0].origin == Origin::Written {
                at.join(&field.name)
            } else {
                at.clone()
            };
            let named = about_people && !field.kind.is_link() && IDENTIFIERS.contains(&field.name.as_str());
            let plain_name = about_people && field.name == "name" && !entity.self_roles.is_empty();
            if field.kind.identifies() || named || plain_name {
                let message = format!(
                    "`{}` identifies a person and cannot be `{}` (45 CFR 164.514(b)(2))",
                    field.name, field.class
                );
                self.floor_problem(&here, message, format!("write `identifier {}`", field.kind));
            } else if field.class == Class::None && field.kind == FieldKind::LongText && entity.has_phi() {
                let message =
                    format!("anything may stand in the free text `{}`, so it cannot be `none`", field.name);
                self.floor_problem(&here, message, "write `narrative`");
            }
        }
    }

    /// Nobody reaches PHI across organisations.
    fn reach(&mut self, index: EntityIndex) {
        let entity = &self.model[index];
        if !entity.has_phi() {
            return;
        }
        let roles: Vec<Name> = entity
            .grants
            .iter()
            .filter(|grant| grant.reach == Reach::Everywhere)
            .map(|grant| self.model[grant.role].name.clone())
            .collect();
        let name = entity.name.clone();
        for role in roles {
            let at = self.sources[index.0].at.join("access").join(&role);
            let message =
                format!("`{role}` would see every `{name}` of every organisation, and `{name}` holds PHI");
            self.floor_problem(
                &at,
                message,
                "grant `in organisation`: each organisation is a covered entity of its own",
            );
        }
    }

    /// What leaves the app: messages, tasks that nobody does, models, other companies.
    fn outside(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        let mut harmless: Vec<String> = ["time", "date", "link", "app", "reference"].map(String::from).into();
        harmless.extend(self.model.places.iter().map(|place| place.name.to_string()));
        for (name, message) in &document.messages {
            for (i, word) in message
                .says
                .iter()
                .enumerate()
                .filter(|(_, word)| !harmless.iter().any(|known| **word == known.as_str()))
            {
                let at = root.join("messages").join(name).join("says").join(i);
                self.floor_problem(
                    &at,
                    format!("`{word}` could tell something clinical outside the app"),
                    format!("say only {}; the rest is behind the link", crate::decode::listed(&harmless)),
                );
            }
        }
        for (name, task) in &document.tasks {
            if task.fallback.is_none() {
                let at = root.join("tasks").join(name);
                self.floor_problem(
                    &at,
                    format!("nobody does `{name}` when `{}` does not", task.owner),
                    "name a role under `else`",
                );
            }
        }
        for (name, company) in &document.sub_processors {
            if company.attested_by.is_none() {
                let at = root.join("sub-processors").join(name);
                self.floor_problem(
                    &at,
                    format!("nobody attests that there is a BAA with `{name}`"),
                    "name the role under `attested by`; until then it is not called",
                );
            }
        }
        for (name, action) in &document.ai_actions {
            if let Some(provider) = &action.provider
                && !document.sub_processors.contains_key(provider)
            {
                let at = root.join("ai actions").join(name).join("provider");
                self.floor_problem(
                    &at,
                    format!("`{provider}` is not among the sub-processors"),
                    format!("add `{provider}: {{ for: ai, attested by: … }}` under `sub-processors`"),
                );
            }
        }
        for (name, rendered) in &document.documents {
            if rendered.link.is_some_and(|link| link.minutes() > 24 * 60) {
                let at = root.join("documents").join(name).join("link");
                self.floor_problem(
                    &at,
                    "a link to PHI opens for at most 24 hours",
                    "write `link: 24 hours` or less",
                );
            }
        }
    }
}
