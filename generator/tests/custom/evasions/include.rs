// tries: takes code out of a file that is not read
// finds: macro: `include!`

include!("../../notes.txt");
