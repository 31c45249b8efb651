// tries: the same, if it is there
// finds: macro: `option_env!`

pub const TOKEN: Option<&str> = option_env!("TOKEN");
