//! Charts drawn on the server, each with its numbers as a table.
//!
//! No colour stands alone: lines differ by their dashes, values outside the target by their shape.

use std::borrow::Cow;

use maud::{Markup, html};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use time::OffsetDateTime;

use super::words::fill;
use super::{Column, Content, Count, Row, Show, Table, View};

/// A value at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When it was taken.
    pub at: OffsetDateTime,
    /// The value, in the chart's unit.
    pub value: Decimal,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    name: Cow<'static, str>,
    points: Vec<Point>,
}

impl Series {
    /// A line of points, in order of time.
    #[must_use]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        points: impl IntoIterator<Item = (OffsetDateTime, Decimal)>,
    ) -> Self {
        let mut points: Vec<Point> = points.into_iter().map(|(at, value)| Point { at, value }).collect();
        points.sort_by_key(|point| point.at);
        Self { name: name.into(), points }
    }
}

/// Values over time, with the band they should stay in.
#[derive(Clone, Debug)]
pub struct Lines {
    title: String,
    unit: Cow<'static, str>,
    series: Vec<Series>,
    band: Option<(Decimal, Decimal)>,
}

impl Lines {
    /// A chart under a title, in a unit like `mmHg`.
    #[must_use]
    pub fn new(title: impl Into<String>, unit: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), unit: unit.into(), series: Vec::new(), band: None }
    }

    /// One more line.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The target: values below or above it are marked.
    #[must_use]
    pub fn band(mut self, low: impl Into<Decimal>, high: impl Into<Decimal>) -> Self {
        self.band = Some((low.into(), high.into()));
        self
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// Above the target is `1`, below it `-1`.
    fn outside(&self, value: Decimal) -> i8 {
        match self.band {
            Some((low, _)) if value < low => -1,
            Some((_, high)) if value > high => 1,
            _ => 0,
        }
    }

    fn table(&self, view: &View) -> Markup {
        let words = view.words;
        let mut rows: Vec<(OffsetDateTime, &str, Decimal)> = Vec::new();
        for series in &self.series {
            rows.extend(series.points.iter().map(|point| (point.at, series.name.as_ref(), point.value)));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.0));
        let rows = rows.into_iter().map(|(at, name, value)| {
            let note = match self.outside(value) {
                1 => Content::tag(words.above_band, super::Tone::Caution),
                -1 => Content::tag(words.below_band, super::Tone::Caution),
                _ => Content::Text("\u{a0}".to_owned()),
            };
            Row::new().cell(at).cell(name).measure(value, self.unit.as_ref()).cell(note)
        });
        Table::new(&self.title)
            .column(words.when)
            .column(words.what)
            .column(Column::new(self.title.clone()).numeric())
            .column(words.outcome)
            .rows(rows)
            .show(view)
    }
}

/// The drawing's size, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 40.0;
/// Beyond so many points a line shows no single ones.
const MOST_MARKS: usize = 80;

struct Scale {
    low: f64,
    high: f64,
    step: f64,
    first: i64,
    seconds: f64,
}

impl Scale {
    fn of(lines: &Lines) -> Option<Self> {
        let values = lines
            .points()
            .map(|point| point.value)
            .chain(lines.band.into_iter().flat_map(|(low, high)| [low, high]));
        let values: Vec<f64> = values.filter_map(|value| value.to_f64()).collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        // A single value stands in the middle of a range that fits its size.
        let slack = if most > least { 0.0 } else { (most.abs() * 0.1).max(1.0) };
        let (least, most) = (least - slack, most + slack);
        let step = round_step((most - least) / 4.0);
        let (low, high) = ((least / step).floor() * step, (most / step).ceil() * step);
        let first = lines.points().map(|point| point.at.unix_timestamp()).min()?;
        let last = lines.points().map(|point| point.at.unix_timestamp()).max()?;
        Some(Self { low, high, step, first, seconds: (last - first) as f64 })
    }

    fn x(&self, at: OffsetDateTime) -> f64 {
        let along = (at.unix_timestamp() - self.first) as f64;
        let share = if self.seconds > 0.0 { along / self.seconds } else { 0.5 };
        LEFT + 8.0 + share * (WIDTH - LEFT - RIGHT - 16.0)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count.min(12)).map(|tick| self.low + tick as f64 * self.step)
    }
}

/// 1, 2 or 5 times a power of ten, not below `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= raw).unwrap_or(10.0);
    factor * power
}

/// A coordinate with one digit after the point.
fn at(value: f64) -> String {
    format!("{value:.1}")
}

fn tick(value: f64, step: f64) -> String {
    let digits = if step >= 1.0 { 0 } else { (-step.log10().floor()).clamp(0.0, 6.0) as usize };
    format!("{value:.digits$}")
}

impl Show for Lines {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let Some(scale) = Scale::of(self) else {
            return html! { div.empty { p { strong { (self.title) } } p { (words.no_values) } } };
        };
        let band =
            self.band.map(|(low, high)| fill(words.band, &[&low.to_string(), &high.to_string(), &self.unit]));
        html! {
            figure.chart {
                figcaption {
                    strong { (self.title) } " " span.unit { (self.unit) }
                    ul.legend {
                        @for (place, series) in self.series.iter().enumerate() { li {
                            svg aria-hidden="true" viewBox="0 0 28 10" { path.line.{ "line-" (place % 4) } d="M1 5H27" {} } (series.name)
                        } }
                        @if let Some(band) = &band { li { svg aria-hidden="true" viewBox="0 0 28 10" { rect.band width="28" height="10" {} } (band) } }
                    }
                }
                (self.drawing(view, &scale, band.as_deref().unwrap_or_default()))
                details.numbers { summary { (words.chart_table) } (self.table(view)) }
            }
        }
    }
}

impl Lines {
    fn drawing(&self, view: &View, scale: &Scale, band: &str) -> Markup {
        let (left, right) = (at(LEFT), at(WIDTH - RIGHT));
        let ends = self
            .points()
            .map(|point| point.at)
            .min()
            .into_iter()
            .chain(self.points().map(|point| point.at).max());
        let ends: Vec<OffsetDateTime> = ends.collect();
        html! {
            svg role="img" aria-label={ (self.title) ", " (self.unit) ". " (band) } viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
                title { (self.title) }
                desc { (band) }
                @if let Some((low, high)) = self.band {
                    @let (top, foot) = (scale.y(high.to_f64().unwrap_or(scale.high)), scale.y(low.to_f64().unwrap_or(scale.low)));
                    rect.band x=(left) y=(at(top)) width=(at(WIDTH - LEFT - RIGHT)) height=(at((foot - top).max(1.0))) {}
                }
                @for value in scale.ticks() {
                    line.grid x1=(left) x2=(right) y1=(at(scale.y(value))) y2=(at(scale.y(value))) {}
                    text x=(at(LEFT - 8.0)) y=(at(scale.y(value) + 5.0)) text-anchor="end" { (tick(value, scale.step)) }
                }
                @for (place, end) in ends.iter().enumerate() {
                    @if place == 0 || scale.seconds > 0.0 {
                        @let anchor = match (place, scale.seconds > 0.0) { (0, true) => "start", (0, false) => "middle", _ => "end" };
                        text x=(at(scale.x(*end))) y=(at(HEIGHT - 10.0)) text-anchor=(anchor) { (view.date(view.local(*end).date())) }
                    }
                }
                @for (place, series) in self.series.iter().enumerate() { (self.series_markup(view, scale, place, series)) }
            }
        }
    }

    fn series_markup(&self, view: &View, scale: &Scale, place: usize, series: &Series) -> Markup {
        let path: Vec<String> = series
            .points
            .iter()
            .map(|point| {
                format!(
                    "{},{}",
                    at(scale.x(point.at)),
                    at(scale.y(point.value.to_f64().unwrap_or(scale.low)))
                )
            })
            .collect();
        html! {
            polyline.line.{ "line-" (place % 4) } points=(path.join(" ")) {}
            @if series.points.len() <= MOST_MARKS { @for point in &series.points {
                @let (x, y) = (scale.x(point.at), scale.y(point.value.to_f64().unwrap_or(scale.low)));
                @let told = format!("{}: {} {}, {}", series.name, point.value, self.unit, view.moment(point.at));
                @if self.outside(point.value) == 0 {
                    circle.mark.{ "mark-" (place % 4) } cx=(at(x)) cy=(at(y)) r="4" { title { (told) } }
                } @else {
                    path.outside d=(format!("M{} {}l7 7l-7 7l-7 -7z", at(x), at(y - 7.0))) { title { (told) } }
                }
            } }
        }
    }
}

/// Counts or values side by side: a table whose last column is drawn.
#[derive(Clone, Debug)]
pub struct Bars {
    title: String,
    unit: Cow<'static, str>,
    bars: Vec<Bar>,
}

#[derive(Clone, Debug)]
struct Bar {
    label: Content,
    shown: Shown,
}

#[derive(Clone, Debug)]
enum Shown {
    Value(Decimal),
    Count(u64, Count),
}

impl Bars {
    /// Bars under a title.
    #[must_use]
    pub fn new(title: impl Into<String>, unit: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), unit: unit.into(), bars: Vec::new() }
    }

    /// A value. It is drawn against the largest; below zero nothing is drawn.
    #[must_use]
    pub fn value(mut self, label: impl Into<Content>, value: impl Into<Decimal>) -> Self {
        self.bars.push(Bar { label: label.into(), shown: Shown::Value(value.into()) });
        self
    }

    /// A count of people; a small one is neither written nor drawn.
    #[must_use]
    pub fn count(mut self, label: impl Into<String>, count: u64) -> Self {
        let label = label.into();
        let measure = Count::new(&label, count);
        self.bars.push(Bar { label: label.into(), shown: Shown::Count(count, measure) });
        self
    }
}

impl Show for Bars {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        if self.bars.is_empty() {
            return html! { div.empty { p { strong { (self.title) } } p { (words.no_values) } } };
        }
        let length = |bar: &Bar| match &bar.shown {
            Shown::Value(value) => value.to_f64().unwrap_or(0.0),
            Shown::Count(_, measure) if measure.is_small() => 0.0,
            Shown::Count(count, _) => *count as f64,
        };
        let longest = self.bars.iter().map(length).fold(0.0, f64::max);
        let small =
            self.bars.iter().any(|bar| matches!(&bar.shown, Shown::Count(_, measure) if measure.is_small()));
        html! {
            figure.bars {
                table {
                    caption { (self.title) }
                    tbody { @for bar in &self.bars {
                        @let share = if longest > 0.0 { (length(bar) / longest * 100.0).clamp(0.0, 100.0) } else { 0.0 };
                        tr {
                            th scope="row" { bdi { (bar.label.show(view)) } }
                            td.drawn aria-hidden="true" { svg viewBox="0 0 100 10" preserveAspectRatio="none" { rect width=(at(share)) height="10" {} } }
                            td.numeric { @match &bar.shown {
                                Shown::Value(value) => (Content::from(*value).unit(self.unit.as_ref()).show(view)),
                                Shown::Count(_, measure) => (measure.content(view).show(view)),
                            } }
                        }
                    } }
                }
                @if small { p.hint { (words.fewer_than_reason) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_chart_has_its_numbers_and_marks_what_lies_outside() {
        let start = datetime!(2026-11-01 08:00 UTC);
        let points = [118, 150, 121].into_iter().enumerate().map(|(day, value)| {
            (start + time::Duration::days(i64::try_from(day).unwrap_or(0)), Decimal::from(value))
        });
        let chart = Lines::new("Systolic", "mmHg").series(Series::new("Home", points)).band(90, 140);
        let shown = chart.show(&View::sample()).into_string();
        assert_eq!(shown.matches("class=\"outside\"").count(), 1);
        assert_eq!(shown.matches("class=\"mark mark-0\"").count(), 2);
        assert!(shown.contains("Target 90 to 140 mmHg") && shown.contains("Above target"));
        assert!(!shown.contains("style=") && !shown.contains("NaN"));
    }

    #[test]
    fn a_single_or_constant_value_is_drawn_without_a_division_by_nothing() {
        let moment = datetime!(2026-11-01 08:00 UTC);
        for values in
            [vec![], vec![(moment, Decimal::ZERO)], vec![(moment, Decimal::MAX), (moment, Decimal::MIN)]]
        {
            let shown =
                Lines::new("x", "kg").series(Series::new("x", values)).show(&View::sample()).into_string();
            assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
        }
    }

    #[test]
    fn ticks_are_round() {
        for (raw, step) in [(0.3, 0.5), (1.0, 1.0), (7.0, 10.0), (11.0, 20.0), (230.0, 500.0)] {
            assert!((round_step(raw) - step).abs() < 1e-9, "{raw}");
        }
    }

    #[test]
    fn a_small_count_is_neither_written_nor_drawn() {
        let shown = Bars::new("No-shows", "")
            .count("Monday", 40)
            .count("Tuesday", 3)
            .show(&View::sample())
            .into_string();
        assert!(shown.contains("Fewer than 11") && !shown.contains(">3<"));
        assert!(shown.contains(r#"<rect width="0.0""#));
    }
}
