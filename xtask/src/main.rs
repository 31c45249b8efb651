//! The project's own chores.

fn main() -> anyhow::Result<()> {
    Ok(())
}
