//! What of a project is read: a map of files in memory, or a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::FOLDER;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Text(String),
    /// Bytes that are no text, or more of them than a source has.
    Bytes,
    /// A link, a socket: anything but a plain file.
    Link,
    /// A plain file whose content decides nothing here.
    Unread,
}

/// The files of a project that decide which code is built, by their paths with `/`.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Entry>,
}

/// The most of a file that is held in memory.
const LARGEST: u64 = 4 << 20;
/// Folders of a project that decide what is built. The library's has its own tests; the rest holds no code of the app.
const READ: [&str; 2] = ["src", ".cargo"];
/// What may not be a link, beside all below those folders.
const BUILT: [&str; 6] = ["src", ".cargo", "Cargo.lock", "Cargo.toml", "build.rs", "crates"];
/// Of what was generated, kept for merging: the manifest as it was.
const KEPT: &str = ".healthcoder/base/Cargo.toml";

impl Sources {
    /// Files in memory.
    pub fn of<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), Entry::Text(text.into()))).collect();
        Self { files }
    }

    /// The same with another file, or another text of one.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.insert(path.into(), Entry::Text(text.into()));
        self
    }

    /// The same with a link at this path.
    #[must_use]
    pub fn with_link(mut self, path: impl Into<String>) -> Self {
        self.files.insert(path.into(), Entry::Link);
        self
    }

    /// The project in a folder. Links are seen, and not followed.
    ///
    /// # Errors
    /// The disk said no.
    pub fn read(project: &Path) -> io::Result<Self> {
        let mut sources = Self::default();
        sources.collect(project, "")?;
        let kept = project.join(KEPT);
        if kept.is_file() {
            sources.files.insert(KEPT.to_owned(), entry(&kept, true)?);
        }
        Ok(sources)
    }

    fn collect(&mut self, project: &Path, below: &str) -> io::Result<()> {
        for found in fs::read_dir(project.join(below))? {
            let found = found?;
            let name = found.file_name().to_string_lossy().into_owned();
            let at_root = below.is_empty();
            let path = if at_root { name.clone() } else { format!("{below}/{name}") };
            if found.file_type()?.is_dir() {
                if !at_root || READ.contains(&name.as_str()) {
                    self.collect(project, &path)?;
                }
                continue;
            }
            let wanted = path.starts_with("src/") || matches!(path.as_str(), "Cargo.toml" | ".generated");
            let entry = entry(&found.path(), wanted)?;
            if entry != Entry::Link || !at_root || BUILT.contains(&name.as_str()) {
                self.files.insert(path, entry);
            }
        }
        Ok(())
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.files.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match self.files.get(path)? {
            Entry::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The manifest as it was generated, if the project kept it.
    pub(super) fn kept_manifest(&self) -> Option<&str> {
        self.text(KEPT)
    }

    /// Files of custom code.
    pub(super) fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries().filter_map(|(path, entry)| match entry {
            Entry::Text(text) if in_custom(path) && path.ends_with(".rs") => Some((path, text.as_str())),
            _ => None,
        })
    }
}

/// Whether a path lies in the founder's folder.
pub(super) fn in_custom(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

fn entry(path: &Path, wanted: bool) -> io::Result<Entry> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Ok(Entry::Link);
    }
    if !wanted {
        return Ok(Entry::Unread);
    }
    if metadata.len() > LARGEST {
        return Ok(Entry::Bytes);
    }
    Ok(String::from_utf8(fs::read(path)?).map_or(Entry::Bytes, Entry::Text))
}
