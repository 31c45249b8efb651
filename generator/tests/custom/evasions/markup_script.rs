// tries: brings a script along
// finds: macro: a page carries no `script`

use maud::{Markup, html};

pub fn page() -> Markup {
    html! { script { "alert(1)" } }
}
