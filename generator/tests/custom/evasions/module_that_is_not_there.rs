// tries: declares a module that has no file
// finds: path: `missing::read`

mod missing;

pub fn passwords() -> bool {
    let _ = missing::read;
    true
}
