//! What leaves an app: messages, and packets by a link (CL-3, CL-7, CF-23). A spec that says both becomes an app that keeps
//! its promises on both databases; what only this spec says is tried by tests of its own, which are put beside the app's.

use std::fs;

use crate::healthcoder::root;
use crate::project::Project;
use crate::prompts::is_sound;

/// The app's own tests, and more of the same kind.
const MORE: &str = include_str!("packets/more.rs");

/// CL-7: a link that is passed on shows nothing; a reminder goes once; what is revoked dies.
#[test]
fn what_leaves_an_app_tells_nothing_on_the_way() {
    let path = root().join("generator/tests/specs/packet-clinic.yaml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let project = Project::written(&text, "packet-clinic", |files| {
        files.files.get_mut("tests/app/sharing.rs").expect("it has tests of what it sends").push_str(MORE);
    });
    is_sound(&project, "packet-clinic");
}
