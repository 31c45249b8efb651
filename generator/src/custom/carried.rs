//! Custom code on its way to where it is built: the files below `src/custom/`, as text, within bounds.
//!
//! Both sides hold it to the same: who sends it, so that a mistake is told before anything leaves, and who receives it, who
//! believes nothing. A path is made of plain names only, so that it lies where it says on every system.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::{FOLDER, Finding, Rule, Sources, aside, check, crates};
use crate::{Edits, Project, WriteError, Written};

/// The most files.
pub const MOST_FILES: usize = 64;
/// The most bytes of a file.
pub const LONGEST_FILE: usize = 128 << 10;
/// The most bytes of all files together.
pub const LONGEST_CODE: usize = 512 << 10;
/// The most names of a path below the folder, and the most bytes of it.
const DEEPEST: usize = 8;
const LONGEST_PATH: usize = 200;
/// Where its modules begin.
const ROOT: &str = "src/custom/mod.rs";

/// The files of `src/custom`, by their paths in the project, such as `src/custom/mod.rs`; or none. A founder may have written
/// anybody into them, so it is not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CustomCode {
    files: BTreeMap<String, String>,
}

impl CustomCode {
    /// Takes files of which nothing is known.
    ///
    /// # Errors
    /// Everything that is wrong with their paths, their number and their sizes. What they say is for [`CustomCode::check`].
    pub fn parse(files: BTreeMap<String, String>) -> Result<Self, Vec<Finding>> {
        let mut found = Vec::new();
        if files.len() > MOST_FILES {
            found.push(refused(
                FOLDER,
                format!("it has {} files, and may have {MOST_FILES}", files.len()),
                "Put what belongs together into one module",
            ));
        }
        let bytes: usize = files.values().map(String::len).sum();
        if bytes > LONGEST_CODE {
            found.push(refused(
                FOLDER,
                format!("it is longer than {} KiB altogether", LONGEST_CODE >> 10),
                "Take out what the app does not use",
            ));
        }
        for (path, text) in &files {
            if let Some((message, instead)) = wrong_path(path) {
                let path: String = path.chars().take(LONGEST_PATH).collect();
                found.push(refused(path, message, instead));
            } else if text.len() > LONGEST_FILE {
                found.push(too_long(path));
            }
        }
        if !files.is_empty() && !files.contains_key(ROOT) {
            found.push(refused(ROOT, "it is not there, so no other file is part of the app", ROOT_INSTEAD));
        }
        if found.is_empty() { Ok(Self { files }) } else { Err(found) }
    }

    /// What lies in a project's folder. Links are seen, and not followed; no file is read beyond its bound.
    ///
    /// # Errors
    /// The disk said no. The inner error is everything that is wrong with the files, as [`CustomCode::parse`] has it.
    pub fn read(project: &Path) -> io::Result<Result<Self, Vec<Finding>>> {
        let mut reading = Reading { project, files: BTreeMap::new(), found: Vec::new() };
        for folder in ["src", FOLDER] {
            match fs::symlink_metadata(project.join(folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(Self::default())),
                Err(error) => return Err(error),
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Ok(Err(vec![no_plain_file(folder)])),
            }
        }
        reading.folder(FOLDER, 0)?;
        let Reading { files, found, .. } = reading;
        Ok(match (found.is_empty(), Self::parse(files)) {
            (true, parsed) => parsed,
            (false, Ok(_)) => Err(found),
            (false, Err(more)) => Err(found.into_iter().chain(more).collect()),
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Its files by their paths in the project.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The same without anything where it is what every project begins with, which does nothing.
    #[must_use]
    pub fn without_starter(self, project: &Project) -> Self {
        let is_starter = self.files.len() == 1 && self.files.get(ROOT) == project.files.get(ROOT);
        if is_starter { Self::default() } else { self }
    }

    /// What the lint finds in it, beside the project that it joins, and crates that this project is built without.
    #[must_use]
    pub fn check(&self, project: &Project) -> Vec<Finding> {
        let generated = project.files.iter().filter(|(path, _)| {
            path.as_str() == "Cargo.toml" || (path.starts_with("src/") && !path.starts_with(FOLDER))
        });
        let sources = generated.chain(&self.files).map(|(path, text)| (path.clone(), text.clone()));
        let mut found = check(&Sources::of(sources));
        let manifest = project.files.get("Cargo.toml").map_or("", String::as_str);
        found.extend(aside(|| crates::missing(&self.files, manifest)));
        found.sort();
        found.dedup();
        found
    }

    /// Writes a project, as it was generated, with this code and no other: what lay in `src/custom` is gone. Where there is
    /// none, it has what every project begins with.
    ///
    /// # Errors
    /// As [`crate::write()`].
    pub fn write(&self, project: &Project, target: &Path) -> Result<Written, WriteError> {
        let folder = target.join(FOLDER);
        let disk = |path: &Path, source| WriteError::Disk { path: path.to_owned(), source };
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(&folder, error)),
            _ => {}
        }
        let written = crate::write(project, target, Edits::Overwrite)?;
        for (path, text) in &self.files {
            let file = target.join(path);
            let laid =
                fs::create_dir_all(file.parent().unwrap_or(&folder)).and_then(|()| fs::write(&file, text));
            laid.map_err(|error| disk(&file, error))?;
        }
        Ok(written)
    }
}

impl fmt::Debug for CustomCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomCode").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

struct Reading<'a> {
    project: &'a Path,
    files: BTreeMap<String, String>,
    found: Vec<Finding>,
}

impl Reading<'_> {
    fn folder(&mut self, below: &str, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(self.project.join(below))? {
            // What is beyond the bounds is refused by them, and need not be read.
            if self.files.len() > MOST_FILES {
                return Ok(());
            }
            let entry = entry?;
            let path = format!("{below}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if depth < DEEPEST {
                    self.folder(&path, depth + 1)?;
                } else {
                    self.found.push(refused(path, "it lies too deep", NAMES_INSTEAD));
                }
            } else if kind.is_file() {
                self.file(path, &entry.path())?;
            } else {
                self.found.push(no_plain_file(&path));
            }
        }
        Ok(())
    }

    fn file(&mut self, path: String, at: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        let most = u64::try_from(LONGEST_FILE).unwrap_or(u64::MAX);
        fs::File::open(at)?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() > LONGEST_FILE {
            self.found.push(too_long(&path));
        } else if let Ok(text) = String::from_utf8(bytes) {
            self.files.insert(path, text);
        } else {
            self.found.push(refused(
                path,
                "it is no text in UTF-8",
                "Keep sources of Rust here, and nothing else",
            ));
        }
        Ok(())
    }
}

const ROOT_INSTEAD: &str = "Begin with src/custom/mod.rs, which declares the other modules";
const NAMES_INSTEAD: &str =
    "Name files as modules are named: src/custom/mod.rs, src/custom/doses.rs; lower case, digits and _";

fn refused(file: impl Into<String>, message: impl Into<String>, instead: &str) -> Finding {
    Finding::of_file(file, Rule::File, message, instead)
}

fn too_long(path: &str) -> Finding {
    let message = format!("it is longer than {} KiB", LONGEST_FILE >> 10);
    refused(path, message, "Split it into modules of src/custom")
}

fn no_plain_file(path: &str) -> Finding {
    refused(path, "it is a link or no plain file", "Put the file itself here")
}

/// What is wrong with a path, and what to do instead.
fn wrong_path(path: &str) -> Option<(&'static str, &'static str)> {
    let Some(below) = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/')) else {
        return Some(("it does not lie in src/custom", NAMES_INSTEAD));
    };
    let Some(modules) = below.strip_suffix(".rs") else {
        return Some(("it is no source of Rust", "Write what it holds as constants of a module"));
    };
    let lawful = |name: &str| {
        name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if path.len() > LONGEST_PATH || modules.split('/').count() > DEEPEST {
        return Some(("its path is too long", "Put it nearer to src/custom"));
    }
    (!modules.split('/').all(lawful)).then_some(("it has a name that no module has", NAMES_INSTEAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(files: &[(&str, &str)]) -> Result<CustomCode, Vec<String>> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        CustomCode::parse(files.collect()).map_err(|found| found.iter().map(ToString::to_string).collect())
    }

    /// A path that leads elsewhere, or lies elsewhere on another system, is none.
    #[test]
    fn a_path_lies_below_the_folder_and_nowhere_else() {
        for path in
            ["src/custom/mod.rs", "src/custom/doses.rs", "src/custom/a/b_2/mod.rs", "src/custom/_x.rs"]
        {
            assert!(code(&[("src/custom/mod.rs", ""), (path, "")]).is_ok(), "{path}");
        }
        let wrong = [
            "",
            "mod.rs",
            "src/main.rs",
            "src/custom",
            "src/custom/",
            "src/custom.rs",
            "src/customs/mod.rs",
            "/src/custom/mod.rs",
            "./src/custom/mod.rs",
            "src/custom/../main.rs",
            "src/custom/./a.rs",
            "src/custom//a.rs",
            "src/custom/a/../../main.rs",
            "src\\custom\\mod.rs",
            "src/custom/a\\b.rs",
            "src/custom/.rs",
            "src/custom/.hidden.rs",
            "src/custom/a.b.rs",
            "src/custom/Mod.rs",
            "src/custom/1a.rs",
            "src/custom/a b.rs",
            "src/custom/a\u{0}.rs",
            "src/custom/a\n.rs",
            "src/custom/dös.rs",
            "src/custom/build.toml",
            "src/custom/mod.rs/",
            "src/custom/a/b/c/d/e/f/g/h/i.rs",
            "build.rs",
            "Cargo.toml",
            ".cargo/config.toml",
        ];
        for path in wrong {
            let refused = code(&[("src/custom/mod.rs", ""), (path, "")]).unwrap_err();
            assert_eq!(refused.len(), 1, "{path}: {refused:?}");
        }
        let long = format!("src/custom/{}.rs", "a".repeat(LONGEST_PATH));
        assert!(code(&[("src/custom/mod.rs", ""), (&long, "")]).is_err());
    }

    /// Everything is told at once, and what is within bounds is taken.
    #[test]
    fn number_and_size_are_bounded() {
        assert!(code(&[]).unwrap().is_empty());
        let refused = code(&[("src/custom/doses.rs", "")]).unwrap_err();
        assert!(refused[0].starts_with("src/custom/mod.rs: it is not there"), "{refused:?}");
        let longest = "/".repeat(LONGEST_FILE);
        assert!(code(&[("src/custom/mod.rs", &longest)]).is_ok());
        let refused = code(&[("src/custom/mod.rs", &(longest.clone() + "/"))]).unwrap_err();
        assert!(refused[0].contains("longer than 128 KiB"), "{refused:?}");
        let names: Vec<String> = (1..MOST_FILES).map(|number| format!("src/custom/a{number}.rs")).collect();
        let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        files.push(("src/custom/mod.rs", ""));
        assert!(code(&files).is_ok());
        files.push(("src/custom/b.rs", ""));
        assert!(code(&files).unwrap_err()[0].contains("65 files"));
        let five: Vec<(&str, &str)> =
            files[MOST_FILES - 5..MOST_FILES].iter().map(|(path, _)| (*path, longest.as_str())).collect();
        assert!(code(&five).unwrap_err()[0].contains("altogether"));
    }

    #[test]
    fn a_folder_is_read_without_following_links() {
        let folder = tempfile::tempdir().unwrap();
        assert!(CustomCode::read(folder.path()).unwrap().unwrap().is_empty(), "there is none");
        let custom = folder.path().join(FOLDER);
        fs::create_dir_all(custom.join("deep")).unwrap();
        fs::write(custom.join("mod.rs"), "mod deep;\n").unwrap();
        fs::write(custom.join("deep/mod.rs"), "//! Mine.\n").unwrap();
        let read = CustomCode::read(folder.path()).unwrap().unwrap();
        let paths: Vec<&str> = read.files().keys().map(String::as_str).collect();
        assert_eq!(paths, ["src/custom/deep/mod.rs", "src/custom/mod.rs"]);
        assert!(!format!("{read:?}").contains("Mine"), "it is not printed");

        fs::write(custom.join("notes.txt"), "x").unwrap();
        fs::write(custom.join("bytes.rs"), [0xff, 0xfe]).unwrap();
        fs::write(custom.join("long.rs"), vec![b'/'; LONGEST_FILE + 1]).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", custom.join("link.rs")).unwrap();
        std::os::unix::fs::symlink("/etc", custom.join("folder")).unwrap();
        let mut refused: Vec<String> = CustomCode::read(folder.path())
            .unwrap()
            .unwrap_err()
            .into_iter()
            .map(|found| found.file)
            .collect();
        refused.sort();
        let five = ["bytes.rs", "folder", "link.rs", "long.rs", "notes.txt"]
            .map(|name| format!("src/custom/{name}"));
        assert_eq!(refused, five);

        fs::remove_dir_all(&custom).unwrap();
        std::os::unix::fs::symlink("/etc", &custom).unwrap();
        assert_eq!(CustomCode::read(folder.path()).unwrap().unwrap_err().len(), 1);
    }

    /// A crate that a founder's own manifest may have is not there where the generated one is.
    #[test]
    fn a_crate_that_is_not_in_the_manifest_is_told() {
        let manifest = "[dependencies]\nsafeguards = \"1\"\nserde_json = \"1\"\n";
        let project = Project { files: [("Cargo.toml".to_owned(), manifest.to_owned())].into() };
        let text = "use safeguards::slice::prelude::Decimal;\nuse {rust_decimal::RoundingStrategy, serde_json::Value};\n\n\
                    pub fn sum(time: u32) -> time::Duration {\n    let _ = time;\n    time::Duration::ZERO\n}\n";
        let found = code(&[("src/custom/mod.rs", text)]).unwrap().check(&project);
        let found = found.iter().filter(|found| found.message.starts_with("the app is built without"));
        let places: Vec<_> = found.map(|found| (found.line, found.column)).collect();
        assert_eq!(places, [(2, 6), (4, 26), (6, 5)]);
    }

    /// What was there before is gone, and what every project begins with is there where there is no code.
    #[test]
    fn a_folder_holds_this_code_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("app");
        let custom = target.join(FOLDER);
        let starter = "//! The starter.\n";
        let generated = [("src/custom/mod.rs", starter), ("app.lock", ""), ("app.yaml", "app: X\n")];
        let generated = generated.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let project = Project { files: generated.into() };
        let laid = |code: &CustomCode| code.write(&project, &target).unwrap();
        laid(&code(&[("src/custom/mod.rs", "mod a;"), ("src/custom/a/mod.rs", "")]).unwrap());
        assert!(custom.join("a/mod.rs").is_file());
        laid(&code(&[("src/custom/mod.rs", "//! Mine.")]).unwrap());
        assert_eq!(fs::read_to_string(custom.join("mod.rs")).unwrap(), "//! Mine.");
        assert!(!custom.join("a").exists());
        laid(&CustomCode::default());
        assert_eq!(fs::read_to_string(custom.join("mod.rs")).unwrap(), starter);
        assert!(code(&[("src/custom/mod.rs", starter)]).unwrap().without_starter(&project).is_empty());
    }
}
