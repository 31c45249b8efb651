//! Plans a file and prints the spec: `cargo run -p planner --example plan FILE`.
#![allow(clippy::print_stdout, reason = "this is what it is for")]

use planner::PlanError;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        println!("=== {path}");
        match planner::plan(&std::fs::read_to_string(&path)?) {
            Ok(plan) => println!("{}", plan.text),
            Err(PlanError::Blocked { sentences, .. }) => println!("BLOCKED: {sentences:#?}"),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
