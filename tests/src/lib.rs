//! Whole-system tests: one binary, real parts.
