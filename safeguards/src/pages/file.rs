//! A form that sends one file.

use maud::{Markup, html};

use super::content::local;
use super::form::FormData;
use super::{Show, View};

/// One file, and what is taken. It works without a script; what is wrong with a file is said on the same page.
#[derive(Clone, Debug)]
pub struct FileForm {
    to: String,
    label: String,
    version: i64,
    cancel: String,
    mistake: Option<String>,
    /// What is taken, where that is not a document or a picture: in words, and as the browser filters.
    taking: Option<(String, &'static str)>,
}

impl FileForm {
    /// A form that is sent to a path of this app, for the version of the record that the reader sees.
    #[must_use]
    pub fn new(
        to: impl Into<String>,
        label: impl Into<String>,
        version: i64,
        cancel: impl Into<String>,
    ) -> Self {
        Self {
            to: to.into(),
            label: label.into(),
            version,
            cancel: cancel.into(),
            mistake: None,
            taking: None,
        }
    }

    /// Takes another kind of file: what it has to be, and the endings of its name.
    #[must_use]
    pub fn taking(mut self, hint: impl Into<String>, endings: &'static str) -> Self {
        self.taking = Some((hint.into(), endings));
        self
    }

    /// The form again after its file was refused.
    ///
    /// # Errors
    /// The problem itself, when it is not about the file.
    pub fn refused(mut self, problem: crate::web::Problem) -> Result<Self, crate::web::Problem> {
        let Some(wrong) = problem.fields().first() else { return Err(problem) };
        self.mistake = Some(super::form::capital(&wrong.detail));
        Ok(self)
    }
}

impl Show for FileForm {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let wrong = self.mistake.is_some();
        let documents = (words.file_hint, ".pdf,.jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.dcm");
        let (hint, endings) = self.taking.as_ref().map_or(documents, |(hint, endings)| (hint, endings));
        html! {
            form.form method="post" action=(local(&self.to)) enctype="multipart/form-data" {
                (view.csrf_field())
                input type="hidden" name=(FormData::VERSION) value=(self.version);
                div.field.wrong[wrong] {
                    label for="f-file" { (self.label) }
                    p.hint #f-file-hint { (hint) }
                    @if let Some(mistake) = &self.mistake { div.wrong-text #f-file-wrong { p { (mistake) } } }
                    input #f-file type="file" name="file" required
                        accept=(endings)
                        aria-describedby=(if wrong { "f-file-wrong f-file-hint" } else { "f-file-hint" })
                        aria-invalid=[wrong.then_some("true")];
                }
                div.buttons {
                    button type="submit" { (words.send_file) }
                    a href=(local(&self.cancel)) { (words.cancel) }
                }
            }
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        let mistake = self.mistake.as_ref()?;
        Some(html! {
            div.error-summary role="alert" tabindex="-1" autofocus aria-labelledby="error-summary" {
                h2 #error-summary { (view.words.there_is_a_problem) }
                ul { li { a href="#f-file" { (mistake) } } }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{FieldProblem, Problem};

    /// The proof of origin is the first part of what is sent, before any file: the edge looks there and no further.
    #[test]
    fn the_token_comes_before_the_file_and_a_refusal_is_said_at_it() {
        let view = View::sample();
        let form = FileForm::new("/scans/1/image/new", "Image", 3, "/scans/1");
        let page = form.show(&view).into_string();
        let places: Vec<usize> = ["name=\"csrf\"", "name=\"form.version\"", "name=\"file\""]
            .iter()
            .filter_map(|name| page.find(name))
            .collect();
        assert!(places.len() == 3 && places.is_sorted(), "{page}");
        let detail = "image is larger than 25 MB".to_owned();
        let refused =
            form.clone().refused(Problem::invalid(vec![FieldProblem { pointer: "/image".into(), detail }]));
        let refused = refused.expect("it is about the file");
        assert!(refused.show(&view).into_string().contains("Image is larger than 25 MB."));
        assert!(refused.summary(&view).is_some() && form.summary(&view).is_none());
        assert!(form.refused(Problem::not_found()).is_err());
    }
}
