// tries: asks for the session by the method's path
// finds: member: `session`

use safeguards::slice::prelude::*;

pub fn held(viewers: Vec<Viewer>) -> usize {
    viewers.iter().map(Viewer::session).count()
}
