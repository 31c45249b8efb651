//! A table of records: caption, sticky head, order by links, filters, pages; stacked rows on a phone.

use std::borrow::Cow;

use maud::{Markup, html};

use super::content::local;
use super::words::{fill, within};
use super::{Content, Direction, Form, Listing, Show, View};

/// A column's head.
#[derive(Clone, Debug)]
pub struct Column {
    label: Cow<'static, str>,
    sort: Option<Cow<'static, str>>,
    numeric: bool,
}

impl Column {
    /// A column under a label.
    #[must_use]
    pub fn new(label: impl Into<Cow<'static, str>>) -> Self {
        Self { label: label.into(), sort: None, numeric: false }
    }

    /// Its head is a link that orders by this name, see [`Listing::sort`].
    #[must_use]
    pub fn sort(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.sort = Some(name.into());
        self
    }

    /// Numbers stand flush at the end of the cell, one under the other.
    #[must_use]
    pub fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }
}

impl From<&'static str> for Column {
    fn from(label: &'static str) -> Self {
        Self::new(label)
    }
}

/// A row: its cells, and the page that its first cell leads to.
#[derive(Clone, Debug, Default)]
pub struct Row {
    cells: Vec<Content>,
    to: Option<String>,
}

impl Row {
    /// A row without cells yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more cell.
    #[must_use]
    pub fn cell(mut self, content: impl Into<Content>) -> Self {
        self.cells.push(content.into());
        self
    }

    /// One more cell with a number and its unit.
    #[must_use]
    pub fn measure(self, number: impl Into<Content>, unit: impl Into<String>) -> Self {
        self.cell(number.into().unit(unit))
    }

    /// The page of the record; its first cell becomes the link.
    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.to = Some(path.into());
        self
    }
}

/// Under this name a list is asked for records by words; its box stands open over the list.
pub(crate) const FIND: &str = "find";

/// Filters over a table.
#[derive(Clone, Debug)]
pub struct Filters {
    form: Form,
    to: String,
    private: bool,
    set: bool,
}

impl Filters {
    /// Filters that name nobody (a status, a week): they stand in the address, by GET.
    #[must_use]
    pub fn open(form: Form, listing: &Listing) -> Self {
        let set = form.fields().any(|field| listing.filter(field.name()).is_some());
        Self { form: form.fill(&listing.parameters), to: listing.path.clone(), private: false, set }
    }

    /// Filters that could name somebody: they are sent by POST to `to`, which answers with a redirect
    /// to the list and the id of the search. `set` says whether such a search is on now.
    #[must_use]
    pub fn private(form: Form, to: impl Into<String>, set: bool) -> Self {
        Self { form, to: to.into(), private: true, set }
    }

    fn show(&self, view: &View, list: &str, sort: Option<&str>) -> Markup {
        let words = view.words;
        let method = if self.private { "post" } else { "get" };
        let is_find = |name: &str| name == FIND;
        let find = self.form.fields().any(|field| is_find(field.name()));
        let more = self.form.fields().any(|field| !is_find(field.name()));
        let narrowed = self.set && self.form.is_filled(&|name| !is_find(name));
        let buttons = html! {
            p.buttons {
                button.second type="submit" { @if find { (words.find) } @else { (words.filter) } }
                @if self.set { a href=(local(list)) { (words.clear_filters) } }
            }
        };
        html! {
            form.filters method=(method) action=(local(&self.to)) role="search" {
                @if self.private { (view.csrf_field()) }
                @if let Some(sort) = sort { input type="hidden" name="sort" value=(sort); }
                @if find { div.find { (self.form.inputs(view, &is_find)) (buttons) } }
                @if more {
                    details open[narrowed] {
                        summary { @if find { (words.more_filters) } @else { (words.filters) } }
                        div.fields { (self.form.inputs(view, &|name| !is_find(name))) }
                        @if self.private { p.hint { (words.private_search) } }
                        @if !find { (buttons) }
                    }
                }
            }
        }
    }
}

/// The table. An empty one says what to do next.
#[derive(Clone, Debug)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    filters: Option<Filters>,
    listing: Option<(Listing, u64)>,
    empty: Option<(String, String)>,
    action: Option<(String, String)>,
    too_many: bool,
    live: Option<&'static str>,
}

impl Table {
    /// A table under a caption.
    #[must_use]
    pub fn new(caption: impl Into<String>) -> Self {
        Self {
            caption: caption.into(),
            columns: Vec::new(),
            rows: Vec::new(),
            filters: None,
            listing: None,
            empty: None,
            action: None,
            too_many: false,
            live: None,
        }
    }

    /// One more column.
    #[must_use]
    pub fn column(mut self, column: impl Into<Column>) -> Self {
        self.columns.push(column.into());
        self
    }

    /// The rows of this page.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Its order is part of what it says: no head changes it.
    #[must_use]
    pub fn in_its_own_order(mut self) -> Self {
        for column in &mut self.columns {
            column.sort = None;
        }
        self
    }

    /// Filters over the table.
    #[must_use]
    pub fn filters(mut self, filters: Filters) -> Self {
        self.filters = Some(filters);
        self
    }

    /// Where in the list the reader is, of `total` rows that they may see.
    #[must_use]
    pub fn listing(mut self, listing: &Listing, total: u64) -> Self {
        self.listing = Some((listing.clone(), total));
        self
    }

    /// What stands in place of no rows: what it means, and what to do next.
    #[must_use]
    pub fn empty(mut self, title: impl Into<String>, next: impl Into<String>) -> Self {
        self.empty = Some((title.into(), next.into()));
        self
    }

    /// The button beside an empty state, to the page that adds the first record.
    #[must_use]
    pub fn first(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.action = Some((text.into(), to.into()));
        self
    }

    /// What is listed, by the name of its table: its reader hears of changes.
    #[must_use]
    pub fn live(mut self, table: &'static str) -> Self {
        self.live = Some(table);
        self
    }

    /// There is too much to look through for what was asked: the reader is asked for another term.
    #[must_use]
    pub fn too_many(mut self) -> Self {
        self.too_many = true;
        self
    }

    fn head(&self, view: &View, column: &Column) -> Markup {
        let words = view.words;
        let (Some(name), Some((listing, _))) = (&column.sort, &self.listing) else {
            return html! { th scope="col" role="columnheader" class=[column.numeric.then_some("numeric")] { (column.label) } };
        };
        let now = listing.sort(&[name]).map(|(_, direction)| direction);
        let (order, next) = match now {
            Some(Direction::Up) => (Some("ascending"), format!("-{name}")),
            Some(Direction::Down) => (Some("descending"), name.to_string()),
            None => (None, name.to_string()),
        };
        let described = match now {
            Some(Direction::Up) => words.sorted_up.to_owned(),
            Some(Direction::Down) => words.sorted_down.to_owned(),
            None => String::new(),
        };
        html! {
            th scope="col" role="columnheader" aria-sort=[order] class=[column.numeric.then_some("numeric")] {
                a.sort href=(local(&listing.address("sort", &next))) title=(fill(words.sort_by, &[&within(&column.label)])) {
                    (column.label)
                    span aria-hidden="true" { @match now { Some(Direction::Up) => "↑", Some(Direction::Down) => "↓", None => "↕" } }
                }
                @if !described.is_empty() { span.unseen { ", " (described) } }
            }
        }
    }

    fn row(&self, view: &View, row: &Row) -> Markup {
        let first = row.cells.first().map(|cell| match &row.to {
            Some(to) => html! { a.row-link href=(local(to)) { (cell.show(view)) } },
            None => cell.show(view),
        });
        html! {
            tr role="row" {
                @if let (Some(cell), Some(column)) = (first, self.columns.first()) {
                    th scope="row" role="rowheader" class=[column.numeric.then_some("numeric")] { (cell) }
                }
                @for (column, cell) in self.columns.iter().zip(&row.cells).skip(1) {
                    td role="cell" class=[column.numeric.then_some("numeric")] {
                        span.label aria-hidden="true" { (column.label) }
                        span.value { (cell.show(view)) }
                    }
                }
            }
        }
    }

    fn nothing(&self, view: &View) -> Markup {
        let words = view.words;
        let filtered = self.filters.as_ref().is_some_and(|filters| filters.set);
        let (title, next) = match &self.empty {
            _ if self.too_many => (words.too_many_to_search, words.too_many_to_search_hint),
            Some((title, next)) if !filtered => (title.as_str(), next.as_str()),
            _ => (words.nothing_found, words.nothing_found_hint),
        };
        html! {
            section.empty aria-label=(self.caption) data-live=[self.live] {
                p { strong { (title) } } p { (next) }
                @if let (Some((text, to)), false) = (&self.action, filtered) { a.button href=(local(to)) { (text) } }
            }
        }
    }

    fn paging(&self, view: &View) -> Markup {
        let words = view.words;
        let Some((listing, total)) = &self.listing else { return html! {} };
        let (page, rows) = (listing.page(), listing.rows_a_page());
        let last = total.div_ceil(rows).max(1);
        let first_row = (page - 1) * rows + 1;
        let last_row = (first_row + self.rows.len() as u64).saturating_sub(1);
        let to = |page: u64| listing.address("page", &page.to_string());
        html! {
            nav.paging aria-label=(fill("{0}: {1}", &[words.pages, &self.caption])) {
                p { (fill(words.showing, &[&first_row.to_string(), &last_row.to_string(), &total.to_string()])) }
                @if last > 1 {
                    ul {
                        @if page > 1 { li { a rel="prev" href=(local(&to(page - 1))) { (words.previous) } } }
                        li { (fill(words.page_of, &[&page.to_string(), &last.to_string()])) }
                        @if page < last { li { a rel="next" href=(local(&to(page + 1))) { (words.next) } } }
                    }
                }
            }
        }
    }
}

impl Show for Table {
    fn show(&self, view: &View) -> Markup {
        // Beyond so many columns the table scrolls by itself; a region that scrolls takes the focus.
        let wide = self.columns.len() > 7;
        let list = self.listing.as_ref().map_or("/", |(listing, _)| listing.path.as_str());
        let sort = self.listing.as_ref().and_then(|(listing, _)| listing.filter("sort"));
        html! {
            @if let Some(filters) = &self.filters { (filters.show(view, list, sort)) }
            @if self.rows.is_empty() { (self.nothing(view)) } @else {
                div.table.wide[wide] data-live=[self.live] role=[wide.then_some("region")] aria-label=[wide.then_some(&self.caption)] tabindex=[wide.then_some("0")] {
                    // Stacked rows are no table to some browsers; the roles keep it one.
                    table role="table" {
                        caption { (self.caption) }
                        thead role="rowgroup" { tr role="row" { @for column in &self.columns { (self.head(view, column)) } } }
                        tbody role="rowgroup" { @for row in &self.rows { (self.row(view, row)) } }
                    }
                }
                (self.paging(view))
            }
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.filters.as_ref().and_then(|filters| filters.form.summary(view))
    }
}
