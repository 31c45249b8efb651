//! Questions, assumptions, refusals and wishes.

use super::{Parts, quoted};
use std::fmt::Write;

pub(crate) fn notes(out: &mut String, parts: &Parts<'_>) {
    if !parts.questions.is_empty() {
        out.push_str("questions:\n");
        for question in parts.questions {
            let options: Vec<String> = question.options.iter().map(|option| quoted(option)).collect();
            let _ = writeln!(
                out,
                "  - {{ about: {}, ask: {}, options: [{}], default: {} }}",
                quoted(&question.about),
                quoted(&question.ask),
                options.join(", "),
                quoted(&question.default)
            );
        }
    }
    texts(out, "assumed", &parts.world.assumed);
    if !parts.refused.is_empty() {
        out.push_str("refused:\n");
        for refused in parts.refused {
            let _ = writeln!(
                out,
                "  - {{ said: {}, why: {}, instead: {} }}",
                quoted(&refused.said),
                quoted(&refused.why),
                quoted(&refused.instead)
            );
        }
    }
    if !parts.not_yet.is_empty() {
        out.push_str("not yet:\n");
        for wish in parts.not_yet {
            let construct = wish.construct.map(|number| format!(", construct: {number}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "  - {{ said: {}{construct}, why: {} }}",
                quoted(&wish.said),
                quoted(&wish.why)
            );
        }
    }
    texts(out, "not understood", parts.not_understood);
}

pub(crate) fn texts(out: &mut String, name: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "{name}:");
    for text in list {
        let _ = writeln!(out, "  - {}", quoted(text));
    }
}
