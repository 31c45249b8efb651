//! The pages of an action: what would be asked of whom, then what is proposed, as a form that a person sends or leaves.

use uuid::Uuid;

use super::assistance::Asked;
use super::run::{LONGEST, Subject, run};
use super::{AiAction, Assistance, Given, Reads, Run};
use crate::pages::{Answers, Detail, Field, Form, FormData, Notice, Page};
use crate::slice::{Result, Viewer};
use crate::web::{Code, Problem};

/// Whether the page of a record offers the action to the viewer.
pub fn offered(viewer: &Viewer, action: &'static AiAction, subject: &Subject) -> bool {
    subject.may(viewer, action).is_ok()
}

/// What is asked before a run.
pub(super) fn form(action: &AiAction, to: impl Into<String>) -> Form {
    let mut form = Form::new(to);
    if action.reads == Reads::Given {
        let hint = "It is read once, in memory, and is not stored";
        form = form.field(Field::paragraphs("text", action.input_label).hint(hint).longest(LONGEST));
    }
    if action.de_identified {
        let label = "I have read the text: nothing in it names a patient or anybody else";
        form = form.field(
            Field::tick("confirmed", label).hint("Confirmed anew for each run; that you did is on record"),
        );
    }
    if action.keeps_preview {
        let label = "Keep the first 200 characters of the text, this time";
        form = form.field(Field::tick("keep_preview", label).optional());
    }
    form.submit("Propose")
}

/// What was answered to [`form`].
pub(super) fn answered(answers: &Answers) -> Given {
    Given {
        text: answers.text("text").map(str::to_owned),
        confirmed: answers.boolean("confirmed").unwrap_or(false),
        keep_preview: answers.boolean("keep_preview").unwrap_or(false),
    }
}

/// `GET …/ai/{action}`: whom it would ask, at what cost at most, and what is kept; nothing is asked yet.
///
/// # Errors
/// 404 for who does not apply it; 409 where an attestation lapsed.
pub async fn ask(
    viewer: &Viewer,
    assistance: &Assistance,
    action: &'static AiAction,
    subject: &Subject,
    page: Page,
) -> Result<Page> {
    subject.may(viewer, action)?;
    let form = form(action, action.of(subject.id)).cancel(format!("{}/{}", action.pages, subject.id));
    asking(viewer, assistance, action, page, form).await
}

async fn asking(
    viewer: &Viewer,
    assistance: &Assistance,
    action: &'static AiAction,
    page: Page,
    form: Form,
) -> Result<Page> {
    let detail = Detail::new().title(action.label).line("Reads", action.input_label);
    let detail = match assistance.told(viewer, action).await? {
        Asked::Nobody => detail.line("Who is asked", "This app's own engine, by fixed rules: nobody outside"),
        Asked::Provider { company, model, most } => detail
            .line("Who is asked", format!("{company}, which your organisation has attested"))
            .line("Model", model)
            .line("Costs at most", most.to_string()),
    };
    let kept = match (action.keeps_output, action.keeps_preview) {
        (false, false) => "Nothing but a line in the register: who, when, of whom",
        (true, false) => "What is proposed, encrypted; not what was read",
        (false, true) => "The first 200 characters, where you say so",
        (true, true) => {
            "What is proposed, encrypted; of what was read the first 200 characters, where you say so"
        }
    };
    Ok(page.titled(action.label).with(detail.line("What is kept", kept)).with(form))
}

/// `POST …/ai/{action}`: runs it, and shows what is proposed; or the question again, with what is wrong.
///
/// # Errors
/// As [`run`], but for what a person can put right on the page.
pub async fn propose(
    viewer: &Viewer,
    assistance: &Assistance,
    (action, subject): (&'static AiAction, &Subject),
    filled: Form,
    page: Page,
    data: FormData,
) -> Result<Page> {
    subject.may(viewer, action)?;
    let asking_form = form(action, action.of(subject.id)).cancel(format!("{}/{}", action.pages, subject.id));
    let answers = match asking_form.clone().parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return asking(viewer, assistance, action, page, *form).await,
    };
    match run(viewer, assistance, action, subject, &filled, answered(&answers)).await {
        Ok(run) => Ok(shown(viewer, (action, subject.id), page, filled, &run)),
        Err(problem) if problem.code() == Code::Invalid => {
            let form = refused(asking_form, answers, problem)?;
            asking(viewer, assistance, action, page, form).await
        }
        Err(problem) => Err(problem),
    }
}

/// What is wrong with a recorded text has no field on the page.
fn refused(form: Form, answers: Answers, problem: Problem) -> Result<Form> {
    let known = |name: &str| form.fields().any(|field| field.name() == name);
    let about_a_field = problem.fields().iter().all(|wrong| known(wrong.pointer.trim_start_matches('/')));
    if about_a_field { form.refused(answers, problem) } else { Err(problem) }
}

/// The proposals of a run, each as a form.
pub fn shown(
    viewer: &Viewer,
    (action, id): (&'static AiAction, Uuid),
    page: Page,
    filled: Form,
    run: &Run,
) -> Page {
    let page = page.titled(action.label);
    if run.proposals.is_empty() {
        let notice = Notice::information("Nothing is proposed")
            .text("The text says nothing that fits here, or everything was decided already.");
        return page.notice(notice);
    }
    let said = match run.engine.as_str() {
        "embedded" => {
            "Picked out of the text by fixed rules: nothing here was understood. Read it against the text."
        }
        "cache" => "The same text was read before: this is what was proposed then. Read it against the text.",
        _ => "A model proposes this, and can be wrong in every word. Read it against the text.",
    };
    let mut page = page.notice(Notice::warning("Nothing is written yet").text(said));
    for proposal in &run.proposals {
        let to = format!("{}/{}/{}", action.of(id), run.id, proposal.item);
        let form = proposal.values.fill(&viewer.view, filled.clone()).to(to.clone()).submit("Apply");
        let title = match run.proposals.len() {
            1 => format!("Proposed: {}", action.entity_label),
            _ => format!("Proposal {}: {}", proposal.item + 1, action.entity_label),
        };
        let put_aside = match run.proposals.len() {
            1 => "Put it aside".to_owned(),
            _ => format!("Put proposal {} aside", proposal.item + 1),
        };
        page = page.command(put_aside, format!("{to}/discard")).with(Detail::new().title(title)).with(form);
    }
    page
}

/// A proposal whose values were refused, with what is wrong.
pub fn again(
    (action, id): (&'static AiAction, Uuid),
    (run, item): (Uuid, i64),
    page: Page,
    form: Form,
) -> Page {
    page.titled(action.label).with(form.to(format!("{}/{run}/{item}", action.of(id))).submit("Apply"))
}
