// tries: hands the function on as a value, without a call
// finds: path: SQL past the policy

use safeguards::slice::prelude::*;

pub fn chosen() -> usize {
    let begin = sql;
    std::mem::take(&mut vec![begin("SELECT 1")]).len()
}
