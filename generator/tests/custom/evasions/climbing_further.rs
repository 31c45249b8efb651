// tries: climbs from a module within a module
// finds: path: leads out of src/custom

mod inner {
    pub fn front() -> bool {
        let _ = super::super::seed::seed;
        true
    }
}
