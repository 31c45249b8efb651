//! A control group: limits over all processes of a sandbox together, where the machine lends one.
//!
//! Version 2 wants the controllers `memory` and `pids` delegated to us; version 1 has a tree for each. Where there
//! is neither, the limits of each process stand alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use super::Limits;

const ROOT: &str = "/sys/fs/cgroup";
const OURS: &str = "healthcoder";

/// Folders that a process which was still ending kept, to be removed when the next one is made.
static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Folders of the kernel's that bound one sandbox; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Group {
    folders: Vec<PathBuf>,
}

impl Group {
    /// A group for one sandbox, or nothing where the machine lends none.
    pub(super) fn make(name: &str, limits: &Limits) -> Option<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        static FIRST: Once = Once::new();
        FIRST.call_once(sweep);
        LEFT.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| fs::remove_dir(folder).is_err());
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let leaf = format!("{name}-{}-{number}", std::process::id());
        let root = Path::new(ROOT);
        let group = Self { folders: Vec::new() };
        if root.join("cgroup.controllers").exists() {
            group.unified(root, &leaf, limits)
        } else {
            group.divided(root, &leaf, limits)
        }
    }

    /// Version 2: one tree.
    fn unified(mut self, root: &Path, leaf: &str, limits: &Limits) -> Option<Self> {
        let parent = root.join(OURS);
        fs::create_dir_all(&parent).ok()?;
        fs::write(parent.join("cgroup.subtree_control"), "+memory +pids").ok()?;
        let folder = parent.join(leaf);
        self.add(folder.clone()).ok()?;
        // Swap would let a program take what it may not; a machine without swap has no such file.
        let _ = fs::write(folder.join("memory.swap.max"), "0");
        set(&folder, "memory.max", limits.memory).ok()?;
        set(&folder, "pids.max", limits.processes).ok()?;
        Some(self)
    }

    /// Version 1: a tree for each controller.
    fn divided(mut self, root: &Path, leaf: &str, limits: &Limits) -> Option<Self> {
        let files =
            [("memory", "memory.limit_in_bytes", limits.memory), ("pids", "pids.max", limits.processes)];
        for (controller, file, value) in files {
            let parent = root.join(controller).join(OURS);
            fs::create_dir_all(&parent).ok()?;
            let folder = parent.join(leaf);
            self.add(folder.clone()).ok()?;
            set(&folder, file, value).ok()?;
        }
        Some(self)
    }

    fn add(&mut self, folder: PathBuf) -> io::Result<()> {
        fs::create_dir(&folder)?;
        self.folders.push(folder);
        Ok(())
    }

    /// A command that enters the group and then becomes its arguments, so that no process of it is ever outside.
    pub(super) fn entering(&self) -> Command {
        const ENTER: &str = r#"until [ "$1" = -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done
shift; exec "$@""#;
        let mut command = Command::new("/usr/bin/sh");
        command.args(["-c", ENTER, "sh"]).args(&self.folders).arg("--");
        command
    }
}

fn set(folder: &Path, file: &str, value: u64) -> io::Result<()> {
    fs::write(folder.join(file), value.to_string())
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            match fs::remove_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(folder.clone());
                }
                _ => {}
            }
        }
    }
}

/// Removes what an earlier run of ours left: groups that are named after a process that is gone.
fn sweep() {
    let trees = [
        Path::new(ROOT).join(OURS),
        Path::new(ROOT).join("memory").join(OURS),
        Path::new(ROOT).join("pids").join(OURS),
    ];
    for entry in trees.iter().filter_map(|tree| fs::read_dir(tree).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name.rsplit('-').nth(1).and_then(|number| number.parse::<u32>().ok());
        if maker.is_some_and(|maker| !Path::new("/proc").join(maker.to_string()).exists()) {
            // One that somebody is still in stays.
            let _ = fs::remove_dir(entry.path());
        }
    }
}
