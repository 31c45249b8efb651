//! Who this page is about, on every page about a patient.

use maud::{Markup, html};
use time::Date;

use super::content::{iso_date, local};
use super::words::fill;
use super::{Audience, Content, Show, View};

/// What is known of a patient's allergies. Silence is not safety: "none known" is a statement that
/// somebody made, and it differs from never having asked.
#[derive(Clone, Debug)]
pub enum Allergies {
    /// Nobody asked yet.
    NotRecorded,
    /// Asked, and there are none.
    NoneKnown,
    /// What to avoid.
    Known(Vec<String>),
    /// The reader's role may not see them.
    Hidden,
}

/// The banner: a name or a reference, as the reader's role allows, and what must not be confused.
#[derive(Clone, Debug)]
pub struct PatientBanner {
    name: Content,
    reference: Option<String>,
    to: Option<String>,
    birth: Option<Result<Date, Content>>,
    sex: Option<Content>,
    allergies: Option<Allergies>,
    more: Vec<(String, Content)>,
}

impl PatientBanner {
    /// A banner under the patient's name, or under a reference like `PT-7F3A4B`.
    #[must_use]
    pub fn new(name: impl Into<Content>) -> Self {
        Self {
            name: name.into(),
            reference: None,
            to: None,
            birth: None,
            sex: None,
            allergies: None,
            more: Vec::new(),
        }
    }

    /// The reference beside the name.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// The reference, where it adds something to the name.
    #[must_use]
    pub fn reference_if(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// The patient's own page.
    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.to = Some(path.into());
        self
    }

    /// Birth date, shown with the age that follows from it. [`Content::Hidden`] and
    /// [`Content::Empty`] are shown as such.
    #[must_use]
    pub fn born(mut self, birth: impl Into<Content>) -> Self {
        self.birth = Some(match birth.into() {
            Content::Date(date) => Ok(date),
            other => Err(other),
        });
        self
    }

    /// Sex, as the spec's choice says it.
    #[must_use]
    pub fn sex(mut self, sex: impl Into<Content>) -> Self {
        self.sex = Some(sex.into());
        self
    }

    /// Allergies; an app without such a field leaves the line out.
    #[must_use]
    pub fn allergies(mut self, allergies: Allergies) -> Self {
        self.allergies = Some(allergies);
        self
    }

    /// One more line, like the member id.
    #[must_use]
    pub fn line(mut self, label: impl Into<String>, content: impl Into<Content>) -> Self {
        self.more.push((label.into(), content.into()));
        self
    }
}

/// "46 years"; under two years months, under two months days. Before birth it is empty.
pub(crate) fn age(view: &View, birth: Date, on: Date) -> String {
    let months = (on.year() - birth.year()) * 12 + i32::from(u8::from(on.month()))
        - i32::from(u8::from(birth.month()))
        - i32::from(on.day() < birth.day());
    let words = view.words;
    match months {
        24.. => fill(words.years_old, &[&(months / 12).to_string()]),
        2..24 => fill(words.months_old, &[&months.to_string()]),
        _ if on >= birth => fill(words.days_old, &[&(on - birth).whole_days().to_string()]),
        _ => String::new(),
    }
}

impl Show for PatientBanner {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            section.patient-banner aria-label=(words.patient) {
                p.who {
                    @if let Some(to) = &self.to { a href=(local(to)) { (self.name.show(view)) } } @else { (self.name.show(view)) }
                    @if let Some(reference) = &self.reference { " " span.reference { (reference) } }
                }
                dl {
                    @if let Some(birth) = &self.birth { div { dt { (words.born) } dd {
                        @match birth {
                            Ok(date) => { time datetime=(iso_date(*date)) { (view.date(*date)) } " (" (age(view, *date, view.today())) ")" },
                            Err(other) => (other.show(view)),
                        }
                    } } }
                    @if let Some(sex) = &self.sex { div { dt { (words.sex) } dd { (sex.show(view)) } } }
                    @for (label, content) in &self.more { div { dt { (label) } dd { (content.show(view)) } } }
                    @if let Some(allergies) = &self.allergies { div.allergies { dt { (words.allergies) } dd { (known(allergies, view)) } } }
                }
            }
        }
    }
}

fn known(allergies: &Allergies, view: &View) -> Markup {
    let words = view.words;
    html! {
        @match allergies {
            Allergies::Known(list) if !list.is_empty() => {
                @for (place, allergy) in list.iter().enumerate() { @if place > 0 { ", " } strong.allergy { bdi { (allergy) } } }
            },
            // Who prescribes has to ask; the patient is told what is known, and no more.
            Allergies::Known(_) | Allergies::NotRecorded if view.audience == Audience::Patient => (Content::Empty.show(view)),
            Allergies::Known(_) | Allergies::NotRecorded => span.tag.caution { (words.allergies_not_recorded) },
            Allergies::NoneKnown => (words.no_known_allergies),
            Allergies::Hidden => (Content::Hidden.show(view)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn an_age_counts_whole_years_and_small_children_in_months_or_days() {
        let view = View::sample();
        for (birth, expected) in [
            (date!(1980 - 11 - 23), "46 years"),
            (date!(1980 - 11 - 24), "45 years"),
            (date!(2024 - 11 - 23), "2 years"),
            (date!(2024 - 11 - 24), "23 months"),
            (date!(2026 - 09 - 24), "60 days"),
            (date!(2026 - 09 - 23), "2 months"),
            (date!(2026 - 11 - 24), ""),
        ] {
            assert_eq!(age(&view, birth, date!(2026 - 11 - 23)), expected, "{birth}");
        }
    }

    #[test]
    fn never_having_asked_is_not_the_same_as_no_allergies() {
        let view = View::sample();
        let shown = |allergies| PatientBanner::new("A").allergies(allergies).show(&view).into_string();
        assert!(shown(Allergies::NotRecorded).contains("ask before you prescribe"));
        assert!(shown(Allergies::Known(vec![])).contains("ask before you prescribe"));
        assert!(shown(Allergies::NoneKnown).contains("No known allergies"));
    }
}
