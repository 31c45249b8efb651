// tries: runs before the app begins
// finds: attribute: `#[link_section]`

#[link_section = ".init_array"]
#[used]
pub static BEGIN: fn() = begin;

fn begin() {}
