// does: is written in another language than English

use safeguards::slice::prelude::*;

/// Años cumplidos, en palabras.
pub fn años(número: i64) -> String {
    let palabra = if número == 1 { "año" } else { "años" };
    format!("{número} {palabra}")
}

pub fn página(viewer: &Viewer) -> Page {
    viewer.page(años(3)).about("¿Cuántos años tiene?")
}
