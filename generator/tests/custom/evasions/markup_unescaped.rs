// tries: lets text be read as markup
// finds: path: `maud::PreEscaped`

use maud::{Markup, PreEscaped, html};

pub fn page(text: &str) -> Markup {
    html! { (PreEscaped(text)) }
}
