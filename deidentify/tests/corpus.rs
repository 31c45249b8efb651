//! The gate's figures on the corpus: recall and precision by kind, and how many clean sentences it stops.
//!
//! `cargo nextest run -p deidentify figures --no-capture` prints them. Both halves hold to the goals; what fails is
//! shown for the half that rules were tuned on, of the other only the totals are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use deidentify::{Kind, scan};

mod values;

use values::{Fill, VALUES};

const IDENTIFYING: &str = include_str!("../corpus/identifying.txt");
const CLEAN: &str = include_str!("../corpus/clean.txt");
/// Fillings of each template.
const FILLINGS: usize = 3;

/// An identifier that somebody put into a sentence.
struct Planted {
    kind: Kind,
    /// A name beside which nothing says that it is one.
    bare: bool,
    range: Range<usize>,
}

struct Sentence {
    text: String,
    planted: Vec<Planted>,
}

/// Half of the lines, by a hash of the line (FNV-1a).
fn is_unseen(line: &str) -> bool {
    let hash = line.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32).is_multiple_of(2)
}

/// A template with its slots filled; which values, the line and the filling decide.
fn filled(line: &str, filling: usize) -> Sentence {
    let mut sentence = Sentence { text: String::new(), planted: Vec::new() };
    let mut seed = line.len() * 7 + filling * 13;
    let mut rest = line;
    while let Some(open) = rest.find('{') {
        let slot = rest[open + 1..].find('}').map(|close| &rest[open + 1..open + 1 + close]);
        let Some((slot, fill)) =
            slot.and_then(|slot| Fill::named(slot.trim_end_matches('!')).map(|fill| (slot, fill)))
        else {
            sentence.text.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        };
        sentence.text.push_str(&rest[..open].replace("\\n", "\n"));
        let value = fill.values[seed % fill.values.len()];
        seed += 5;
        let start = sentence.text.len();
        sentence.text.push_str(value);
        sentence.planted.push(Planted {
            kind: fill.kind,
            bare: slot.ends_with('!'),
            range: start..sentence.text.len(),
        });
        rest = &rest[open + slot.len() + 2..];
    }
    sentence.text.push_str(&rest.replace("\\n", "\n"));
    sentence
}

#[derive(Default)]
struct Tally {
    planted: usize,
    found: usize,
    claimed: usize,
    right: usize,
}

impl Tally {
    fn recall(&self) -> f64 {
        self.found as f64 / self.planted.max(1) as f64
    }
}

#[derive(Default)]
struct Figures {
    kinds: BTreeMap<Kind, Tally>,
    bare_names: Tally,
    sentences: usize,
    clean: usize,
    stopped: usize,
    missed: Vec<String>,
}

impl Figures {
    fn of(unseen: bool) -> Self {
        let mut figures = Self::default();
        for line in IDENTIFYING.lines().filter(|line| is_unseen(line) == unseen) {
            for filling in 0..FILLINGS {
                figures.judge(&filled(line, filling));
            }
        }
        for line in CLEAN.lines().filter(|line| is_unseen(line) == unseen) {
            figures.clean += 1;
            let found = scan(line);
            if !found.is_empty() {
                figures.stopped += 1;
                let texts: Vec<_> =
                    found.iter().map(|finding| (finding.kind, &line[finding.range.clone()])).collect();
                figures.missed.push(format!("stopped: {line} {texts:?}"));
            }
        }
        figures
    }

    fn judge(&mut self, sentence: &Sentence) {
        self.sentences += 1;
        let found = scan(&sentence.text);
        for planted in &sentence.planted {
            // All of it must be gone; what it is called does not matter to who is protected.
            let covered = planted.range.clone().all(|at| {
                let byte = sentence.text.as_bytes()[at];
                !byte.is_ascii_alphanumeric() || found.iter().any(|finding| finding.range.contains(&at))
            });
            let tally =
                if planted.bare { &mut self.bare_names } else { self.kinds.entry(planted.kind).or_default() };
            tally.planted += 1;
            tally.found += usize::from(covered);
            if !covered {
                self.missed.push(format!("missed {}: {}", planted.kind, sentence.text));
            }
        }
        for finding in &found {
            let tally = self.kinds.entry(finding.kind).or_default();
            tally.claimed += 1;
            tally.right += usize::from(sentence.planted.iter().any(|planted| {
                planted.range.start < finding.range.end && finding.range.start < planted.range.end
            }));
        }
    }

    fn structured(&self) -> Tally {
        let mut all = Tally::default();
        for (_, tally) in self.kinds.iter().filter(|(kind, _)| **kind != Kind::Name) {
            all.planted += tally.planted;
            all.found += tally.found;
        }
        all
    }

    fn table(&self, half: &str) -> String {
        let mut table = format!(
            "{half}: {} sentences with identifiers, {} clean, {} of these stopped ({:.1} %)\n",
            self.sentences,
            self.clean,
            self.stopped,
            100.0 * self.stopped as f64 / self.clean.max(1) as f64
        );
        let _ = writeln!(table, "| kind | planted | recall | precision |\n|---|---|---|---|");
        for (kind, tally) in &self.kinds {
            let precision = tally.right as f64 / tally.claimed.max(1) as f64;
            let _ =
                writeln!(table, "| {kind} | {} | {:.3} | {precision:.3} |", tally.planted, tally.recall());
        }
        let _ = writeln!(
            table,
            "| name without a cue | {} | {:.3} | |",
            self.bare_names.planted,
            self.bare_names.recall()
        );
        let _ = writeln!(table, "structured kinds together: recall {:.3}", self.structured().recall());
        table
    }

    fn clean_stopped(&self) -> f64 {
        self.stopped as f64 / self.clean.max(1) as f64
    }
}

/// HC-6, CC-2: the goals of the gate, on the half that no rule was tuned on.
#[test]
fn figures_reach_their_goals() {
    let (tuned, unseen) = (Figures::of(false), Figures::of(true));
    eprintln!("{}\n{}", tuned.table("tune"), unseen.table("unseen"));
    for missed in &tuned.missed {
        eprintln!("{missed}");
    }
    for (half, figures) in [("tune", &tuned), ("unseen", &unseen)] {
        assert!(figures.structured().recall() >= 0.98, "{half}: recall on structured kinds");
        assert!(figures.kinds[&Kind::Name].recall() >= 0.90, "{half}: recall on names with cues");
        assert!(figures.clean_stopped() < 0.02, "{half}: clean sentences are stopped");
    }
    let sentences = tuned.sentences + tuned.clean + unseen.sentences + unseen.clean;
    assert!(sentences >= 1000, "the corpus has {sentences} sentences");
}

#[test]
fn every_kind_of_the_rule_is_tried() {
    for kind in Kind::ALL {
        let tried = VALUES
            .iter()
            .any(|fill| fill.kind == kind && IDENTIFYING.contains(&format!("{{{}}}", fill.slot)));
        // (P) has no text of its own: a number of a print is tried by the slot `code` beside its word.
        assert!(tried || kind == Kind::Biometric || kind == Kind::Fax, "{kind} stands in no template");
    }
}
