//! Pages by link: a form about a person, which that person fills in by a link and a code, without signing in.

use super::Resolver;
use crate::{
    access::Action,
    document::{Entry, Period, PeriodUnit},
    model::{Document, FormIndex, Page, PageItem},
    problem::{Kind, Pointer},
};

impl Resolver<'_> {
    /// What a page by link sends: a link that opens its one form, for the person whom the form is about.
    pub(super) fn link_page(&mut self, page: &Page, at: &Pointer) {
        if page.entry != Entry::Link {
            return;
        }
        let [PageItem::Form(form)] = page.shows.as_slice() else {
            let message = format!("`{}` opens by a link, and a link opens one form", page.name);
            self.problem(&at.join("shows"), Kind::Shape, message, "name one form, as in `shows: [intake]`");
            return;
        };
        self.senders_of_form(page, *form, at);
        let form_name = self.model[*form].name.clone();
        let about = self.model[*form].about;
        let filled_by = self.model[*form].filled_by.clone();
        let Some(role) = filled_by.into_iter().find(|role| self.model[*role].self_entity == Some(about))
        else {
            let about = self.model[about].name.clone();
            let message = format!("nobody who fills in `{form_name}` is the {about} whom it is about");
            let help =
                format!("let the role that is a {about} fill it in, and give the {about} an e-mail address");
            self.problem(&at.join("shows"), Kind::Access, message, help);
            return;
        };
        let role = self.model[role].name.clone();
        let Some(to) = self.recipient(&role, &at.join("shows")) else { return };
        let Some((ways, says)) = self.notice(&to, &at.join("shows")) else { return };
        self.model.documents.push(Document {
            name: page.name.clone(),
            label: page.label.clone(),
            entity: about,
            shows: Vec::new(),
            to,
            way: Vec::new(),
            sent_by: page.roles.clone(),
            link: Period { count: 24, unit: PeriodUnit::Hour },
            ways,
            says,
            asks: Some(*form),
        });
    }

    /// Nobody has somebody else write what they may not change themselves.
    fn senders_of_form(&mut self, page: &Page, form: FormIndex, at: &Pointer) {
        let at = at.join("for");
        if page.roles.is_empty() {
            let message = format!("nobody sends the link of `{}`", page.name);
            self.problem(&at, Kind::Missing, message, "name the roles, as in `for: [nurse]`");
        }
        let about = self.model[form].about;
        for (i, role) in page.roles.iter().enumerate() {
            let writes = |grant: &crate::access::Grant| grant.allows(Action::Update);
            let views = |grant: &crate::access::Grant| grant.allows(Action::View);
            let may =
                self.model.grants(*role, about).any(writes) && self.model.grants(*role, about).any(views);
            if !may {
                let (role, about) = (&self.model[*role].name, &self.model[about].name);
                let message =
                    format!("`{role}` may not view and change a {about}, and would have it written about");
                let help =
                    format!("grant `{role}` to `view, update` of `{about}`, or let somebody send it who may");
                self.problem(&at.join(i), Kind::Access, message, help);
            }
        }
    }
}
