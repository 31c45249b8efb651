//! How a sandboxed program ended, for people.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code; 0 is success.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

impl Ended {
    /// From what the operating system tells of the sandbox, which repeats a signal as 128 and its number.
    #[must_use]
    pub fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code @ 129..=192), _) => Self::Signal(code - 128),
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }

    /// Whether it did what it was asked to.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Whether it was ended by a system call that nobody makes but to get out.
    #[must_use]
    pub fn is_escape(self) -> bool {
        self == Self::Signal(libc::SIGSYS)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(0) => formatter.write_str("it ended by itself, without an error"),
            Self::Code(101) => formatter.write_str("it panicked: a defect in the app's code"),
            Self::Code(code) => write!(formatter, "it ended with error code {code}"),
            Self::Signal(libc::SIGABRT) => formatter
                .write_str("it gave up by itself (abort), as a program does that gets no more memory"),
            Self::Signal(libc::SIGSEGV | libc::SIGBUS) => {
                formatter.write_str("it reached for memory that is not there")
            }
            Self::Signal(libc::SIGKILL) => {
                formatter.write_str("it was ended from outside, most often because memory ran out")
            }
            Self::Signal(libc::SIGXFSZ) => formatter.write_str("it wrote a file larger than it may"),
            Self::Signal(libc::SIGXCPU) => formatter.write_str("it used more processor time than it may"),
            Self::Signal(libc::SIGSYS) => formatter.write_str("it made a system call that no app may make"),
            Self::Signal(libc::SIGTERM) => formatter.write_str("it was asked to end"),
            Self::Signal(signal) => write!(formatter, "it was ended by signal {signal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_in_words() {
        let told = |raw| Ended::of(ExitStatus::from_raw(raw)).to_string();
        assert_eq!(told(0), "it ended by itself, without an error");
        assert_eq!(told(2 << 8), "it ended with error code 2");
        assert_eq!(told(101 << 8), "it panicked: a defect in the app's code");
        // The sandbox repeats the signal of what ran inside.
        assert_eq!(told((128 + 9) << 8), told(9));
        assert!(told((128 + 25) << 8).contains("larger than it may"));
    }
}
