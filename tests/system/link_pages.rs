//! Pages by link (construct 24): a patient fills a form in at home, by a link and a code, on both databases.

use crate::project::Project;
use crate::prompts::is_sound;

/// CL-7, CF-6: the app's own tests try the link, the code, the answer, a second answer, and a link that is revoked in between.
#[test]
fn a_patient_fills_a_form_in_by_a_link() {
    is_sound(&Project::of_spec("waiting-room"), "waiting-room");
}
