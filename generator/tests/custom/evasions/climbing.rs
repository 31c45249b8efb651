// tries: climbs to the app by super
// finds: path: leads out of src/custom

pub fn front() -> bool {
    let _ = super::http::routes;
    true
}
