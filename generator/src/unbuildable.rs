//! What of a spec cannot be built yet, each with its place: `check` never lets pass what [`generate`](crate::generate)
//! refuses.

use spec::document::Language;
use spec::{NotYet, Pointer, ValidatedSpec};

use crate::view::app::AppView;
use crate::zones;

/// All of it at once; nothing, when the spec can be generated.
pub fn unbuildable(spec: &ValidatedSpec) -> Vec<NotYet> {
    let mut found = spec::buildable(spec);
    let model = spec.model();
    let mut note = |key: &str, said: String| {
        let root = Pointer::root();
        let pointer = if key.is_empty() { root } else { root.join(key) };
        found.push(NotYet { construct: None, pointer, said });
    };
    if zones::expression(&model.time_zone).is_none() {
        note(
            "time zone",
            format!("the time zone `{}`; choose that of a large city near you: it", model.time_zone),
        );
    }
    if model.language == Language::Spanish {
        note("language", "pages in Spanish".to_owned());
    }
    if found.is_empty()
        && let Err(error) = AppView::new(model)
    {
        found.push(NotYet { construct: None, pointer: Pointer::root(), said: format!("this: {error}. It") });
    }
    found
}
