//! What a field asks for.

use std::borrow::Cow;

use rust_decimal::Decimal;
use time::Date;

/// One choice: the value that is stored and the text that is read.
#[derive(Clone, Debug)]
pub struct Choice {
    pub(crate) value: Cow<'static, str>,
    pub(crate) text: Cow<'static, str>,
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl Choice {
    /// A choice.
    #[must_use]
    pub fn new(value: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { value: value.into(), text: text.into(), hint: None }
    }

    /// A sentence below it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<(&'static str, &'static str)> for Choice {
    fn from((value, text): (&'static str, &'static str)) -> Self {
        Self::new(value, text)
    }
}

impl From<(String, String)> for Choice {
    fn from((value, text): (String, String)) -> Self {
        Self::new(value, text)
    }
}

/// What a line of text is, for keyboards, password managers and its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Anything.
    Plain,
    /// An e-mail address.
    Email,
    /// A phone number: digits, spaces and `+-().`, at least seven digits.
    Phone,
    /// The password of an account that exists.
    Password,
    /// A password that is being chosen.
    NewPassword,
    /// A code of digits from an authenticator app.
    OneTimeCode,
    /// The id of another record (UUID).
    Record,
}

/// The kind of a field, with its limits.
#[derive(Clone, Debug)]
pub enum Kind {
    /// One line, up to so many characters.
    Text {
        /// Most characters.
        longest: usize,
        /// What the text is.
        shape: Shape,
    },
    /// Several lines, up to so many characters.
    Paragraphs {
        /// Most characters.
        longest: usize,
    },
    /// A whole number within inclusive limits.
    Integer {
        /// Smallest.
        least: Option<i64>,
        /// Largest.
        most: Option<i64>,
    },
    /// A decimal number within inclusive limits.
    Decimal {
        /// Smallest.
        least: Option<Decimal>,
        /// Largest.
        most: Option<Decimal>,
        /// Most digits after the point.
        places: u32,
    },
    /// A calendar date, asked as three fields, within inclusive limits.
    Date {
        /// Earliest.
        earliest: Option<Date>,
        /// Latest.
        latest: Option<Date>,
    },
    /// A time of day.
    Time,
    /// A date and a time on the clocks of the view's zone.
    Moment,
    /// Yes or no, as two radio buttons.
    YesNo,
    /// A single box that must be ticked if the field is required, as for consent.
    Tick,
    /// One of a few: radio buttons up to five, then a list.
    Choice(Vec<Choice>),
    /// Any of a few, as boxes.
    Choices(Vec<Choice>),
    /// A code from a long list, found by typing a part of its text.
    Code {
        /// The list.
        codes: Vec<Choice>,
        /// Whether only codes of the list are taken.
        closed: bool,
    },
    /// Several of one kind, with buttons to add and remove.
    List {
        /// What each is.
        of: Box<Field>,
        /// Fewest, when the list is not empty.
        least: usize,
        /// Most.
        most: usize,
    },
}

/// A field: its name, its label, and what it takes. It is required unless [`Field::optional`].
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) name: Cow<'static, str>,
    pub(crate) label: Cow<'static, str>,
    pub(crate) called: Option<Cow<'static, str>>,
    pub(crate) hint: Option<Cow<'static, str>>,
    pub(crate) unit: Option<Cow<'static, str>>,
    pub(crate) section: Option<Cow<'static, str>>,
    pub(crate) autocomplete: Option<Cow<'static, str>>,
    pub(crate) condition: Option<(Cow<'static, str>, Cow<'static, str>)>,
    pub(crate) required: bool,
    /// Whether a number is filled in with all its places, as amounts of money are.
    pub(crate) all_places: bool,
    pub(crate) kind: Kind,
}

impl Field {
    fn new(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            called: None,
            hint: None,
            unit: None,
            section: None,
            autocomplete: None,
            condition: None,
            required: true,
            all_places: false,
            kind,
        }
    }

    /// A line of text, up to 200 characters.
    #[must_use]
    pub fn text(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Text { longest: 200, shape: Shape::Plain })
    }

    /// A line of text of a certain shape.
    #[must_use]
    pub fn shaped(
        shape: Shape,
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(name, label, Kind::Text { longest: 320, shape })
    }

    /// Several lines of text, up to 20,000 characters.
    #[must_use]
    pub fn paragraphs(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Paragraphs { longest: 20_000 })
    }

    /// A whole number.
    #[must_use]
    pub fn integer(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Integer { least: None, most: None })
    }

    /// A decimal number, up to six digits after the point.
    #[must_use]
    pub fn decimal(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Decimal { least: None, most: None, places: 6 })
    }

    /// An amount of money: a decimal number with two digits after the point.
    #[must_use]
    pub fn money(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self { all_places: true, ..Self::decimal(name, label).places(2) }
    }

    /// A calendar date.
    #[must_use]
    pub fn date(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Date { earliest: None, latest: None })
    }

    /// A time of day.
    #[must_use]
    pub fn time(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Time)
    }

    /// A date and a time.
    #[must_use]
    pub fn moment(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Moment)
    }

    /// Yes or no.
    #[must_use]
    pub fn yes_no(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::YesNo)
    }

    /// A box that must be ticked.
    #[must_use]
    pub fn tick(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, label, Kind::Tick)
    }

    /// One of a few.
    #[must_use]
    pub fn choice<C: Into<Choice>>(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        choices: impl IntoIterator<Item = C>,
    ) -> Self {
        Self::new(name, label, Kind::Choice(choices.into_iter().map(Into::into).collect()))
    }

    /// Any of a few.
    #[must_use]
    pub fn choices<C: Into<Choice>>(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        choices: impl IntoIterator<Item = C>,
    ) -> Self {
        Self::new(name, label, Kind::Choices(choices.into_iter().map(Into::into).collect()))
    }

    /// A code from a list, or any other unless [`Field::closed`].
    #[must_use]
    pub fn code<C: Into<Choice>>(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        codes: impl IntoIterator<Item = C>,
    ) -> Self {
        let codes = codes.into_iter().map(Into::into).collect();
        Self::new(name, label, Kind::Code { codes, closed: false })
    }

    /// Several of what `of` asks for. The name and label of the list are its own; the label of `of`
    /// names one item.
    #[must_use]
    pub fn list(name: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, of: Self) -> Self {
        Self::new(name, label, Kind::List { of: Box::new(of), least: 0, most: 50 })
    }

    /// It may be left empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// A sentence below the label that says what to enter.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What its mistakes call it, where the label is a question: "Years of smoking". Without it, a
    /// question is called "your answer".
    #[must_use]
    pub fn called(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.called = Some(name.into());
        self
    }

    /// The unit of a number, shown beside it and in its mistakes.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Begins a new section under this heading.
    #[must_use]
    pub fn section(mut self, heading: impl Into<Cow<'static, str>>) -> Self {
        self.section = Some(heading.into());
        self
    }

    /// What a browser may fill in, in the words of HTML's `autocomplete`, like `name` or `bday`.
    #[must_use]
    pub fn autocomplete(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.autocomplete = Some(what.into());
        self
    }

    /// Asked only when an earlier field has this value; otherwise its answer is empty.
    #[must_use]
    pub fn only_when(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.condition = Some((name.into(), value.into()));
        self
    }

    /// Most characters of a text.
    #[must_use]
    pub fn longest(mut self, characters: usize) -> Self {
        if let Kind::Text { longest, .. } | Kind::Paragraphs { longest } = &mut self.kind {
            *longest = characters;
        }
        self
    }

    /// Inclusive limits of a number.
    #[must_use]
    pub fn range(self, from: impl Into<Decimal>, to: impl Into<Decimal>) -> Self {
        self.least(from).most(to)
    }

    /// Smallest number.
    #[must_use]
    pub fn least(mut self, from: impl Into<Decimal>) -> Self {
        let from = from.into();
        match &mut self.kind {
            Kind::Integer { least, .. } => *least = whole(from.ceil()),
            Kind::Decimal { least, .. } => *least = Some(from),
            _ => {}
        }
        self
    }

    /// Largest number.
    #[must_use]
    pub fn most(mut self, to: impl Into<Decimal>) -> Self {
        let to = to.into();
        match &mut self.kind {
            Kind::Integer { most, .. } => *most = whole(to.floor()),
            Kind::Decimal { most, .. } => *most = Some(to),
            _ => {}
        }
        self
    }

    /// Most digits after the point.
    #[must_use]
    pub fn places(mut self, digits: u32) -> Self {
        if let Kind::Decimal { places, .. } = &mut self.kind {
            *places = digits;
        }
        self
    }

    /// Earliest date.
    #[must_use]
    pub fn not_before(mut self, date: Date) -> Self {
        if let Kind::Date { earliest, .. } = &mut self.kind {
            *earliest = Some(date);
        }
        self
    }

    /// Latest date.
    #[must_use]
    pub fn not_after(mut self, date: Date) -> Self {
        if let Kind::Date { latest, .. } = &mut self.kind {
            *latest = Some(date);
        }
        self
    }

    /// Only codes of the list are taken.
    #[must_use]
    pub fn closed(mut self) -> Self {
        if let Kind::Code { closed, .. } = &mut self.kind {
            *closed = true;
        }
        self
    }

    /// Fewest and most items of a list.
    #[must_use]
    pub fn items(mut self, fewest: usize, largest: usize) -> Self {
        if let Kind::List { least, most, .. } = &mut self.kind {
            (*least, *most) = (fewest, largest);
        }
        self
    }

    /// The name under which it is sent and read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it asks for.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Its name at the beginning of a sentence.
    pub(crate) fn subject<'a>(&'a self, words: &'a crate::pages::Words) -> &'a str {
        match &self.called {
            Some(called) => called,
            None if self.label.ends_with(['?', '؟']) => words.your_answer,
            None => &self.label,
        }
    }

    /// The name of its first input, where a link from the error summary leads.
    pub(crate) fn first_input(&self) -> String {
        self.first_input_of(&self.name)
    }

    pub(crate) fn first_input_of(&self, name: &str) -> String {
        match &self.kind {
            Kind::Date { .. } | Kind::Moment => format!("{name}.day"),
            Kind::List { of, .. } => of.first_input_of(&format!("{name}.0")),
            _ => name.to_owned(),
        }
    }
}

/// A limit as an integer; one that no `i64` reaches limits nothing.
fn whole(limit: Decimal) -> Option<i64> {
    i64::try_from(limit).ok()
}
