// tries: reads accounts
// finds: path: is how people sign in

use safeguards::identity::Identity;

pub fn known(_: &Identity) {}
