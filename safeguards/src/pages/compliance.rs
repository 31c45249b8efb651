//! What protects the data now, each point with its rule and what the app itself found.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::content::local;
use super::{Show, Tone, View};

/// Where a point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Checked, and in force.
    InForce,
    /// In force, and somebody has to see to it soon.
    NeedsAttention,
    /// Not in force.
    Missing,
}

/// One point.
#[derive(Clone, Debug)]
pub struct Control {
    /// What is protected, like "Every read is written down".
    pub title: String,
    /// The rule, like "45 CFR 164.312(b)".
    pub source: String,
    /// Where it stands.
    pub standing: Standing,
    /// What was found, in a sentence.
    pub found: String,
    /// When it was checked.
    pub checked: Option<OffsetDateTime>,
    /// Where to see to it: the text of the link and its path.
    pub link: Option<(String, String)>,
}

/// The page's content: points in groups.
#[derive(Clone, Debug, Default)]
pub struct Compliance {
    groups: Vec<(String, Vec<Control>)>,
}

impl Compliance {
    /// No points yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Points under a heading.
    #[must_use]
    pub fn group(mut self, heading: impl Into<String>, controls: impl IntoIterator<Item = Control>) -> Self {
        self.groups.push((heading.into(), controls.into_iter().collect()));
        self
    }
}

impl Show for Compliance {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            p.about { (words.compliance_why) }
            @for (heading, controls) in &self.groups {
                section.controls {
                    h2 { (heading) }
                    ul { @for control in controls { li {
                        @let (text, tone) = match control.standing {
                            Standing::InForce => (words.in_force, Tone::Good),
                            Standing::NeedsAttention => (words.needs_attention, Tone::Caution),
                            Standing::Missing => (words.missing, Tone::Danger),
                        };
                        div {
                            h3 { (control.title) }
                            p { (control.found) @if let Some((text, to)) = &control.link { " " a href=(local(to)) { (text) } } }
                            p.hint {
                                (words.source) ": " (control.source)
                                @if let Some(checked) = control.checked { " · " (view.moment_markup(checked)) }
                            }
                        }
                        span.tag.(tone.class()) { (text) }
                    } } }
                }
            }
        }
    }
}
