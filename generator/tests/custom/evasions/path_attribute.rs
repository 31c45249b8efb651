// tries: takes a module from elsewhere
// finds: attribute: `#[path]`

#[path = "../../../elsewhere.rs"]
mod elsewhere;
