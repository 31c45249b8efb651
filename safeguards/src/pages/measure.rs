//! Counts of people, of which small ones are hidden.

use maud::{Markup, html};

use super::words::fill;
use super::{Content, Show, View};

/// The smallest count that is shown, the threshold of CMS for cell sizes (its cell size suppression
/// policy of 2020): values from 1 to 10 are hidden.
pub const SMALLEST_CELL: u64 = 11;

/// A count of people, or a share of them, hidden when it is small. Zero is shown: it names nobody
/// unless the whole group is known, which the query, not the page, must see to.
#[derive(Clone, Debug)]
pub struct Count {
    label: String,
    count: u64,
    of: Option<u64>,
    smallest: u64,
}

impl Count {
    /// A count under a label.
    #[must_use]
    pub fn new(label: impl Into<String>, count: u64) -> Self {
        Self { label: label.into(), count, of: None, smallest: SMALLEST_CELL }
    }

    /// A share of so many; hidden as well when what remains is small, since that can be subtracted.
    #[must_use]
    pub fn of(mut self, total: u64) -> Self {
        self.of = Some(total);
        self
    }

    /// Another threshold than [`SMALLEST_CELL`].
    #[must_use]
    pub fn hide_under(mut self, smallest: u64) -> Self {
        self.smallest = smallest;
        self
    }

    /// Whether it must be hidden.
    #[must_use]
    pub fn is_small(&self) -> bool {
        let small = |count: u64| count > 0 && count < self.smallest;
        small(self.count)
            || self.of.is_some_and(|total| small(total.saturating_sub(self.count)) || small(total))
    }

    /// As the content of a cell or card.
    #[must_use]
    pub fn content(&self, view: &View) -> Content {
        if self.is_small() {
            return Content::Text(fill(view.words.fewer_than, &[&self.smallest.to_string()]));
        }
        match self.of {
            Some(total) if total > 0 => {
                let share = (self.count.saturating_mul(1000) / total + 5) / 10;
                Content::Number(share.to_string(), "%".to_owned())
            }
            Some(_) => Content::Empty,
            None => Content::from(self.count),
        }
    }
}

impl Show for Count {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            div.count {
                p.label { (self.label) }
                p.figure { (self.content(view).show(view)) }
                @if self.is_small() { p.hint { (words.fewer_than_reason) } }
                @else if let Some(total) = self.of { p.hint { (self.count) " / " (total) } }
            }
        }
    }
}

/// A number that stands alone, under its label.
#[derive(Clone, Debug)]
pub struct Figure {
    label: String,
    content: Content,
}

impl Figure {
    /// A number under a label.
    #[must_use]
    pub fn new(label: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { label: label.into(), content: content.into() }
    }
}

impl Show for Figure {
    fn show(&self, view: &View) -> Markup {
        html! {
            div.count { h2.label { (self.label) } p.figure { (self.content.show(view)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_cell_is_hidden_and_so_is_one_that_could_be_subtracted() {
        let view = View::sample();
        for (count, of, hidden) in [
            (0, None, false),
            (1, None, true),
            (10, None, true),
            (11, None, false),
            (50, Some(100), false),
            (95, Some(100), true),
            (5, Some(100), true),
            (100, Some(100), false),
            (0, Some(9), true),
        ] {
            let measure = Count { of, ..Count::new("No-shows", count) };
            assert_eq!(measure.is_small(), hidden, "{count} of {of:?}");
            let shown = measure.show(&view).into_string();
            assert_eq!(shown.contains("Fewer than 11"), hidden);
            assert!(!hidden || !shown.contains(&format!(">{count}<")), "{shown}");
        }
    }
}
