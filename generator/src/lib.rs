//! Turns a validated spec into the project that its founder owns.
