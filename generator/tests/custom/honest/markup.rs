// does: draws a section that no component draws

use maud::{Markup, html};
use safeguards::slice::prelude::*;

/// A legend, with a state that is told by a word, not by a colour alone.
pub fn legend(levels: &[(u8, &str)], title: Option<&str>, open: bool) -> Markup {
    html! {
        section class="legend" aria-label=[title] {
            @if let Some(title) = title { h2 { (title) } } @else { h2 { "Levels" } }
            @let total = levels.iter().map(|(level, _)| u32::from(*level)).sum::<u32>();
            dl.levels #levels hidden[!open] {
                @for (level, name) in levels {
                    dt { (level) }
                    dd {
                        @match level { 0 => { "none" }, 1 | 2 => { (name) }, other if *other > 9 => { b { (name) "!" } }, _ => { (name) } }
                    }
                }
            }
            p { "Together " (total) "." br; a href=(format!("/levels?of={total}")) { "More" } }
            input type="checkbox" name="seen" checked disabled;
        }
    }
}

pub fn with_legend(page: Page) -> Page {
    page.with(legend(&[(1, "low"), (2, "high")], None, true))
}
