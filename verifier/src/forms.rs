//! Every form in which a value could lie in a file, and the search for all of them at once.

use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::trouble::{Result, Trouble};

/// The forms of one value, each with its name.
pub(crate) fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = value.as_bytes();
    let lower: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let url: String = form_urlencoded::byte_serialize(bytes).collect();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let mut forms = vec![
        ("plain text", bytes.to_vec()),
        ("hexadecimal digits", lower.to_uppercase().into_bytes()),
        ("hexadecimal digits", lower.into_bytes()),
        ("an encoded address", percent.into_bytes()),
        ("UTF-16, little end first", value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, big end first", value.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("reversed text", bytes.iter().rev().copied().collect()),
    ];
    if url.as_bytes() != bytes {
        forms.push(("an encoded address", url.into_bytes()));
    }
    for before in 0..3 {
        // Within something longer a value begins at any of three places of a group of four letters.
        let shifted = [vec![0; before], bytes.to_vec()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&shifted);
            let (first, last) = ((before * 8).div_ceil(6), shifted.len() / 3 * 4);
            forms.push(("base64", text.as_bytes()[first..last].to_vec()));
        }
    }
    forms.retain(|(_, bytes)| bytes.len() >= 6);
    forms
}

/// Seeks values in all their forms.
pub(crate) struct Search {
    automaton: AhoCorasick,
    names: Vec<String>,
}

impl Search {
    /// For values, each with a name under which it is told: never the value itself.
    pub(crate) fn new<'v>(values: impl IntoIterator<Item = (String, &'v str)>) -> Result<Self> {
        let (mut patterns, mut names) = (Vec::new(), Vec::new());
        for (name, value) in values {
            for (form, bytes) in forms(value) {
                patterns.push(bytes);
                names.push(format!("{name} as {form}"));
            }
        }
        let automaton = AhoCorasick::new(patterns).map_err(|error| Trouble::unexpected(error.to_string()))?;
        Ok(Self { automaton, names })
    }

    /// What is found in bytes, each once.
    pub(crate) fn of_bytes(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let hits = self.automaton.find_overlapping_iter(bytes);
        let mut found: Vec<String> =
            hits.map(|hit| format!("{place}: {}", self.names[hit.pattern().as_usize()])).collect();
        found.sort();
        found.dedup();
        found
    }

    /// What is found in the files of a folder.
    pub(crate) fn of_folder(&self, folder: &Path) -> Vec<String> {
        let found = files(folder).into_iter().flat_map(|file| {
            let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            // A file that is gone meanwhile holds nothing.
            fs::read(&file).map(|bytes| self.of_bytes(&name, &bytes)).unwrap_or_default()
        });
        found.collect()
    }
}

/// Every file of a folder, however deep.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.map_while(std::result::Result::ok) {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// How random bytes are: bits of entropy a byte, 8 for what is sealed or packed.
pub(crate) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let all = bytes.len() as f64;
    let share = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_found_in_the_middle_of_other_bytes() {
        let value = "Kormbat Zwelivu";
        let search = Search::new([("it".to_owned(), value)]).expect("the patterns fit");
        for (form, bytes) in forms(value) {
            let hidden = [b"\0\xff<<".as_slice(), &bytes, b">>\0"].concat();
            assert!(!search.of_bytes("there", &hidden).is_empty(), "{form}");
        }
        assert!(search.of_bytes("there", b"Kormbat Zweliv").is_empty());
    }

    #[test]
    fn what_is_even_is_random_and_what_repeats_is_not() {
        let even: Vec<u8> = (0..=255).collect();
        assert!(entropy(&even) > 7.99 && entropy(&[7; 4096]) < 0.01);
    }
}
