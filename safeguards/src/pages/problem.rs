//! The page that tells of a problem, with the same content as the JSON.

use maud::html;
use uuid::Uuid;

use super::words::fill;
use super::{Page, View};
use crate::web::{Code, Problem};

/// A problem as a page: what happened, what to do next, and a reference for who asks for help.
#[must_use]
pub fn problem_page(view: &View, problem: &Problem, request: Option<Uuid>) -> Page {
    let words = view.words;
    let (title, way_on) = match problem.code() {
        Code::ReadOnly => words.problem_read_only,
        _ => words.problem(problem.status().as_u16()),
    };
    let page = view.page(title).status(problem.status()).narrow();
    page.with(html! {
        @if let Some(sentence) = problem.sentence() { p.lead { (sentence) } }
        p { (way_on) }
        @if !problem.fields().is_empty() { ul { @for field in problem.fields() { li { (field.detail) } } } }
        p { a.button href="/" { (words.go_home) } }
        @if let Some(id) = request { p.hint { (fill(words.reference, &[&id.to_string()])) } }
    })
}
