//! Turns a prompt into a spec, offline.
