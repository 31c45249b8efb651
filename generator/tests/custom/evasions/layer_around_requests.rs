// tries: puts a layer around requests
// finds: member: `layer`

use safeguards::slice::Routes;

pub fn routes() -> Routes {
    Routes::new().layer(crate::custom::nothing())
}

pub fn nothing() -> u8 {
    0
}
