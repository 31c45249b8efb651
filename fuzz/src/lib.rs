//! What is fuzzed: a module for each target, which says what a run is given and what must not be.
//!
//! `fuzz_targets/` hands them to libFuzzer; `tests/system/fuzz.rs` runs each of them for a moment with every change.

pub mod targets {
    pub mod archive;
    #[cfg(feature = "app")]
    pub mod audit;
    #[cfg(feature = "app")]
    pub mod cookies;
    pub mod custom;
    pub mod deidentify;
    #[cfg(feature = "app")]
    pub mod edge;
    pub mod generator;
    #[cfg(feature = "app")]
    pub mod jwt;
    #[cfg(feature = "app")]
    pub mod multipart;
    pub mod planner;
    pub mod spec;
}
