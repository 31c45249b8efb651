//! What a cell of a table or a line of a detail page holds.
//!
//! A typed value, so that units, dates and hidden fields look the same everywhere: a number never
//! stands without its unit, a date cannot be misread (13 Mar 1980), and a field that the reader may
//! not see differs from one that nobody filled in.

use maud::{Markup, html};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime, Time};
use uuid::Uuid;

use super::{Show, View};

/// A value as a page shows it.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing was recorded.
    Empty,
    /// The reader's role may not see it.
    Hidden,
    /// One line of text.
    Text(String),
    /// Text with paragraphs and line breaks, kept as they were typed.
    Narrative(String),
    /// A number and its unit; the unit is empty for a bare count.
    Number(String, String),
    /// A calendar date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A moment, shown in the view's time zone.
    Moment(OffsetDateTime),
    /// Yes or no.
    Flag(bool),
    /// A state, with a colour that only underlines the word.
    Tag(String, Tone),
    /// A link: its text and a path of this app.
    Link(String, String),
    /// Several values, one below the other.
    List(Vec<Content>),
    /// Ready markup, for what no other kind can say.
    Markup(String, Markup),
}

/// What a tag says beyond its word: three states and their absence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to see to.
    #[default]
    Quiet,
    /// Done, in force, within range.
    Good,
    /// Wants somebody soon.
    Caution,
    /// Wants somebody now.
    Danger,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Danger => "danger",
        }
    }
}

impl Content {
    /// A status tag, like `signed`.
    #[must_use]
    pub fn tag(text: impl Into<String>, tone: Tone) -> Self {
        Self::Tag(text.into(), tone)
    }

    /// A link to a path of this app.
    #[must_use]
    pub fn link(text: impl Into<String>, to: impl Into<String>) -> Self {
        Self::Link(text.into(), to.into())
    }

    /// Text whose paragraphs are kept.
    #[must_use]
    pub fn narrative(text: impl Into<Self>) -> Self {
        match text.into() {
            Self::Text(text) => Self::Narrative(text),
            other => other,
        }
    }

    /// Several values; none at all is [`Content::Empty`].
    #[must_use]
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<Self> = items.into_iter().map(Into::into).collect();
        if items.is_empty() { Self::Empty } else { Self::List(items) }
    }

    /// Gives a number its unit, like `kg`; anything but a number or text stays as it is.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        match self {
            Self::Number(number, _) | Self::Text(number) => Self::Number(number, unit.into()),
            other => other,
        }
    }

    /// Gives a number exactly so many digits after the point, as amounts of money have; anything else stays as it is.
    #[must_use]
    pub fn places(self, digits: u32) -> Self {
        match self {
            Self::Number(number, unit) => Self::Number(with_places(&number, digits).unwrap_or(number), unit),
            other => other,
        }
    }

    /// Ready markup under a plain text that says the same.
    #[must_use]
    pub fn markup(text: impl Into<String>, markup: Markup) -> Self {
        Self::Markup(text.into(), markup)
    }
}

impl Show for Content {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            @match self {
                Self::Empty => span.absent { (words.not_recorded) },
                Self::Hidden => span.absent { span aria-hidden="true" { "—" } span.unseen { (words.hidden_from_you) } },
                Self::Text(text) if text.is_empty() => span.absent { (words.not_recorded) },
                Self::Text(text) => bdi.word[is_word(text)] { (text) },
                Self::Narrative(text) => div.narrative dir="auto" { (text) },
                Self::Number(number, unit) => (measure(number, unit)),
                Self::Date(date) => time datetime=(iso_date(*date)) { (view.date(*date)) },
                Self::Time(time) => time datetime=(clock_time(*time)) { (clock_time(*time)) },
                Self::Moment(moment) => (view.moment_markup(*moment)),
                Self::Flag(true) => (words.yes),
                Self::Flag(false) => (words.no),
                Self::Tag(text, tone) => span.tag.(tone.class()) { (text) },
                Self::Link(text, to) => a href=(local(to)) { bdi { (text) } },
                Self::List(items) => ul.plain { @for item in items { li { (item.show(view)) } } },
                Self::Markup(_, markup) => (markup),
            }
        }
    }
}

/// A short word, like a reference, that a line break would make two of.
fn is_word(text: &str) -> bool {
    text.chars().count() <= 16 && !text.contains(char::is_whitespace)
}

/// A number and its unit, which no line break may part.
pub(crate) fn measure(number: &str, unit: &str) -> Markup {
    html! {
        span.measure dir="auto" {
            (number)
            @if !unit.is_empty() && unit != "%" { "\u{a0}" }
            @if !unit.is_empty() { span.unit { (unit) } }
        }
    }
}

/// `980` as `980.00`.
fn with_places(number: &str, digits: u32) -> Option<String> {
    let mut number: Decimal = number.parse().ok()?;
    number.rescale(digits);
    Some(number.to_string())
}

/// A target inside this app or on a secure site; anything else (`javascript:`, `//host`) becomes `#`.
pub(crate) fn local(to: &str) -> &str {
    let inside = to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
    if inside || to.starts_with(['#', '?']) || to.starts_with("https://") { to } else { "#" }
}

/// `1980-03-13`.
pub(crate) fn iso_date(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// `14:05`, and seconds only where there are some.
pub(crate) fn clock_time(time: Time) -> String {
    if time.second() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Markup> for Content {
    fn from(markup: Markup) -> Self {
        Self::Markup(String::new(), markup)
    }
}

macro_rules! content_from {
    ($($kind:ty => |$value:ident| $content:expr;)+) => {
        $(impl From<$kind> for Content {
            fn from($value: $kind) -> Self {
                $content
            }
        })+
    };
}

content_from! {
    String => |text| Self::Text(text);
    Decimal => |number| Self::Number(number.to_string(), String::new());
    i64 => |number| Self::Number(number.to_string(), String::new());
    i32 => |number| Self::Number(number.to_string(), String::new());
    u32 => |number| Self::Number(number.to_string(), String::new());
    u64 => |number| Self::Number(number.to_string(), String::new());
    usize => |number| Self::Number(number.to_string(), String::new());
    bool => |flag| Self::Flag(flag);
    Date => |date| Self::Date(date);
    Time => |time| Self::Time(time);
    OffsetDateTime => |moment| Self::Moment(moment);
    Uuid => |id| Self::Text(id.to_string());
}

impl<T: Into<Self>> From<Option<T>> for Content {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Content {
    fn from(values: Vec<T>) -> Self {
        Self::list(values)
    }
}

impl<T: Clone + Into<Self>> From<&T> for Content {
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_differs_from_what_is_empty() {
        let view = View::sample();
        let empty = Content::from(None::<String>).show(&view).into_string();
        let hidden = Content::Hidden.show(&view).into_string();
        assert_eq!(empty, r#"<span class="absent">Not recorded</span>"#);
        assert!(hidden.contains("Not shown to your role"));
    }

    #[test]
    fn a_link_never_leaves_by_script_or_by_a_bare_host() {
        for to in ["javascript:alert(1)", "//evil.example", "/\\evil.example", "http://a", " /x"] {
            assert_eq!(local(to), "#", "{to}");
        }
        assert_eq!(local("/patients/1"), "/patients/1");
    }

    #[test]
    fn an_amount_of_money_has_its_cents() {
        let fee = |number| match Content::from(number).places(2).unit("USD") {
            Content::Number(number, unit) => format!("{number} {unit}"),
            other => format!("{other:?}"),
        };
        assert_eq!(fee(Decimal::from(980)), "980.00 USD");
        assert_eq!(fee(Decimal::new(95, 1)), "9.50 USD");
    }

    #[test]
    fn a_number_keeps_its_unit_and_text_is_escaped() {
        let view = View::sample();
        let weight = Content::from(Decimal::new(725, 1)).unit("kg").show(&view).into_string();
        assert_eq!(
            weight,
            "<span class=\"measure\" dir=\"auto\">72.5\u{a0}<span class=\"unit\">kg</span></span>"
        );
        assert_eq!(Content::from("<b>").show(&view).into_string(), "<bdi class=\"word\">&lt;b&gt;</bdi>");
    }
}
