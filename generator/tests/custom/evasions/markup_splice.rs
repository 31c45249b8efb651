// tries: reaches a file from a page
// finds: path: `std::fs::read_to_string`

use maud::{Markup, html};

pub fn page() -> Markup {
    html! { p { (std::fs::read_to_string("/etc/passwd").unwrap_or_default()) } }
}
