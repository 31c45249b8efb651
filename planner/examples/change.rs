//! Plans a file, applies wishes to the plan one after another, and prints what is different:
//! `cargo run -p planner --example change FILE WISH…`.
#![allow(clippy::print_stdout, reason = "this is what it is for")]

use spec::{Lock, validate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let prompt = std::fs::read_to_string(words.next().ok_or("which file?")?)?;
    let mut app =
        validate(planner::plan(&prompt)?.spec, &Lock::default()).map_err(|problems| problems.to_string())?;
    for wish in words {
        println!("# {wish}");
        match planner::change(&app, &wish) {
            Ok(changed) => {
                changed.differences.iter().for_each(|line| println!("{line}"));
                for widening in &changed.widened {
                    println!(
                        "  opens: {} {} {} {:?} new={}",
                        widening.role,
                        widening.action,
                        widening.entity,
                        widening.fields.len(),
                        widening.is_new
                    );
                }
                changed.loses.iter().for_each(|line| println!("  loses: {line}"));
                changed.questions.iter().for_each(|one| println!("  asks: {}", one.ask));
                changed.not_understood.iter().for_each(|line| println!("  not understood: {line}"));
                app = validate(changed.spec, app.lock()).map_err(|problems| problems.to_string())?;
            }
            Err(error) => println!("  {error}"),
        }
    }
    Ok(())
}
