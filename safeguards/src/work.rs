//! What a piece of code had done for it: statements and password hashes. For tests alone: whoever could measure how long an
//! answer takes learns nothing where the work is the same, and that can be counted.

use std::cell::RefCell;

tokio::task_local! {
    static WORK: RefCell<Work>;
}

/// Work, in the order in which it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// The texts of statements. What each of them finds or changes is not in them.
    pub statements: Vec<String>,
    /// How often Argon2 was run.
    pub hashes: usize,
}

/// Runs something to its end and tells what it had done for it, by the task that it runs in.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, Work) {
    WORK.scope(RefCell::default(), async {
        let done = work.await;
        (done, WORK.with(RefCell::take))
    })
    .await
}

pub(crate) fn statement(text: &str) {
    // Nobody counts outside of `counted`.
    let _ = WORK.try_with(|work| work.borrow_mut().statements.push(text.to_owned()));
}

pub(crate) fn hash() {
    let _ = WORK.try_with(|work| work.borrow_mut().hashes += 1);
}
