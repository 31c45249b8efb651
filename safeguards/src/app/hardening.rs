//! What the process gives up before it holds a key or a record.

use std::io;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask,
};

/// No core dumps, no reading of this process's memory by others of the same user, and files that only
/// their owner can read. A crash must not leave records in a file (invariant 10).
pub(super) fn harden() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

/// Descriptors of the database, of files and of the log, beside those of callers.
const BESIDE: usize = 1024;

/// Room for so many connections, as far as the system allows: many systems begin at 1,024 descriptors, and with none left no
/// caller could be taken for whom a slow one would have to leave.
pub(super) fn widen(connections: usize) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(connections + BESIDE).unwrap_or(u64::MAX);
    let wanted = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
    }
    Ok(())
}
