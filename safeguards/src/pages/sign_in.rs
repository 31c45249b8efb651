//! Signing in: password, code, enrolment of a phone, recovery codes.
//!
//! Each is a [`Show`] over a [`Form`] whose fields keep the names that password managers know. The
//! page never says whether an account exists: [`SignIn::refused`] takes one sentence for all reasons.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use super::content::local;
use super::form::Form;
use super::words::fill;
use super::{Field, Notice, Shape, Show, View};

/// The first step. Posts `email` and `password` to `/sign-in`.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    email: String,
    refused: Option<String>,
    providers: Vec<(String, String)>,
    back_to: Option<String>,
    forgotten: Option<String>,
}

impl SignIn {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was typed stays, the password excepted.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self
    }

    /// Why not: one sentence that is the same for a wrong password, a locked account and none.
    #[must_use]
    pub fn refused(mut self, sentence: impl Into<String>) -> Self {
        self.refused = Some(sentence.into());
        self
    }

    /// Another way in: the name of a provider and its path.
    #[must_use]
    pub fn provider(mut self, name: impl Into<String>, to: impl Into<String>) -> Self {
        self.providers.push((name.into(), to.into()));
        self
    }

    /// Where to go afterwards: a path of this app, sent as `to`. Any other target is dropped.
    #[must_use]
    pub fn back_to(mut self, path: impl Into<String>) -> Self {
        self.back_to = Some(path.into()).filter(|path| path.starts_with('/') && local(path) == path.as_str());
        self
    }

    /// Where who cannot sign in finds help.
    #[must_use]
    pub fn forgotten(mut self, to: impl Into<String>) -> Self {
        self.forgotten = Some(to.into());
        self
    }

    fn form(&self, view: &View) -> Form {
        let words = view.words;
        let to = self.back_to.as_ref().map_or_else(
            || "/sign-in".to_owned(),
            |to| {
                format!(
                    "/sign-in?{}",
                    form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish()
                )
            },
        );
        let form = Form::new(to)
            .field(Field::shaped(Shape::Email, "email", words.email).autocomplete("username"))
            .field(Field::shaped(Shape::Password, "password", words.password))
            .submit(words.sign_in);
        let form = if self.email.is_empty() { form } else { form.with("email", &self.email) };
        match &self.refused {
            Some(sentence) => form.mistake("email", sentence),
            None => form,
        }
    }
}

impl Show for SignIn {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            (self.form(view).show(view))
            @if let Some(to) = &self.forgotten { p { a href=(local(to)) { (words.forgotten) } } }
            @if !self.providers.is_empty() {
                p.or { (words.or) }
                ul.providers { @for (name, to) in &self.providers {
                    li { a.button.second href=(local(to)) { (fill(words.sign_in_with, &[name])) } }
                } }
            }
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.form(view).summary(view)
    }
}

/// The second step: a code of the authenticator app, or a recovery code. Posts `code` to `to`.
#[derive(Clone, Debug)]
pub struct CodeEntry {
    to: String,
    recovery: bool,
    sent: bool,
    other: Option<String>,
    refused: Option<String>,
}

impl CodeEntry {
    /// Asks for six digits.
    #[must_use]
    pub fn authenticator(to: impl Into<String>) -> Self {
        Self { to: to.into(), recovery: false, sent: false, other: None, refused: None }
    }

    /// Asks for six digits that were sent.
    #[must_use]
    pub fn sent(to: impl Into<String>) -> Self {
        Self { sent: true, ..Self::authenticator(to) }
    }

    /// Asks for one of the recovery codes.
    #[must_use]
    pub fn recovery(to: impl Into<String>) -> Self {
        Self { to: to.into(), recovery: true, sent: false, other: None, refused: None }
    }

    /// The page for whom this way is barred.
    #[must_use]
    pub fn otherwise(mut self, to: impl Into<String>) -> Self {
        self.other = Some(to.into());
        self
    }

    /// Why not.
    #[must_use]
    pub fn refused(mut self, sentence: impl Into<String>) -> Self {
        self.refused = Some(sentence.into());
        self
    }

    fn form(&self, view: &View) -> Form {
        let words = view.words;
        let field = if self.recovery {
            Field::text("code", words.recovery_code_label).hint(words.recovery_code_hint)
        } else {
            let hint = if self.sent { words.code_sent_hint } else { words.code_hint };
            Field::shaped(Shape::OneTimeCode, "code", words.code_label).hint(hint)
        };
        let form = Form::new(&self.to).field(field).submit(words.continue_on);
        match &self.refused {
            Some(sentence) => form.mistake("code", sentence),
            None => form,
        }
    }
}

impl Show for CodeEntry {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let other = if self.recovery { words.code_title } else { words.use_recovery_code };
        html! {
            (self.form(view).show(view))
            @if let Some(to) = &self.other { p { a href=(local(to)) { (other) } } }
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.form(view).summary(view)
    }
}

/// Enrolling a phone: a picture to scan, the same key as text, and a first code to prove it.
/// Posts `code` to `to`.
#[derive(Clone)]
pub struct Enrolment {
    to: String,
    link: String,
    key: String,
    refused: Option<String>,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Enrolment([secret])")
    }
}

impl Enrolment {
    /// `link` is the `otpauth://` address, `key` the same secret in base 32.
    #[must_use]
    pub fn new(to: impl Into<String>, link: impl Into<String>, key: impl Into<String>) -> Self {
        Self { to: to.into(), link: link.into(), key: key.into(), refused: None }
    }

    /// Why the first code was not taken.
    #[must_use]
    pub fn refused(mut self, sentence: impl Into<String>) -> Self {
        self.refused = Some(sentence.into());
        self
    }

    fn form(&self, view: &View) -> Form {
        let words = view.words;
        let code = Field::shaped(Shape::OneTimeCode, "code", words.code_label).hint(words.code_hint);
        let form = Form::new(&self.to).field(code).submit(words.enrol_confirm);
        match &self.refused {
            Some(sentence) => form.mistake("code", sentence),
            None => form,
        }
    }
}

impl Show for Enrolment {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let groups: Vec<char> = self.key.chars().collect();
        let key: Vec<String> = groups.chunks(4).map(|group| group.iter().collect()).collect();
        html! {
            p.lead { (words.enrol_why) }
            h2 { "1. " (words.enrol_scan) }
            @if let Ok(code) = QrCode::encode_text(&self.link, QrCodeEcc::Medium) { (picture(&code, words.enrol_qr_title)) }
            p { (words.enrol_type) }
            p { code.key dir="ltr" { (key.join(" ")) } }
            h2 { "2. " (words.code_title) }
            (self.form(view).show(view))
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.form(view).summary(view)
    }
}

/// A QR code as one path, black on white in every theme: cameras want it so. Four modules of quiet
/// zone (ISO/IEC 18004, section 6.3.8).
fn picture(code: &QrCode, title: &str) -> Markup {
    let size = code.size();
    let mut path = String::new();
    for row in 0..size {
        for column in (0..size).filter(|column| code.get_module(*column, row)) {
            path.push_str(&format!("M{} {}h1v1h-1z", column + 4, row + 4));
        }
    }
    let side = size + 8;
    html! {
        svg.qr role="img" aria-label=(title) viewBox=(format!("0 0 {side} {side}")) shape-rendering="crispEdges" {
            title { (title) }
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

/// The recovery codes, shown once. Continues by a link to `to`.
#[derive(Clone)]
pub struct RecoveryCodes {
    codes: Vec<String>,
    to: String,
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RecoveryCodes([secret])")
    }
}

impl RecoveryCodes {
    /// The codes, and where to go once they are saved.
    #[must_use]
    pub fn new(codes: impl IntoIterator<Item = String>, to: impl Into<String>) -> Self {
        Self { codes: codes.into_iter().collect(), to: to.into() }
    }
}

impl Show for RecoveryCodes {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            p.lead { (words.recovery_why) }
            (Notice::warning(words.recovery_warning).show(view))
            ol.codes #recovery-codes dir="ltr" { @for code in &self.codes { li { code { (code) } } } }
            // Both need the script, which shows them; without it a browser copies and prints by itself.
            p.buttons.scripted hidden {
                button.second type="button" data-copy="recovery-codes" data-copied=(words.copied) { (words.copy) }
                button.second type="button" data-print { (words.print) }
            }
            p { a.button href=(local(&self.to)) { (words.recovery_saved) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        let view = View::sample();
        for to in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"] {
            let shown = SignIn::new().back_to(to).show(&view).into_string();
            assert!(shown.contains(r#"action="/sign-in""#), "{to}");
        }
        let shown = SignIn::new().back_to("/patients/1").show(&view).into_string();
        assert!(shown.contains(r#"action="/sign-in?to=%2Fpatients%2F1""#), "{shown}");
    }

    #[test]
    fn the_picture_has_a_quiet_zone_and_the_key_stands_beside_it() {
        let link = "otpauth://totp/Clinic:ada?secret=JBSWY3DPEHPK3PXP&issuer=Clinic";
        let shown = Enrolment::new("/x", link, "JBSWY3DPEHPK3PXP").show(&View::sample()).into_string();
        assert!(shown.contains("JBSW Y3DP EHPK 3PXP") && shown.contains("M4 4h1v1h-1z"));
        assert!(!shown.contains("M3 ") && !shown.contains("style="));
    }
}
