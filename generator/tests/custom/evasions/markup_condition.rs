// tries: reaches a file from a condition of a page
// finds: path: `std::fs::exists`

use maud::{Markup, html};

pub fn page() -> Markup {
    html! { ul { @for n in 0..3 { @if std::fs::exists("/etc/passwd").is_ok() { li { (n) } } } } }
}
