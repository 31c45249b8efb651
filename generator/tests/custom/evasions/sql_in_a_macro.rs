// tries: begins a statement within the arguments of an allowed macro
// finds: path: SQL past the policy

use safeguards::slice::prelude::*;

pub fn shown() -> String {
    format!("{:?}", sql("SELECT name FROM patients"))
}
