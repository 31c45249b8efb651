//! Killing a process at a chosen place, without a process.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The places at which a killed process makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The operation is leased, and nothing was done.
    Taken,
    /// The outside effects are done, and nothing was written.
    Worked,
    /// Everything is written, and not committed.
    Written,
    /// It is committed, and nobody was told.
    Committed,
}

impl Boundary {
    /// Every boundary of a step, in its order.
    pub const ALL: [Self; 4] = [Self::Taken, Self::Worked, Self::Written, Self::Committed];
}

/// Decides whether the process "dies" here. In production it never does.
pub trait Faults: fmt::Debug + Send + Sync {
    /// True to stop at this boundary of this step of this kind of work.
    fn stops(&self, kind: &str, step: &str, boundary: Boundary) -> bool;
}

/// Never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn stops(&self, _kind: &str, _step: &str, _boundary: Boundary) -> bool {
        false
    }
}

/// Stops once, at the n-th boundary that is passed, and remembers which it was.
#[derive(Debug)]
pub struct StopAt {
    left: Mutex<Option<usize>>,
    stopped: Mutex<Option<(String, Boundary)>>,
}

impl StopAt {
    /// Stops at the boundary of this number, counted from 0 over all steps.
    #[must_use]
    pub fn boundary(number: usize) -> Self {
        Self { left: Mutex::new(Some(number)), stopped: Mutex::default() }
    }

    /// Where it stopped, if it did: the step and its boundary.
    #[must_use]
    pub fn stopped(&self) -> Option<(String, Boundary)> {
        self.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Stops once, the first time that this boundary of this step is passed.
#[derive(Debug)]
pub struct StopOnce {
    kind: &'static str,
    step: &'static str,
    boundary: Boundary,
    stopped: AtomicBool,
}

impl StopOnce {
    /// Stops at this boundary of this step of this kind of work.
    #[must_use]
    pub fn at(kind: &'static str, step: &'static str, boundary: Boundary) -> Self {
        Self { kind, step, boundary, stopped: AtomicBool::new(false) }
    }

    /// Whether it was passed.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Faults for StopOnce {
    fn stops(&self, kind: &str, step: &str, boundary: Boundary) -> bool {
        let here = (kind, step, boundary) == (self.kind, self.step, self.boundary);
        here && !self.stopped.swap(true, Ordering::Relaxed)
    }
}

impl Faults for StopAt {
    fn stops(&self, kind: &str, step: &str, boundary: Boundary) -> bool {
        let mut left = self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match *left {
            Some(0) => {
                *left = None;
                *self.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some((format!("{kind}/{step}"), boundary));
                true
            }
            Some(more) => {
                *left = Some(more - 1);
                false
            }
            None => false,
        }
    }
}
