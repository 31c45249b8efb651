//! From what was typed to a typed answer, one kind at a time.
//!
//! Numbers are read strictly: `1,200` is one thousand two hundred to one reader and one point two to
//! another, and with a dose that is not a matter of taste.

use rust_decimal::Decimal;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};
use uuid::Uuid;

use super::{Answer, Choice, Field, FormData, Kind, Mistake, Shape};
use crate::pages::View;
use crate::pages::words::{fill, within};

/// Reads one field of a form.
pub(crate) struct Reading<'a> {
    pub(crate) view: &'a View,
    pub(crate) data: &'a FormData,
    pub(crate) field: &'a Field,
    /// The name under which it was sent: the field's own, or that of an item of a list.
    pub(crate) name: &'a str,
}

type Read = Result<Answer, Vec<Mistake>>;

impl Reading<'_> {
    /// The answer, or all that is wrong with it.
    pub(crate) fn read(&self) -> Read {
        match &self.field.kind {
            Kind::Text { longest, shape } => self.text(*longest, *shape),
            Kind::Paragraphs { longest } => self.text(*longest, Shape::Plain),
            Kind::Integer { least, most } => self.integer(*least, *most),
            Kind::Decimal { least, most, places } => self.decimal(*least, *most, *places),
            Kind::Date { earliest, latest } => self.limited_date(*earliest, *latest),
            Kind::Time => self.time(),
            Kind::Moment => self.moment(),
            Kind::YesNo => self.yes_no(),
            Kind::Tick => self.tick(),
            Kind::Choice(choices) => self.choice(choices),
            Kind::Choices(choices) => self.choices(choices),
            Kind::Code { codes, closed } => self.code(codes, *closed),
            Kind::List { of, least, most } => self.list(of, *least, *most),
        }
    }

    fn typed(&self) -> &str {
        self.data.first(self.name).unwrap_or_default().trim()
    }

    /// The field's name inside a sentence.
    fn inside(&self) -> String {
        within(self.field.subject(self.view.words))
    }

    fn below(&self, part: &str) -> &str {
        self.data.first(&format!("{}.{part}", self.name)).unwrap_or_default().trim()
    }

    fn wrong_at(&self, at: &str, sentence: &str, places: &[&str]) -> Vec<Mistake> {
        let mut all = vec![self.field.subject(self.view.words)];
        all.extend(places);
        let text = fill(sentence, &all);
        vec![Mistake { field: self.field.name.to_string(), at: at.to_owned(), text }]
    }

    fn wrong(&self, sentence: &str, places: &[&str]) -> Vec<Mistake> {
        self.wrong_at(&self.field.first_input_of(self.name), sentence, places)
    }

    /// A mistake that quotes the whole label.
    fn wrong_label(&self, sentence: &str) -> Vec<Mistake> {
        let text = fill(sentence, &[&self.field.label]);
        vec![Mistake { field: self.field.name.to_string(), at: self.name.to_owned(), text }]
    }

    /// Nothing was typed: fine for an optional field.
    fn nothing(&self, sentence: &str) -> Read {
        if !self.field.required {
            return Ok(Answer::Empty);
        }
        let at = self.field.first_input_of(self.name);
        let text = fill(sentence, &[&self.inside()]);
        Err(vec![Mistake { field: self.field.name.to_string(), at, text }])
    }

    fn text(&self, longest: usize, shape: Shape) -> Read {
        let words = self.view.words;
        let secret = matches!(shape, Shape::Password | Shape::NewPassword);
        let whole = self.data.first(self.name).unwrap_or_default().replace("\r\n", "\n");
        let text = if secret { whole.as_str() } else { whole.trim() };
        if text.is_empty() {
            return self.nothing(words.need);
        }
        if text.chars().count() > longest {
            return Err(self.wrong(words.too_long, &[&longest.to_string()]));
        }
        match shape {
            Shape::Email if !is_email(text) => Err(self.wrong(words.not_email, &[])),
            Shape::Phone if !is_phone(text) => Err(self.wrong(words.not_phone, &[])),
            Shape::Record => match text.parse::<Uuid>() {
                Ok(id) => Ok(Answer::Record(id)),
                Err(_) => self.not_of(words.not_record),
            },
            Shape::OneTimeCode => {
                Ok(Answer::Text(text.chars().filter(|letter| !letter.is_whitespace()).collect()))
            }
            _ => Ok(Answer::Text(text.to_owned())),
        }
    }

    /// A mistake whose sentence has the label inside it.
    fn not_of(&self, sentence: &str) -> Read {
        let at = self.field.first_input_of(self.name);
        let text = fill(sentence, &[&self.inside()]);
        Err(vec![Mistake { field: self.field.name.to_string(), at, text }])
    }

    fn with_unit(&self, number: impl ToString) -> String {
        match &self.field.unit {
            Some(unit) => format!("{}\u{a0}{unit}", number.to_string()),
            None => number.to_string(),
        }
    }

    fn limits<T: PartialOrd + ToString>(
        &self,
        number: &T,
        least: Option<T>,
        most: Option<T>,
    ) -> Result<(), Vec<Mistake>> {
        let words = self.view.words;
        let low = least.as_ref().is_some_and(|least| number < least);
        let high = most.as_ref().is_some_and(|most| number > most);
        match (least, most) {
            (Some(least), Some(most)) if low || high => {
                Err(self.wrong(words.out_of_range, &[&least.to_string(), &self.with_unit(most.to_string())]))
            }
            (Some(least), _) if low => {
                Err(self.wrong(words.too_small, &[&self.with_unit(least.to_string())]))
            }
            (_, Some(most)) if high => Err(self.wrong(words.too_large, &[&self.with_unit(most.to_string())])),
            _ => Ok(()),
        }
    }

    fn integer(&self, least: Option<i64>, most: Option<i64>) -> Read {
        let typed = self.typed();
        if typed.is_empty() {
            return self.nothing(self.view.words.need);
        }
        let number: i64 = typed.parse().map_err(|_| self.wrong(self.view.words.not_whole_number, &[]))?;
        self.limits(&number, least, most)?;
        Ok(Answer::Integer(number))
    }

    fn decimal(&self, least: Option<Decimal>, most: Option<Decimal>, places: u32) -> Read {
        let words = self.view.words;
        let typed = self.typed();
        if typed.is_empty() {
            return self.nothing(words.need);
        }
        let plain = typed.strip_prefix('-').unwrap_or(typed);
        let strict = plain.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
            && plain.starts_with(|letter: char| letter.is_ascii_digit())
            && !plain.ends_with('.');
        let number = Decimal::from_str_exact(typed).ok().filter(|_| strict);
        let number = number.ok_or_else(|| self.wrong(words.not_number, &[]))?;
        if number.normalize().scale() > places {
            return Err(self.wrong(words.too_precise, &[&places.to_string()]));
        }
        self.limits(&number, least, most)?;
        Ok(Answer::Decimal(number))
    }

    /// A date from its three fields; `None` when all are empty.
    fn date(&self) -> Result<Option<Date>, Vec<Mistake>> {
        let words = self.view.words;
        let parts = [("day", words.day), ("month", words.month), ("year", words.year)];
        if parts.iter().all(|(part, _)| self.below(part).is_empty()) {
            return Ok(None);
        }
        if let Some((part, label)) = parts.iter().find(|(part, _)| self.below(part).is_empty()) {
            return Err(self.wrong_at(&format!("{}.{part}", self.name), words.date_lacks, &[&within(label)]));
        }
        let year = self.below("year");
        if year.len() != 4 || !year.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(self.wrong_at(&format!("{}.year", self.name), words.year_needs_four, &[]));
        }
        let month = self.month(self.below("month"));
        let date = month.and_then(|month| {
            let day = self.below("day").parse().ok()?;
            Date::from_calendar_date(year.parse().ok()?, month, day).ok()
        });
        date.map(Some).ok_or_else(|| self.wrong(words.not_date, &[]))
    }

    /// A month as a number or by its name.
    fn month(&self, typed: &str) -> Option<Month> {
        let number = typed.parse::<u8>().ok().or_else(|| {
            let words = self.view.words;
            let named = |months: &[&str; 12]| {
                months
                    .iter()
                    .position(|month| month.to_lowercase() == typed.trim_end_matches('.').to_lowercase())
            };
            let place = named(&words.months).or_else(|| named(&words.months_short))?;
            u8::try_from(place + 1).ok()
        });
        Month::try_from(number?).ok()
    }

    fn limited_date(&self, earliest: Option<Date>, latest: Option<Date>) -> Read {
        let words = self.view.words;
        let Some(date) = self.date()? else { return self.nothing(words.need) };
        match (earliest, latest) {
            (Some(earliest), _) if date < earliest => {
                Err(self.wrong(words.too_early, &[&self.view.date(earliest)]))
            }
            (_, Some(latest)) if date > latest => Err(self.wrong(words.too_late, &[&self.view.date(latest)])),
            _ => Ok(Answer::Date(date)),
        }
    }

    fn time(&self) -> Read {
        let typed = self.typed();
        if typed.is_empty() {
            return self.nothing(self.view.words.need);
        }
        clock(typed).map(Answer::Time).ok_or_else(|| self.wrong(self.view.words.not_time, &[]))
    }

    fn moment(&self) -> Read {
        let words = self.view.words;
        let at = format!("{}.time", self.name);
        let typed = self.below("time");
        let date = match (self.date(), typed.is_empty()) {
            (Ok(Some(date)), _) => date,
            (Ok(None), true) => return self.nothing(words.need),
            (Ok(None), false) => {
                return Err(self.wrong(words.date_lacks, &[&within(words.day)]));
            }
            (Err(mut mistakes), _) => {
                if typed.is_empty() || clock(typed).is_none() {
                    mistakes.extend(self.wrong_at(&at, words.not_time, &[]));
                }
                return Err(mistakes);
            }
        };
        let time = clock(typed).ok_or_else(|| self.wrong_at(&at, words.not_time, &[]))?;
        let moment = self.view.zone.moment(PrimitiveDateTime::new(date, time));
        let moment = moment.and_then(|moment: OffsetDateTime| moment.checked_to_offset(UtcOffset::UTC));
        moment.map(Answer::Moment).ok_or_else(|| self.wrong_at(&at, words.not_in_zone, &[]))
    }

    fn yes_no(&self) -> Read {
        match self.typed() {
            "yes" => Ok(Answer::Boolean(true)),
            "no" => Ok(Answer::Boolean(false)),
            "" if self.field.required => Err(self.wrong_label(self.view.words.need_yes_no)),
            "" => Ok(Answer::Empty),
            _ => self.not_of(self.view.words.not_listed),
        }
    }

    fn tick(&self) -> Read {
        if self.typed() == "yes" {
            return Ok(Answer::Boolean(true));
        }
        if !self.field.required {
            return Ok(Answer::Boolean(false));
        }
        Err(self.wrong_label(self.view.words.need_flag))
    }

    fn choice(&self, choices: &[Choice]) -> Read {
        let typed = self.typed();
        if typed.is_empty() {
            return self.nothing(self.view.words.need_choice);
        }
        match choices.iter().any(|choice| choice.value == typed) {
            true => Ok(Answer::Text(typed.to_owned())),
            false => self.not_of(self.view.words.not_listed),
        }
    }

    fn choices(&self, choices: &[Choice]) -> Read {
        let typed: Vec<&str> = self.data.all(self.name).filter(|typed| !typed.is_empty()).collect();
        if typed.is_empty() {
            return self.nothing(self.view.words.need_choice);
        }
        if typed.iter().any(|typed| !choices.iter().any(|choice| choice.value == *typed)) {
            return self.not_of(self.view.words.not_listed);
        }
        let chosen = choices.iter().filter(|choice| typed.contains(&choice.value.as_ref()));
        Ok(Answer::Many(chosen.map(|choice| Answer::Text(choice.value.to_string())).collect()))
    }

    /// A code by itself, or by its text as the list shows it.
    fn code(&self, codes: &[Choice], closed: bool) -> Read {
        let typed = self.typed();
        if typed.is_empty() {
            return self.nothing(self.view.words.need_choice);
        }
        let same =
            |known: &str| known.eq_ignore_ascii_case(typed) || known.to_lowercase() == typed.to_lowercase();
        let known = codes
            .iter()
            .find(|code| same(&code.value))
            .or_else(|| codes.iter().find(|code| same(&code.text)));
        match known {
            Some(code) => Ok(Answer::Text(code.value.to_string())),
            None if closed || typed.chars().count() > 200 => self.not_of(self.view.words.not_listed),
            None => Ok(Answer::Text(typed.to_owned())),
        }
    }

    fn list(&self, of: &Field, least: usize, most: usize) -> Read {
        let words = self.view.words;
        let mut items = Vec::new();
        let mut mistakes = Vec::new();
        // An empty line of a list is no item, whether or not an item must be filled.
        let line = Field { required: false, ..of.clone() };
        for index in 0..self.data.items(self.name) {
            let name = format!("{}.{index}", self.name);
            match (Reading { name: &name, field: &line, ..*self }).read() {
                Ok(Answer::Empty) => {}
                Ok(item) => items.push(item),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        for mistake in &mut mistakes {
            mistake.field = self.field.name.to_string();
        }
        let label = self.inside();
        if items.is_empty() && mistakes.is_empty() {
            return self.nothing(words.need);
        }
        if items.len() < least {
            let text = fill(words.too_few, &[&label, &least.to_string()]);
            mistakes.push(Mistake { text, ..self.wrong("", &[]).remove(0) });
        }
        if items.len() > most {
            mistakes.extend(self.wrong(words.too_many, &[&most.to_string()]));
        }
        if mistakes.is_empty() { Ok(Answer::Many(items)) } else { Err(mistakes) }
    }
}

/// One `@`, something before it, a dot after it, no blanks: the rest only a message can prove.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    plain
        && !local.is_empty()
        && !local.contains('@')
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let allowed = |letter: char| letter.is_ascii_digit() || " +-().".contains(letter);
    (7..=15).contains(&digits) && text.chars().all(allowed)
}

/// `14:05`, `14.05`, `1405`, `9:30`, `2:05 pm`; and `14:05:59`, as a program or the clock itself wrote it.
fn clock(typed: &str) -> Option<Time> {
    let lower = typed.to_ascii_lowercase();
    let lower = lower.trim();
    let (digits, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(rest), _) => (rest.trim(), Some(0)),
        (_, Some(rest)) => (rest.trim(), Some(12)),
        _ => (lower, None),
    };
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some(parts) => parts,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None if half.is_some() => (digits, "00"),
        None => return None,
    };
    let (minute, second) = minute.split_once(':').unwrap_or((minute, "00"));
    let digits_only = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    if !digits_only(hour) || [minute, second].iter().any(|part| part.len() != 2 || !digits_only(part)) {
        return None;
    }
    let hour: u8 = hour.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::from_hms(hour, minute.parse().ok()?, second.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (typed, expected) in [
            ("14:05", Some((14, 5))),
            ("9:30", Some((9, 30))),
            ("14.05", Some((14, 5))),
            ("1405", Some((14, 5))),
            ("2:05 pm", Some((14, 5))),
            ("12am", Some((0, 0))),
            ("12:00 PM", Some((12, 0))),
            ("14:05:00", Some((14, 5))),
            ("14:05:5", None),
            ("14:05:00:00", None),
            ("0:5", None),
            ("24:00", None),
            ("13 pm", None),
            ("+1:30", None),
            ("930", None),
            ("é405", None),
        ] {
            let expected = expected.and_then(|(hour, minute)| Time::from_hms(hour, minute, 0).ok());
            assert_eq!(clock(typed), expected, "{typed}");
        }
    }

    #[test]
    fn addresses_and_numbers_are_checked_for_their_shape_only() {
        assert!(
            is_email("o'hara+x@clinic.example")
                && !is_email("a@b")
                && !is_email("a b@c.de")
                && !is_email("@c.de")
        );
        assert!(is_phone("+1 (617) 555-0142") && !is_phone("555") && !is_phone("call me 6175550142"));
    }
}
