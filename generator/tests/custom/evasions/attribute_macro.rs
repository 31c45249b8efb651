// tries: runs a macro of another crate as an attribute
// finds: attribute: `#[tokio::main]`

#[tokio::main]
pub async fn begin() {}
