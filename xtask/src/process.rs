//! Starting other programs, and saying which one failed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lies in the workspace").to_path_buf()
}

/// `cargo`, in the workspace's root, without the variables that an outer cargo set: an inner build would
/// read them as its own and compile `ring`-like crates anew.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_")
            || matches!(name.as_str(), "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "RUSTC")
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end, with its output on ours.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
