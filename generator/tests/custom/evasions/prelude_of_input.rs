// tries: takes the prelude of input and output
// finds: path: takes everything

use std::io::prelude::*;

pub fn nothing() {}
