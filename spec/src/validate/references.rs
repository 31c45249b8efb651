//! Names in constructs that are said but not built yet: they must lead somewhere all the same.

use super::Resolver;
use crate::problem::{Kind, Pointer};

impl Resolver<'_> {
    /// Names in constructs that are said but not built yet must lead somewhere all the same.
    pub(super) fn references(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        for (name, rule) in &document.rules {
            let at = root.join("rules").join(name);
            if let Some(enters) = &rule.enters
                && !document.lists.contains_key(enters)
            {
                let known: Vec<_> = document.lists.keys().map(ToString::to_string).collect();
                self.unresolved(&at.join("enters"), "list", enters, &known);
            }
            if rule.when.is_some() == rule.enters.is_some() {
                self.problem(
                    &at,
                    Kind::Shape,
                    "a rule waits for one thing: a condition or a list that is entered",
                    "keep `when` or `enters`",
                );
            }
            for (i, then) in rule.then.iter().enumerate() {
                let known =
                    |name: &str| document.tasks.contains_key(name) || document.messages.contains_key(name);
                let bare =
                    then.strip_prefix("task ").or_else(|| then.strip_prefix("message ")).unwrap_or(then);
                if !known(bare) {
                    let names: Vec<String> = document
                        .tasks
                        .keys()
                        .chain(document.messages.keys())
                        .map(ToString::to_string)
                        .collect();
                    let message = format!("there is no task or message `{}`", crate::decode::shown(bare));
                    self.problem(
                        &at.join("do").join(i),
                        Kind::Unresolved,
                        message,
                        format!("add it; there are {}", crate::decode::listed(&names)),
                    );
                }
            }
        }
        for (name, task) in &document.tasks {
            let at = root.join("tasks").join(name);
            self.role(&task.owner, &at.join("owner"));
            if let Some(fallback) = &task.fallback {
                self.role(fallback, &at.join("else"));
            }
        }
        for (name, message) in &document.messages {
            self.role(&message.to, &root.join("messages").join(name).join("to"));
        }
        for (name, conversation) in &document.conversations {
            let at = root.join("conversations").join(name);
            self.roles(&conversation.between, &at.join("between"));
            if let Some(about) = &conversation.about {
                self.entity(about, &at.join("about"));
            }
        }
        for (name, rendered) in &document.documents {
            let at = root.join("documents").join(name);
            for (key, entity) in [("of", &rendered.of), ("part of", &rendered.part_of)] {
                if let Some(entity) = entity {
                    self.entity(entity, &at.join(key));
                }
            }
            if let Some(role) = &rendered.to {
                self.role(role, &at.join("to"));
            }
        }
        for (name, feed) in &document.feeds {
            let at = root.join("feeds").join(name);
            if let Some(entity) = self.entity(&feed.into, &at.join("into")) {
                self.field_list(entity, &feed.key, &at.join("key"));
            }
            self.roles(&feed.by, &at.join("by"));
        }
    }
}
