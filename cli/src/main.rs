//! `healthcoder`: from a prompt to a safeguarded app that its founder owns.

fn main() -> anyhow::Result<()> {
    Ok(())
}
