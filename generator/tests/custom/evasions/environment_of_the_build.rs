// tries: reads the environment of whoever builds
// finds: macro: `env!`

pub const TOKEN: &str = env!("TOKEN");
