//! What is generated passes clippy with warnings denied. It compiles everything that an app stands on a second time, so it is
//! asked by `cargo xtask check` and not with the other tests.

use crate::examples::{EXAMPLES, built};
use crate::project::Project;
use crate::prompts::{PROMPTS, SPECS};

#[test]
fn whatever_is_generated_is_clean() {
    let prompts = PROMPTS.iter().map(|prompt| Project::of_prompt(prompt));
    let specs = SPECS.iter().map(|spec| Project::of_spec(spec));
    // One after the other: each holds the turn to build.
    for project in prompts.chain(specs).chain(EXAMPLES.iter().map(|example| built(example))) {
        let ended = project.cargo(&["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"], &[]);
        assert_eq!(ended.code, Some(0), "{}\n{}", project.folder.display(), ended.errors);
    }
}
