// tries: reaches the environment from a binding of a page
// finds: path: `std::env::var`

use maud::{Markup, html};

pub fn page() -> Markup {
    html! { @let path = std::env::var("PATH"); p { (path.is_ok()) } }
}
