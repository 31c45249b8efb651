//! Custom code on the page of a plan: whoever approves the plan approves it, too, so it is all there to be read.

use generator::custom::{CustomCode, Finding};
use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::response::Response;
use safeguards::pages::{Content, Notice, Show, Tone, View};

use super::plan::said;
use super::{Result, go};
use crate::accounts::Owned;
use crate::custom::{CodeDifference, Custom};
use crate::http::Site;
use crate::projects::Project;
use crate::versions::{self, Version};

/// The code of a version, what the lint finds in it beside this plan, and with which version it came.
pub(super) fn section(
    (code, found): (&CustomCode, &[Finding]),
    (version, came): (&Version, i64),
    view: &View,
    at: &str,
) -> Markup {
    html! {
        @if !code.is_empty() {
            section.code aria-labelledby="custom-code" {
                h2 #custom-code { "Custom code" }
                p { "What a plan cannot say, in Rust. Whoever approves this plan approves this code. "
                    @if came == version.number { "It was sent with this version." } @else { "It came with version " (came) " and was taken over." }
                }
                p { "It was read before it was kept, and is read again before it is compiled: it asks the app’s own functions for records, which hold it to “Who may do what” and to the audit log, and has no SQL, network, file, program or environment of its own. That reading is for its author’s good. What holds is the sandbox, outside of the app: whatever the code does, it reaches no other app, no file and no key but the app’s own, and no host that you have not attested." }
                @if !found.is_empty() {
                    h3 { "What does not fit this plan" }
                    ul.facts { @for line in generator::custom::lines(found) { li { (said(&line)) } } }
                }
                @for (path, text) in code.files() {
                    details {
                        summary { code { (path) } " " span { (lines(text)) } }
                        // A long line scrolls it, and what scrolls takes the focus.
                        pre tabindex="0" role="region" aria-label={ "Text of " (path) } { code { (text) } }
                    }
                }
                form method="post" action={ (at) "/edit/custom" } {
                    (view.csrf_field())
                    p { "A later version takes it over, until you send other code with " code { "healthcoder deploy --dir" } " or leave it out." }
                    button.second type="submit" { "Make a version without it" }
                }
            }
        }
    }
}

fn lines(text: &str) -> String {
    match text.lines().count() {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    }
}

/// What differs, as lines of what a version changes.
pub(super) fn changed(code: &CodeDifference, view: &View) -> Markup {
    let said = [(&code.added, "new"), (&code.changed, "changed"), (&code.removed, "removed")];
    html! {
        @for (files, word) in said {
            @for file in files { li { (Content::tag("custom code", Tone::Caution).show(view)) " " code { (file) } " is " (word) } }
        }
    }
}

/// Why a plan cannot be approved with its custom code, as it stands.
pub(super) fn refused(at: &str) -> Notice {
    Notice::warning("The custom code does not fit this plan")
        .text("Mend it and send it again with healthcoder deploy --dir, or make a version without it.")
        .link("What does not fit", format!("{at}#custom-code"))
}

/// The same plan without custom code, as the next version.
pub(super) async fn leave_out(
    State(site): State<Site>,
    project: Owned<Project>,
    version: Owned<Version>,
) -> Result<Response> {
    let (text, _) = versions::read(&site.platform, &version).await?;
    let made =
        versions::submit_with(&site.platform, &project, &text, Custom::Sent(CustomCode::default())).await?;
    Ok(go(format!("/projects/{}/versions/{made}", project.id)))
}
