// tries: takes the state of the router
// finds: path: is the server below

use safeguards::axum::extract::State;

pub fn state<T>(State(_): State<T>) {}
