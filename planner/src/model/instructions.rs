//! What a model is told, and the form that it fills in.

use models::Form;
use serde_json::Value;

/// What a model is told about its work. It holds nothing of the prompt.
pub(super) const TEXT: &str = include_str!("instructions.md");

/// What cannot be built yet stays out of the form, so that a model spends no words on it: such wishes go under
/// `not yet`. Switches that cannot be turned stay out of it, too.
const LEFT_OUT: [&str; 17] = [
    "/properties/rules",
    "/properties/tasks",
    "/properties/messages",
    "/properties/conversations",
    "/properties/documents",
    "/properties/feeds",
    "/properties/ai actions",
    "/properties/changes",
    "/properties/policies",
    "/properties/sub-processors",
    "/$defs/Security/properties/sso",
    "/$defs/Security/properties/impersonation",
    "/$defs/Security/properties/break glass",
    "/$defs/Security/properties/audit",
    "/$defs/Security/properties/encryption",
    "/$defs/Security/properties/authentication",
    "/$defs/Calendar/properties/waitlist",
];

/// The form of a spec: what a model fills in.
pub fn form() -> Form {
    let mut schema = spec::schema();
    for pointer in LEFT_OUT {
        leave_out(&mut schema, pointer);
    }
    Form::new("app_spec", "The spec of the app that the person describes.", schema)
}

fn leave_out(schema: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    if let Some(object) = schema.pointer_mut(parent).and_then(Value::as_object_mut) {
        object.shift_remove(key);
    }
}

/// What is wrong with a filled form, as the model is told it.
pub(super) fn wrong(problems: &[String]) -> String {
    const MOST: usize = 30;
    let mut lines =
        vec!["The form is not valid. Fill in the whole form again, and put these right:".to_owned()];
    lines.extend(problems.iter().take(MOST).map(|problem| format!("- {problem}")));
    if problems.len() > MOST {
        lines.push(format!("- and {} more of the same kinds", problems.len() - MOST));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left out was there: a section that gets another name is not asked for by accident.
    #[test]
    fn what_is_left_out_exists() {
        let schema = spec::schema();
        for pointer in LEFT_OUT {
            assert!(schema.pointer(pointer).is_some(), "{pointer}");
        }
        let form = form();
        assert!(form.schema().pointer("/properties/ai_actions").is_none());
        assert!(form.schema().pointer("/properties/entities").is_some());
    }
}
