//! What rules and their tasks are called.

use super::conditions::Condition;
use super::{Occasion, period};
use crate::world::World;

/// What is to be done, by what happened.
pub(super) fn task_name(
    occasion: &Occasion,
    rule: &str,
    subject: Option<&str>,
    calls: bool,
    world: &World,
) -> String {
    let subject = world.names.say(subject.unwrap_or("patient"));
    let wanted = match (occasion, world.names.is_spanish()) {
        (Occasion::Silent(_), false) => [format!("call the {subject}"), "call".into()],
        (Occasion::Silent(_), true) => [format!("llamar a {subject}"), "llamar".into()],
        (Occasion::When(_), false) if calls => [format!("call about {rule}"), "call about it".into()],
        (Occasion::When(_), false) => [format!("look at {rule}"), "look at it".into()],
        (Occasion::When(_), true) => {
            [format!("revisar {}", rule.trim_start_matches("aviso de ")), "revisar".into()]
        }
    };
    fitting(wanted)
}

/// The first that is a name; names have an end.
pub(super) fn fitting(wanted: [String; 2]) -> String {
    let [first, second] = wanted;
    if first.parse::<spec::Name>().is_ok() { first } else { second }
}

/// The name of a rule, and what people read of it.
pub(super) fn rule_name(occasion: &Occasion, spanish: bool, world: &World) -> (String, Option<String>) {
    match occasion {
        Occasion::Silent(silence) => {
            let entity = world.names.say(&silence.entity);
            match spanish {
                true => (format!("sin {entity}"), None),
                false => (
                    format!("no {entity}"),
                    Some(format!("No {entity} for {}", period(silence.count, &silence.unit))),
                ),
            }
        }
        Occasion::When(condition) => when_name(condition, spanish, world),
    }
}

pub(super) fn when_name(condition: &Condition, spanish: bool, world: &World) -> (String, Option<String>) {
    let record = world.names.say(&condition.of);
    let Some(first) = condition.tests.first() else { return (record, None) };
    let field = world.names.say(&first.field);
    if let Some(state) = condition.state() {
        return (format!("{record} {}", world.names.say(state)), None);
    }
    let several = condition.tests.len() > 1;
    let above = first.sign.starts_with('>');
    let name = match (first.sign, several, spanish) {
        ("==" | "", ..) => format!("{field} {}", world.names.say(&first.value)).trim().to_owned(),
        (_, true, false) => fitting([format!("{record} out of bounds"), "out of bounds".into()]),
        (_, true, true) => fitting([format!("{record} fuera de rango"), "fuera de rango".into()]),
        (_, false, false) => format!("{} {field}", if above { "high" } else { "low" }),
        (_, false, true) => format!("aviso de {field}"),
    };
    (name, None)
}
