// tries: reaches a file from an attribute of a page
// finds: path: `std::fs::read`

use maud::{Markup, html};

pub fn page() -> Markup {
    html! { input disabled[std::fs::read("/etc/passwd").is_ok()]; }
}
