//! `healthcoder`: from a prompt to a safeguarded app that its founder owns.

mod arguments;
mod commands;
mod diagnostics;
mod outcome;
mod platform;
mod progress;
mod project;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    outcome::end(commands::run(arguments), json)
}
