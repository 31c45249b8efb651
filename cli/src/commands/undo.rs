//! `healthcoder undo`: an app as it was before its last change, code and tables.
//!
//! It is a change like any other: what came since is kept where it fits, migrations go forward only, and whatever deletes values
//! is confirmed and backed up first.

use super::change::{How, Wish, see_through, unedited};
use super::generate::Former;
use super::history;
use super::source::locked;
use crate::arguments::Changing;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;

/// Takes the last change back, or says why that cannot be done before anything is touched.
pub(crate) fn run(arguments: &Changing, progress: Progress) -> Result<Outcome, Failure> {
    let dir = &arguments.dir;
    let former = Former::of(dir)?;
    let state = history::last(dir)?.ok_or_else(|| {
        Failure::input(
            "there is nothing to undo: no change of this app is remembered in .healthcoder/history",
        )
    })?;
    unedited(dir, &former)?;
    let spec = spec::check(&state.spec, &locked(dir)?).map_err(|problems| {
        Failure::input(format!("what the app was is refused by this version of healthcoder:\n{problems}"))
    })?;
    let comes_back_empty = deleted(&former, &spec, &state);
    let wish = Wish { comes_back_empty, ..Wish::plain(spec, state.spec.clone()) };
    let how = How { plan: arguments.plan, confirm: arguments.confirm.as_deref(), undoes: Some(&state) };
    see_through(dir, &former, &wish, &how, progress)
}

/// What the last change deleted: the place comes back, what stood in it does not.
fn deleted(former: &Former, spec: &spec::ValidatedSpec, state: &history::State) -> Vec<String> {
    let deleted = planner::Difference::of(spec, &former.spec).losses;
    let whence = match &state.backup {
        Some(backup) => format!("the values are in {backup}"),
        None => "there were no records when it was made".to_owned(),
    };
    deleted.into_iter().map(|loss| format!("{loss} ({whence})")).collect()
}
