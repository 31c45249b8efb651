// tries: reaches a file from an arm of a page
// finds: path: `std::fs::read`

use maud::{Markup, html};

pub fn page(n: u8) -> Markup {
    html! { @match n { 0 => { "none" }, other if std::fs::read("/etc/passwd").is_ok() => { (other) }, _ => {} } }
}
