//! What is going on and how far it is, on standard error. With `--json`, or where nobody watches, each step is
//! one line and nothing moves.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    animated: bool,
}

impl Progress {
    /// Animated only for a person at a terminal.
    pub(crate) fn new(json: bool) -> Self {
        Self { animated: !json && std::io::stderr().is_terminal() }
    }

    /// A remark.
    pub(crate) fn say(self, text: &str) {
        eprintln!("{text}");
    }

    /// A step of unknown length.
    pub(crate) fn step(self, name: &str) -> Step {
        let bar = ProgressBar::new_spinner().with_message(name.to_owned());
        self.start(bar, "{spinner} {msg} ({elapsed})", name)
    }

    /// A step of about `length` parts.
    pub(crate) fn counted(self, name: &str, length: u64) -> Step {
        let bar = ProgressBar::new(length).with_prefix(name.to_owned());
        self.start(bar, "{spinner} {prefix} [{bar:24}] {pos}/{len} {wide_msg} {elapsed}", name)
    }

    fn start(self, bar: ProgressBar, template: &str, name: &str) -> Step {
        let style = ProgressStyle::with_template(template).expect("the template is one of the two above");
        bar.set_style(style.progress_chars("=> "));
        if self.animated {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            eprintln!("{name} …");
        }
        Step { bar, name: name.to_owned(), animated: self.animated }
    }
}

/// A step under way.
pub(crate) struct Step {
    bar: ProgressBar,
    name: String,
    animated: bool,
}

impl Step {
    /// One part more is done.
    pub(crate) fn advance(&self, what: &str) {
        // The length is an estimate: it grows rather than let the bar pass its end.
        if self.bar.length().is_some_and(|length| self.bar.position() + 1 >= length) {
            self.bar.inc_length(1);
        }
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
        let done = self.bar.position();
        if !self.animated && done.is_multiple_of(50) {
            eprintln!("{} … {done} of about {}", self.name, self.bar.length().unwrap_or(done));
        }
    }

    /// How it stands, for a person at a terminal.
    pub(crate) fn note(&self, what: &str) {
        self.bar.set_message(format!("{}: {what}", self.name));
    }

    /// The step is over.
    pub(crate) fn done(&self, outcome: &str) {
        let elapsed = self.bar.elapsed();
        self.bar.finish_and_clear();
        eprintln!("✓ {outcome} ({:.1} s)", elapsed.as_secs_f32());
    }

    /// The step ended badly; the error itself is told elsewhere.
    pub(crate) fn failed(&self) {
        self.bar.finish_and_clear();
        eprintln!("✗ {}", self.name);
    }
}
