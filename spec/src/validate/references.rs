//! Names in constructs that are said but not built yet: they must lead somewhere all the same.

use super::{Resolver, tasks::bare};
use crate::problem::{Kind, Pointer};

impl Resolver<'_> {
    /// Names in constructs that are said but not built yet must lead somewhere all the same.
    pub(super) fn references(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        for (name, rule) in &document.rules {
            let at = root.join("rules").join(name);
            for (i, then) in rule.then.iter().enumerate() {
                let known =
                    |name: &str| document.tasks.contains_key(name) || document.messages.contains_key(name);
                let bare = bare(then);
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
    }
}
