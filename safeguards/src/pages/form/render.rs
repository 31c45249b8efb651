//! How a form looks: label above, hint below it, mistakes on top of the page and at their field.

use maud::{Markup, html};

use super::data::{ADD, BACK, CHANGE, CHECKING, CONFIRMED, REMOVE, STEP, VERSION};
use super::{Answer, Choice, Field, Form, Kind, Shape, Stage};
use crate::pages::content::local;
use crate::pages::words::{fill, within};
use crate::pages::{Content, Show, View};

/// The id of an input, from its name.
pub(crate) fn input_id(name: &str) -> String {
    format!("f-{}", name.replace('.', "-"))
}

impl Show for Form {
    fn show(&self, view: &View) -> Markup {
        match self.stage {
            Stage::Ask(step) => self.ask(view, step),
            Stage::Review => self.review(view),
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        if self.mistakes.is_empty() {
            return None;
        }
        Some(html! {
            div.error-summary role="alert" tabindex="-1" autofocus aria-labelledby="error-summary" {
                h2 #error-summary { (view.words.there_is_a_problem) }
                ul { @for mistake in &self.mistakes {
                    li { @if mistake.at.is_empty() { (mistake.text) } @else { a href={ "#" (input_id(&mistake.at)) } { (mistake.text) } } }
                } }
            }
        })
    }
}

impl Form {
    fn ask(&self, view: &View, step: usize) -> Markup {
        let words = view.words;
        let steps = self.steps();
        let here: &[&Field] = steps.get(step).map_or(&[], Vec::as_slice);
        let last = step + 1 >= steps.len() && !self.checked;
        let text = match (&self.submit, last) {
            (Some(text), true) => text.as_ref(),
            (None, true) => words.save,
            (_, false) => words.continue_on,
        };
        html! {
            @if self.paged && steps.len() > 1 {
                div.progress {
                    p { (fill(words.question_of, &[&(step + 1).to_string(), &steps.len().to_string()])) }
                    progress value=(step + 1) max=(steps.len()) aria-label=(fill(words.question_of, &[&(step + 1).to_string(), &steps.len().to_string()])) {}
                }
            }
            form.form method="post" action=(local(&self.to)) novalidate {
                (view.csrf_field())
                // The Enter key presses the first button of a form; it must not be "Remove".
                button.first type="submit" tabindex="-1" aria-hidden="true" { (text) }
                (self.carried(view, here, Some(step)))
                @for field in here { @if !self.paged || self.applies(field) { (self.sectioned(view, field)) } }
                div.buttons {
                    button.danger[self.danger && last] type="submit" { (text) }
                    @if self.paged && step > 0 { button.second type="submit" name=(BACK) value="yes" { (words.back) } }
                    @if let Some(to) = &self.cancel { a href=(local(to)) { (words.cancel) } }
                }
            }
        }
    }

    /// Some fields of a form without their form: for filters.
    pub(crate) fn inputs(&self, view: &View, wanted: &dyn Fn(&str) -> bool) -> Markup {
        let fields = || self.fields.iter().filter(|field| wanted(&field.name));
        html! { @for field in fields() { (self.field_markup(view, field, &field.name, false)) } }
    }

    /// Whether anything stands in some of its fields.
    pub(crate) fn is_filled(&self, wanted: &dyn Fn(&str) -> bool) -> bool {
        let typed = |field: &Field| self.data.of(&field.name).any(|(_, value)| !value.trim().is_empty());
        self.fields.iter().any(|field| wanted(&field.name) && typed(field))
    }

    /// Answers that are not in front of the reader travel in hidden fields.
    fn carried(&self, _view: &View, here: &[&Field], step: Option<usize>) -> Markup {
        let elsewhere = self.fields.iter().filter(|field| !here.iter().any(|shown| shown.name == field.name));
        html! {
            @if let Some(version) = self.data.first(VERSION) { input type="hidden" name=(VERSION) value=(version); }
            @if let (Some(step), true) = (step, self.paged) { input type="hidden" name=(STEP) value=(step); }
            @if self.data.first(CHECKING).is_some() { input type="hidden" name=(CHECKING) value="yes"; }
            @for field in elsewhere { @for (name, value) in self.data.of(&field.name) { input type="hidden" name=(name) value=(value); } }
        }
    }

    fn review(&self, view: &View) -> Markup {
        let words = view.words;
        let send = self.submit.as_deref().unwrap_or(words.send);
        html! {
            form.form.review method="post" action=(local(&self.to)) {
                (view.csrf_field())
                (self.carried(view, &[], None))
                h2 { (words.check_answers) }
                p.hint { (fill(words.check_before_sending, &[send])) }
                dl.lines { @for field in self.fields.iter().filter(|field| self.applies(field)) {
                    div {
                        dt { (field.label) }
                        dd { (self.answered(view, field).show(view)) }
                        dd.change { button.link type="submit" name=(CHANGE) value=(field.name) { (words.change) span.unseen { " " (within(&field.label)) } } }
                    }
                } }
                div.buttons {
                    button.danger[self.danger] type="submit" name=(CONFIRMED) value="yes" { (send) }
                    @if let Some(to) = &self.cancel { a href=(local(to)) { (words.cancel) } }
                }
            }
        }
    }

    /// An answer as it will be read, with the texts of its choices.
    fn answered(&self, view: &View, field: &Field) -> Content {
        let Some(answer) = self.read_one(view, field) else { return Content::Empty };
        content(field, &answer)
    }

    fn sectioned(&self, view: &View, field: &Field) -> Markup {
        html! {
            @if let Some(heading) = &field.section { h2.section { (heading) } }
            (self.field_markup(view, field, &field.name, false))
        }
    }

    /// One field under a name; an item of a list has its number in place of a label.
    fn field_markup(&self, view: &View, field: &Field, name: &str, item: bool) -> Markup {
        let input = Input { form: self, view, field, name, item };
        let wrong = input.mistakes().next().is_some();
        let condition = field.condition.as_ref().filter(|_| !self.paged && !item);
        html! {
            div.field.wrong[wrong] data-when=[condition.map(|(name, _)| name)] data-is=[condition.map(|(_, value)| value)] {
                @match &field.kind {
                    Kind::Date { .. } => (input.group(view.words.date_hint, input.date())),
                    Kind::Moment => (input.group(view.words.date_hint, input.moment())),
                    Kind::YesNo => (input.group("", input.radios(&yes_no(view)))),
                    Kind::Choice(choices) if choices.len() <= 5 => (input.group("", input.radios(choices))),
                    Kind::Choices(choices) => (input.group("", input.boxes(choices))),
                    Kind::List { of, .. } => (input.group("", input.list(of))),
                    Kind::Tick => (input.tick()),
                    _ => (input.single()),
                }
            }
        }
    }
}

fn yes_no(view: &View) -> [Choice; 2] {
    [Choice::new("yes", view.words.yes), Choice::new("no", view.words.no)]
}

/// The text of an answer, as a person reads it.
fn content(field: &Field, answer: &Answer) -> Content {
    let text_of = |value: &str| {
        let choices = match &field.kind {
            Kind::Choice(choices) | Kind::Choices(choices) | Kind::Code { codes: choices, .. } => {
                choices.as_slice()
            }
            _ => &[],
        };
        let known = choices.iter().find(|choice| choice.value == value);
        known.map_or_else(|| value.to_owned(), |choice| choice.text.to_string())
    };
    match answer {
        Answer::Empty => Content::Empty,
        Answer::Text(_) if secret(field) => Content::from("••••••••"),
        Answer::Text(text) if matches!(field.kind, Kind::Paragraphs { .. }) => {
            Content::Narrative(text.clone())
        }
        Answer::Text(text) => Content::Text(text_of(text)),
        Answer::Integer(number) => Content::from(*number).unit(field.unit.clone().unwrap_or_default()),
        Answer::Decimal(number) => {
            let number = Content::from(*number);
            let number = if field.all_places { number.places(2) } else { number };
            number.unit(field.unit.clone().unwrap_or_default())
        }
        Answer::Boolean(flag) => Content::Flag(*flag),
        Answer::Date(date) => Content::Date(*date),
        Answer::Time(time) => Content::Time(*time),
        Answer::Moment(moment) => Content::Moment(*moment),
        Answer::Record(id) => Content::from(*id),
        Answer::Many(items) => {
            let of = if let Kind::List { of, .. } = &field.kind { of } else { field };
            Content::list(items.iter().map(|item| content(of, item)))
        }
    }
}

fn secret(field: &Field) -> bool {
    matches!(field.kind, Kind::Text { shape: Shape::Password | Shape::NewPassword, .. })
}

/// One field in front of the reader.
struct Input<'a> {
    form: &'a Form,
    view: &'a View,
    field: &'a Field,
    name: &'a str,
    item: bool,
}

impl Input<'_> {
    fn id(&self) -> String {
        input_id(self.name)
    }

    fn typed(&self, name: &str) -> &str {
        self.form.data.first(name).unwrap_or_default()
    }

    /// The mistakes at this field; those inside a list stand at their own line too.
    fn mistakes(&self) -> impl Iterator<Item = &super::Mistake> {
        let below = format!("{}.", self.name);
        self.form.mistakes.iter().filter(move |mistake| {
            let own = mistake.field == self.field.name && !self.item;
            own || (self.item && (mistake.at == self.name || mistake.at.starts_with(&below)))
        })
    }

    fn is_wrong(&self, name: &str) -> Option<&'static str> {
        self.mistakes().any(|mistake| mistake.at == name).then_some("true")
    }

    /// The ids of what describes this field, for `aria-describedby`.
    fn described(&self, hint: bool) -> Option<String> {
        let id = self.id();
        let wrong = self.mistakes().next().is_some();
        let parts: Vec<String> = [(hint, "hint"), (wrong, "wrong")]
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, part)| format!("{id}-{part}"))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    fn label(&self) -> Markup {
        html! {
            (self.field.label)
            @if !self.field.required && !self.item { " " span.optional { (self.view.words.optional) } }
        }
    }

    fn notes(&self, hint: &str) -> Markup {
        let id = self.id();
        html! {
            @if !hint.is_empty() { p.hint id={ (id) "-hint" } { (hint) } }
            @if self.mistakes().next().is_some() {
                div.wrong-text id={ (id) "-wrong" } { @for mistake in self.mistakes() { p { (mistake.text) } } }
            }
        }
    }

    fn group(&self, hint: &'static str, inputs: Markup) -> Markup {
        let hint = self.field.hint.as_deref().unwrap_or(hint);
        html! {
            fieldset id={ (self.id()) "-group" } aria-describedby=[self.described(!hint.is_empty())] {
                legend { (self.label()) }
                (self.notes(hint))
                (inputs)
            }
        }
    }

    fn single(&self) -> Markup {
        let words = self.view.words;
        let own = match &self.field.kind {
            Kind::Time => words.time_hint,
            Kind::Code { .. } => words.list_hint,
            _ => "",
        };
        let hint = if self.item { "" } else { self.field.hint.as_deref().unwrap_or(own) };
        html! {
            label for=(self.id()) { (self.label()) }
            (self.notes(hint))
            (self.control(!hint.is_empty()))
        }
    }

    fn control(&self, hint: bool) -> Markup {
        let described = self.described(hint);
        let (id, name, value) = (self.id(), self.name, self.typed(self.name));
        let wrong = self.is_wrong(name);
        let required = (self.field.required && !self.item).then_some("true");
        html! {
            @match &self.field.kind {
                Kind::Paragraphs { .. } => textarea id=(id) name=(name) rows="6" dir="auto" aria-describedby=[described] aria-invalid=[wrong] aria-required=[required] { "\n" (value) },
                Kind::Choice(choices) => select id=(id) name=(name) aria-describedby=[described] aria-invalid=[wrong] aria-required=[required] {
                    option value="" { (self.view.words.choose) }
                    @for choice in choices { option value=(choice.value) selected[choice.value == value] { (choice.text) } }
                },
                Kind::Code { codes, .. } => {
                    input id=(id) name=(name) value=(self.code_text(codes, value)) list={ (id) "-codes" } dir="auto" autocomplete="off" spellcheck="false" aria-describedby=[described] aria-invalid=[wrong] aria-required=[required];
                    datalist id={ (id) "-codes" } { @for code in codes { option value=(code.text) { (code.value) } } }
                },
                _ => (self.line(described)),
            }
        }
    }

    /// A code is shown by its text, which is also what the browser searches in.
    fn code_text<'a>(&self, codes: &'a [Choice], value: &'a str) -> &'a str {
        codes.iter().find(|code| code.value == value).map_or(value, |code| code.text.as_ref())
    }

    /// A one-line input, with its unit.
    fn line(&self, described: Option<String>) -> Markup {
        let (id, name) = (self.id(), self.name);
        let (kind, mode, autocomplete, size) = match &self.field.kind {
            Kind::Integer { least, .. } => (
                "text",
                Some(if least.is_some_and(|least| least >= 0) { "numeric" } else { "text" }),
                None,
                "short",
            ),
            Kind::Decimal { .. } => ("text", Some("decimal"), None, "short"),
            Kind::Time => ("text", None, None, "short"),
            Kind::Text { shape, longest } => match shape {
                Shape::Email => ("email", Some("email"), Some("email"), "wide"),
                Shape::Phone => ("tel", Some("tel"), Some("tel"), "middle"),
                Shape::Password => ("password", None, Some("current-password"), "wide"),
                Shape::NewPassword => ("password", None, Some("new-password"), "wide"),
                Shape::OneTimeCode => ("text", Some("numeric"), Some("one-time-code"), "short"),
                Shape::Plain | Shape::Record => {
                    ("text", None, None, if *longest <= 20 { "short" } else { "wide" })
                }
            },
            _ => ("text", None, None, "wide"),
        };
        let autocomplete = self.field.autocomplete.as_deref().or(autocomplete).unwrap_or("off");
        // A secret is typed again; it never travels back.
        let value = if secret(self.field) { "" } else { self.typed(name) };
        let direction = matches!(self.field.kind, Kind::Text { shape: Shape::Plain, .. }).then_some("auto");
        let required = (self.field.required && !self.item).then_some("true");
        html! {
            span.line {
                input.(size) type=(kind) id=(id) name=(name) value=(value) inputmode=[mode] autocomplete=(autocomplete) dir=[direction]
                    aria-describedby=[described] aria-invalid=[self.is_wrong(name)] aria-required=[required] data-show=[secret(self.field).then_some(self.view.words.show_password)];
                @if let Some(unit) = &self.field.unit { span.suffix { (unit) } }
            }
        }
    }

    fn date(&self) -> Markup {
        html! { div.date { (self.day_month_year()) } }
    }

    fn moment(&self) -> Markup {
        html! { div.date { (self.day_month_year()) (self.part("time", self.view.words.time, "four", None)) } }
    }

    fn day_month_year(&self) -> Markup {
        let words = self.view.words;
        let birth = self.field.autocomplete.as_deref() == Some("bday");
        html! {
            @for (part, label, size) in [("day", words.day, "two"), ("month", words.month, "two"), ("year", words.year, "four")] {
                (self.part(part, label, size, birth.then(|| format!("bday-{part}"))))
            }
        }
    }

    fn part(&self, part: &str, label: &str, size: &str, autocomplete: Option<String>) -> Markup {
        let name = format!("{}.{part}", self.name);
        let mode = if part == "time" || part == "month" { "text" } else { "numeric" };
        html! {
            span {
                label for=(input_id(&name)) { (label) }
                input.(size) id=(input_id(&name)) name=(name) value=(self.typed(&name)) inputmode=(mode)
                    autocomplete=(autocomplete.as_deref().unwrap_or("off")) aria-invalid=[self.is_wrong(&name)];
            }
        }
    }

    fn radios(&self, choices: &[Choice]) -> Markup {
        self.options("radio", choices)
    }

    fn boxes(&self, choices: &[Choice]) -> Markup {
        self.options("checkbox", choices)
    }

    fn options(&self, kind: &str, choices: &[Choice]) -> Markup {
        let chosen = |value: &str| self.form.data.all(self.name).any(|typed| typed == value);
        html! {
            div.options { @for (place, choice) in choices.iter().enumerate() {
                @let id = if place == 0 { self.id() } else { format!("{}-{place}", self.id()) };
                div.option {
                    input type=(kind) id=(id) name=(self.name) value=(choice.value) checked[chosen(&choice.value)]
                        aria-describedby=[choice.hint.as_ref().map(|_| format!("{id}-hint"))];
                    label for=(id) { (choice.text) }
                    @if let Some(hint) = &choice.hint { p.hint id={ (id) "-hint" } { (hint) } }
                }
            } }
        }
    }

    fn tick(&self) -> Markup {
        let hint = self.field.hint.as_deref().unwrap_or_default();
        html! {
            (self.notes(hint))
            div.option {
                input type="checkbox" id=(self.id()) name=(self.name) value="yes" checked[self.typed(self.name) == "yes"]
                    aria-describedby=[self.described(!hint.is_empty())] aria-invalid=[self.is_wrong(self.name)];
                label for=(self.id()) { (self.label()) }
            }
        }
    }

    fn list(&self, of: &Field) -> Markup {
        let words = self.view.words;
        let lines = self.form.data.items(self.name).max(1);
        html! {
            ol.items { @for index in 0..lines {
                @let number = (index + 1).to_string();
                @let item = Field { label: fill(words.number_of_item, &[&of.label, &number]).into(), ..of.clone() };
                li {
                    (self.form.field_markup(self.view, &item, &format!("{}.{index}", self.name), true))
                    @if lines > 1 {
                        button.link type="submit" name=(REMOVE) value={ (self.name) "." (index) } { (fill(words.remove_item, &[&within(&of.label), &number])) }
                    }
                }
            } }
            button.second type="submit" name=(ADD) value=(self.name) { (words.add_another) }
        }
    }
}
