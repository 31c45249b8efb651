//! Reading what a person gives: a spec file, or a prompt.

use std::io::Read;
use std::path::Path;

use spec::{Lock, ValidatedSpec};

use crate::arguments::Prompt;
use crate::diagnostics::wrong_spec;
use crate::outcome::Failure;

/// The longest prompt that is read at all, in bytes. The planner says what is too long for a plan.
const LONGEST_PROMPT: u64 = 1_000_000;

/// Reads and validates a spec file; every problem is told at once.
pub(crate) fn valid_spec(path: &Path, lock: &Lock) -> Result<ValidatedSpec, Failure> {
    let text = read(path)?;
    spec::check(&text, lock).map_err(|problems| wrong_spec(&path.display().to_string(), &text, &problems))
}

/// The stable ids of a project: those of its `app.lock`; none where there is no project yet.
pub(crate) fn locked(project: &Path) -> Result<Lock, Failure> {
    let path = project.join("app.lock");
    if !path.is_file() {
        return Ok(Lock::default());
    }
    read(&path)?.parse().map_err(|problem| Failure::input(format!("{}: {problem}", path.display())))
}

/// The prompt, from the command line, a file or standard input.
pub(crate) fn prompt(prompt: &Prompt) -> Result<String, Failure> {
    prompt_of(prompt.prompt.as_deref(), prompt.prompt_file.as_deref())
}

/// A prompt that was written out, or lies in a file.
pub(crate) fn prompt_of(prompt: Option<&str>, file: Option<&Path>) -> Result<String, Failure> {
    match (prompt, file) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().take(LONGEST_PROMPT).read_to_end(&mut bytes)?;
            text(bytes, "standard input")
        }
        (None, Some(path)) => read(path),
        (None, None) => Err(Failure::input("say what the app is for, or name a file with --prompt-file")),
    }
}

/// A text file of at most a megabyte.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let bytes = std::fs::File::open(path)
        .and_then(|file| {
            let mut bytes = Vec::new();
            // One byte more than a spec or prompt may have, so that the size is refused in words below.
            file.take(LONGEST_PROMPT + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
        .map_err(|error| Failure::input(format!("{name} cannot be read: {error}")))?;
    text(bytes, &name.to_string())
}

/// Bytes as text in UTF-8.
pub(crate) fn text(bytes: Vec<u8>, name: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::input(format!("{name} is not text in UTF-8")))
}
