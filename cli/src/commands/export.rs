use std::fs::{self, File};
use std::path::Path;

use exporter::{Archive, ArchiveError, Limits, Passphrase};
use serde_json::{Value, json};

use crate::arguments::{Database, Make, Restore, Verify};
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build, subcommand};

/// What a project's source may measure, unpacked: the library in it is 3 MB.
const SOURCE: Limits = Limits { files: 20_000, bytes: 512 * 1024 * 1024 };
/// Marks a folder whose restore is under way. It is emptied when the restore is begun again, and only such a one.
const MARKER: &str = ".restoring";

/// Has the project's own binary write an archive: nobody else opens its database.
pub(crate) fn make(make: &Make, progress: Progress) -> Result<Outcome, Failure> {
    if !make.dir.join("app.yaml").is_file() {
        return Err(Failure::input(format!("{} holds no generated project", make.dir.display())));
    }
    let project = make.dir.canonicalize()?;
    let binary = build(&project, &Cache::open()?, progress)?;
    let absolute = |path: &Path| std::path::absolute(path).map(|path| path.display().to_string());
    let mut words = vec!["export".to_owned(), "--to".into(), absolute(&make.to)?];
    let files = [("--passphrase-file", &make.passphrase_file), ("--agreements", &make.agreements)];
    for (flag, path) in files.into_iter().chain([("--new-passphrase-file", &make.new_passphrase_file)]) {
        if let Some(path) = path {
            words.extend([flag.to_owned(), absolute(path)?]);
        }
    }
    if let Some(organisation) = &make.organisation {
        words.extend(["--organisation".to_owned(), organisation.clone()]);
    }
    if make.open {
        words.push("--open".into());
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    subcommand(&binary, &project, &words)?;
    Ok(Outcome { text: make.to.display().to_string(), json: json!({ "archive": make.to }) })
}

/// Verifies an archive without any network.
pub(crate) fn verify(verify: &Verify) -> Result<Outcome, Failure> {
    let mut archive = open(&verify.archive, verify.passphrase_file.as_deref())?;
    let verified = archive.verify(verify.key.as_deref()).map_err(failure)?;
    let whose = match &verified.subject.organisation {
        Some(id) => format!("organisation {id}"),
        None => "the whole environment".into(),
    };
    let text = format!(
        "The archive is as it was written.\n  app        {} {}\n  holds      {whose}, as of {}\n  records    {} in {} \
         tables\n  files      {}, {} bytes unpacked\n  signed by  {}{}",
        verified.subject.app,
        verified.subject.version,
        verified.subject.exported_at,
        verified.rows,
        verified.tables,
        verified.files,
        verified.bytes,
        verified.signed_by,
        if verify.key.is_some() { "" } else { "\n             (compare it with the key on your receipt)" },
    );
    let mut json = serde_json::to_value(&verified)?;
    json["verified"] = Value::Bool(true);
    Ok(Outcome { text, json })
}

/// Builds the archived project from its source, and has its own binary load the records into an empty database.
pub(crate) fn restore(restore: &Restore, progress: Progress) -> Result<Outcome, Failure> {
    if restore.database == Database::Postgres {
        for name in ["DATABASE_URL", "DATABASE_OWNER_URL"] {
            if std::env::var_os(name).is_none_or(|value| value.is_empty()) {
                return Err(Failure::input(format!(
                    "{name} is not set: with --database postgres it says where the empty database is, \
                     DATABASE_URL as the app's role and DATABASE_OWNER_URL as the owner's"
                )));
            }
        }
    }
    let mut archive = open(&restore.archive, restore.passphrase_file.as_deref())?;
    let verified = archive.verify(restore.key.as_deref()).map_err(failure)?;
    if archive.manifest().file("project/app.yaml").is_none() {
        return Err(Failure::input(
            "the archive holds no source (`project/`), so it cannot be restored by itself: its records load \
             with psql or sqlite3, see its README.txt",
        ));
    }
    let dir = prepared(&restore.dir)?;
    let step = progress.step("unpacking the source");
    match archive.unpack("project/", &dir, SOURCE) {
        Ok(files) => step.done(&format!("unpacked {files} files of source into {}", dir.display())),
        Err(error) => {
            step.failed();
            return Err(failure(error));
        }
    }
    let binary = build(&dir, &Cache::open()?, progress)?;
    let absolute = |path: &Path| std::path::absolute(path).map(|path| path.display().to_string());
    let mut words = vec!["restore".to_owned(), "--from".into(), absolute(&restore.archive)?];
    if let Some(path) = &restore.passphrase_file {
        words.extend(["--passphrase-file".into(), absolute(path)?]);
    }
    words.extend(["--key".into(), verified.signed_by.clone()]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match restore.database {
        Database::Postgres => subcommand(&binary, &dir, &words)?,
        // What the shell says of another database is not meant.
        Database::Sqlite => crate::project::subcommand_on_sqlite(&binary, &dir, &words)?,
    };
    fs::remove_file(dir.join(MARKER))?;
    let text = format!(
        "{}\nNext: {} create-owner --email ADDRESS makes the first link to set a password (run it in that folder);\n      \
         healthcoder run --dir {} serves the app",
        dir.display(),
        binary.display(),
        dir.display()
    );
    Ok(Outcome { text, json: json!({ "dir": dir, "binary": binary, "restored": verified }) })
}

/// The folder to restore into: new, empty, or left behind by a restore that was cut off.
fn prepared(dir: &Path) -> Result<std::path::PathBuf, Failure> {
    if dir.join(MARKER).is_file() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    if fs::read_dir(dir)?.next().is_some() {
        return Err(Failure::input(format!(
            "{} is not empty: an archive is restored into a new folder",
            dir.display()
        )));
    }
    fs::write(
        dir.join(MARKER),
        "A restore into this folder is under way; if it was cut off, begin it again.\n",
    )?;
    Ok(dir.canonicalize()?)
}

/// Opens an archive with the passphrase in a file, if one is given.
pub(crate) fn open(archive: &Path, passphrase: Option<&Path>) -> Result<Archive<File>, Failure> {
    let unreadable =
        |path: &Path, error: &std::io::Error| Failure::input(format!("{}: {error}", path.display()));
    let file = File::open(archive).map_err(|error| unreadable(archive, &error))?;
    let passphrase = passphrase.map(|path| {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Ok::<_, Failure>(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()))
    });
    Archive::open(file, passphrase.transpose()?).map_err(failure)
}

/// What is wrong with an archive, for people and for programs. A passphrase that is missing is the input's fault.
pub(crate) fn failure(error: ArchiveError) -> Failure {
    match error {
        ArchiveError::Passphrase => Failure::input(format!("{error}: give --passphrase-file FILE")),
        ArchiveError::Altered(ref findings) => {
            let json = json!({ "verified": false, "error": error.to_string(), "findings": findings });
            Failure::Refuted { report: error.to_string(), json }
        }
        other => {
            let json = json!({ "verified": false, "error": other.to_string() });
            Failure::Refuted { report: other.to_string(), json }
        }
    }
}
