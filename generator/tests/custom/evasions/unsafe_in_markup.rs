// tries: reaches memory from a page
// finds: syntax: `unsafe` reaches memory

use maud::{Markup, html};

pub fn page(bytes: &[u8]) -> Markup {
    html! { p { (unsafe { *bytes.get_unchecked(0) }) } }
}
