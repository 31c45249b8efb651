//! What an owner takes home, and that it comes back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use exporter::{Archive, Passphrase};
use serde_json::json;

use crate::check::{Check, Group::Exit, Needs};
use crate::instance::{Place, Storage};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::world::{Row, World};

use super::oracle::listed;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "archive-verifies",
        &["HC-12"],
        "An archive verifies without a network, and is signed",
        Exit,
        Needs::Instance,
        verifies,
    ),
    Check::new(
        "archive-tamper-found",
        &["HC-12"],
        "Whatever is changed of what an archive says is found",
        Exit,
        Needs::Instance,
        tamper_found,
    ),
    Check::new(
        "archive-whole",
        &["HC-12", "CL-10"],
        "An archive holds every record that anybody is shown",
        Exit,
        Needs::Instance,
        whole,
    ),
    Check::new(
        "archive-sealed",
        &["HC-8"],
        "A sealed archive opens by its passphrase alone",
        Exit,
        Needs::Instance,
        sealed,
    ),
    Check::new(
        "archive-no-secrets",
        &["CC-7", "HC-8"],
        "No archive holds a password's hash, a token or a key",
        Exit,
        Needs::Instance,
        no_secrets,
    ),
    Check::new(
        "archive-of-one-organisation",
        &["CL-9", "CL-1"],
        "An archive of one organisation holds nothing of another",
        Exit,
        Needs::Instance,
        of_one,
    ),
    Check::new(
        "archive-has-source",
        &["HC-11"],
        "An archive holds the project's source",
        Exit,
        Needs::Instance,
        has_source,
    ),
    Check::new(
        "archive-speaks-sql",
        &["HC-12"],
        "An archive loads with the databases' own programs",
        Exit,
        Needs::Instance,
        speaks_sql,
    ),
    Check::new(
        "restore-equal",
        &["CL-8", "HC-11"],
        "What is restored is what was archived, row by row",
        Exit,
        Needs::Instance,
        restore_equal,
    ),
    Check::new(
        "restore-refuses",
        &["CL-8"],
        "Nothing is restored over records, nor from an archive that was changed",
        Exit,
        Needs::Instance,
        restore_refuses,
    ),
];

/// An archive, in a folder that goes away with it.
struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn path(&self) -> PathBuf {
        self.folder.path().join("home.zip")
    }

    fn new(place: &Place, words: &[&str]) -> Result<Self> {
        let made = Self { folder: tempfile::tempdir().map_err(Trouble::file("a temporary folder"))? };
        let to = made.path().display().to_string();
        let words: Vec<&str> =
            ["export", "--to", to.as_str()].into_iter().chain(words.iter().copied()).collect();
        place.finish(&words)?;
        Ok(made)
    }

    fn open(&self) -> Result<Archive<File>> {
        let path = self.path();
        Ok(Archive::open(File::open(&path).map_err(Trouble::file(path))?, None)?)
    }
}

const OPEN: [&str; 2] = ["--open", "--without-project"];

fn verifies(trial: &Trial) -> Result<Outcome> {
    let place = &trial.stand()?.place;
    let made = Made::new(place, &OPEN)?;
    let mut sight = Sight::new("wrote an archive, and held every byte against its signed manifest");
    let verified = made.open()?.verify(None);
    sight.expect(verified.is_ok(), || verified.as_ref().err().map(ToString::to_string).unwrap_or_default());
    let key = verified.map(|verified| verified.signed_by).unwrap_or_default();
    let witness = place.path("data/witness/public-key");
    let known = fs::read_to_string(&witness).map_err(Trouble::file(&witness))?;
    sight.expect(known.trim() == key, || "it is signed by another key than the log".to_owned());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &made.path().metadata().map_err(Trouble::file(made.path()))?.permissions(),
    );
    sight.expect(mode & 0o077 == 0, || format!("others of the machine may read it ({:o})", mode & 0o777));
    sight.end("whole, signed by the key of the audit log, and its owner's alone")
}

fn tamper_found(trial: &Trial) -> Result<Outcome> {
    let made = Made::new(&trial.stand()?.place, &OPEN)?;
    let bytes = fs::read(made.path()).map_err(Trouble::file(made.path()))?;
    let mut sight = Sight::new("changed a byte at forty places of an archive, cut it, and added to it");
    let verified = |bytes: &[u8]| -> Option<Vec<(String, Vec<u8>)>> {
        let mut archive = Archive::open(std::io::Cursor::new(bytes.to_vec()), None).ok()?;
        archive.verify(None).ok()?;
        contents(&mut archive).ok()
    };
    let whole = verified(&bytes);
    sight.expect(whole.is_some(), || "as it was made, it does not verify".to_owned());
    // A bit of the container that no reader looks at may pass, as long as every file is what it was.
    let changed = |bytes: &[u8]| verified(bytes).is_none_or(|read| Some(read) == whole);
    for number in 0..40 {
        let at = bytes.len() * number / 40 + 7;
        let mut other = bytes.clone();
        let Some(byte) = other.get_mut(at) else { continue };
        *byte ^= 1;
        sight.expect(changed(&other), || format!("a change at byte {at} of {} is not found", bytes.len()));
    }
    sight.expect(verified(&bytes[..bytes.len() - 1]).is_none(), || "a cut is not found".to_owned());
    sight.expect(verified(&[&bytes[..], b"x"].concat()).is_none(), || "an addition is not found".to_owned());
    sight.end("found, each time")
}

fn whole(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let mut sight = Sight::new("listed all that anybody is shown, and sought it in the archive");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            for (id, record) in listed(&person, &format!("/api/{}", resource.path))?.unwrap_or_default() {
                let row = world.row(&resource.entity.table, &id);
                sight.expect(row.is_some(), || format!("a {} is not in it", resource.name()));
                let Some(row) = row else { continue };
                for (name, value) in record.as_object().into_iter().flatten() {
                    let text_like = value.is_string() && !name.ends_with("_at") && name != "age";
                    let known =
                        resource.column(name).filter(|_| text_like).and_then(|column| row.get(column));
                    let differs = known.is_some_and(|known| {
                        known != value
                            && !known.is_null()
                            && trial.model().is_ok()
                            && !is_computed(&resource, name)
                    });
                    sight.expect(!differs, || format!("{name} of a {} is another in it", resource.name()));
                }
            }
        }
    }
    sight.end("every record, with the same values")
}

/// Fields that are written otherwise by the API than by the archive, or computed.
fn is_computed(resource: &crate::entity::Resource<'_>, name: &str) -> bool {
    resource.field(name).is_none_or(|index| {
        let field = &resource.entity[index];
        field.computed.is_some() || !crate::entity::is_text(field)
    })
}

fn sealed(trial: &Trial) -> Result<Outcome> {
    let place = &trial.stand()?.place;
    let folder = tempfile::tempdir().map_err(Trouble::file("a temporary folder"))?;
    let secret = folder.path().join("passphrase");
    let made =
        Made::new(place, &["--without-project", "--new-passphrase-file", &secret.display().to_string()])?;
    let planted = trial.planted()?;
    let mut sight = Sight::new(
        "wrote a sealed archive, opened it without and with its passphrase, and sought planted values in its bytes",
    );
    let phrase = fs::read_to_string(&secret).map_err(Trouble::file(&secret))?;
    let open = |phrase: Option<&str>| -> bool {
        let Ok(file) = File::open(made.path()) else { return false };
        Archive::open(file, phrase.map(|phrase| Passphrase::new(phrase.to_owned()))).is_ok()
    };
    sight.expect(!open(None), || "it opens without a passphrase".to_owned());
    sight.expect(!open(Some("another passphrase of some length")), || {
        "it opens by another passphrase".to_owned()
    });
    let phrase = phrase.lines().next().unwrap_or_default().to_owned();
    sight.expect(open(Some(&phrase)), || "it does not open by its passphrase".to_owned());
    sight.expect(phrase.len() >= 40, || format!("the passphrase has {} letters", phrase.len()));
    let bytes = fs::read(made.path()).map_err(Trouble::file(made.path()))?;
    let found = crate::forms::Search::new(planted.sealed())?.of_bytes("the archive", &bytes);
    sight.expect(found.is_empty(), || found.join(", "));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &secret.metadata().map_err(Trouble::file(&secret))?.permissions(),
    );
    sight.expect(mode & 0o077 == 0, || "others may read the passphrase".to_owned());
    sight.end("by its own passphrase alone, and nothing readable in it")
}

/// Every byte of an open archive, unpacked.
fn contents<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Vec<(String, Vec<u8>)>> {
    let files: Vec<String> = archive.manifest().files.iter().map(|file| file.path.clone()).collect();
    let mut all = Vec::new();
    for path in files {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut archive.file(&path)?, &mut bytes)
            .map_err(exporter::ArchiveError::from)?;
        all.push((path, bytes));
    }
    Ok(all)
}

fn no_secrets(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let made = Made::new(&stand.place, &OPEN)?;
    let mut secrets = vec![("the prefix of a password's hash".to_owned(), "$argon2".to_owned())];
    for (number, person) in stand.cast()?.iter().chain(stand.strangers()).enumerate() {
        let tokens = person.tokens()?;
        secrets.push((format!("refresh token {number}"), tokens.refresh));
        secrets.push((format!("access token {number}"), tokens.access));
        secrets.push((format!("password {number}"), person.login.password.clone()));
    }
    let root = fs::read(stand.place.path("data/keys/root.key")).unwrap_or_default();
    secrets.push(("the root key".to_owned(), String::from_utf8_lossy(&root).trim().to_owned()));
    let search = crate::forms::Search::new(
        secrets
            .iter()
            .filter(|(_, secret)| secret.len() >= 6)
            .map(|(name, secret)| (name.clone(), secret.as_str())),
    )?;
    let mut sight = Sight::new("sought hashes, tokens, passwords and keys in every file of an open archive");
    for (path, bytes) in contents(&mut made.open()?)? {
        let found = search.of_bytes(&path, &bytes);
        sight.expect(found.is_empty(), || found.join(", "));
    }
    sight.end("none of them")
}

fn of_one(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let person = trial.somebody()?;
    let organisation = person.organisation();
    let made = Made::new(&stand.place, &["--open", "--without-project", "--organisation", &organisation])?;
    let mut archive = made.open()?;
    let mut sight = Sight::new("wrote an archive of one organisation, and read every row of it");
    for table in archive.manifest().tables.clone() {
        let rows: std::result::Result<Vec<Row>, _> = archive.rows(&table)?.collect();
        for row in rows? {
            let of_it = row.get("organisation_id").is_none_or(|id| *id == json!(organisation));
            sight.expect(of_it, || format!("{} has a row of another", table.table.name));
        }
    }
    let others: BTreeSet<&str> = world
        .rows("organisations")
        .iter()
        .filter_map(|row| row.get("id")?.as_str())
        .filter(|id| *id != organisation)
        .collect();
    for (path, bytes) in contents(&mut archive)?
        .into_iter()
        .filter(|(path, _)| path.starts_with("data/") || path.starts_with("audit/"))
    {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        sight.expect(!others.iter().any(|id| text.contains(*id)), || {
            format!("{path} names another organisation")
        });
    }
    sight.end("its rows and events, and no others")
}

fn has_source(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let project = stand.place.program.project.display().to_string();
    let made = Made::new(&stand.place, &["--open", "--project", &project])?;
    let archive = made.open()?;
    let mut sight = Sight::new("wrote an archive with the project, and looked for what it is built from");
    for name in [
        "project/app.yaml",
        "project/Cargo.toml",
        "project/Cargo.lock",
        "project/src/main.rs",
        "project/crates/safeguards/Cargo.toml",
    ] {
        sight.expect(archive.manifest().file(name).is_some(), || format!("{name} is not in it"));
    }
    let private = archive
        .manifest()
        .files
        .iter()
        .find(|file| ["root.key", ".env", "app.db"].iter().any(|name| file.path.ends_with(name)));
    sight.expect(private.is_none(), || format!("{private:?} is in it"));
    sight.end("the source is in it, and neither keys nor databases")
}

fn speaks_sql(trial: &Trial) -> Result<Outcome> {
    let made = Made::new(&trial.stand()?.place, &OPEN)?;
    let mut archive = made.open()?;
    let tables: Vec<(String, u64)> =
        archive.manifest().tables.iter().map(|entry| (entry.table.name.clone(), entry.rows)).collect();
    let all = contents(&mut archive)?;
    let mut sight = Sight::new("read the SQL of an archive, for both databases");
    for (table, rows) in tables.into_iter().filter(|(_, rows)| *rows > 0) {
        for dialect in ["postgres", "sqlite"] {
            let found = all.iter().any(|(path, bytes)| {
                path.contains(dialect)
                    && path.contains(&table)
                    && String::from_utf8_lossy(bytes).contains("INSERT INTO")
            });
            sight.expect(found, || format!("{table} with {rows} rows has no SQL for {dialect}"));
        }
    }
    sight.end("every table with rows, for PostgreSQL and for SQLite")
}

/// Restores an archive into a new folder.
fn restored(trial: &Trial, archive: &Path) -> Result<(Place, bool)> {
    let place = Place::new(&trial.stand()?.place.program, Storage::Sqlite)?;
    let ran = place.run(&["restore", "--from", &archive.display().to_string()])?;
    Ok((place, ran.status.success()))
}

/// Rows without what a restore may change: which lane, and when it was counted.
fn comparable(world: &World) -> Vec<(String, Vec<Row>)> {
    world.tables.iter().map(|(name, rows)| (name.clone(), rows.clone())).collect()
}

fn restore_equal(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let made = Made::new(&stand.place, &OPEN)?;
    let before = World::read(trial.model()?, &made.path())?;
    let mut sight =
        Sight::new("restored an archive into a new folder, archived it again, and compared every row");
    let (place, done) = restored(trial, &made.path())?;
    sight.expect(done, || "it cannot be restored".to_owned());
    if done {
        let again = Made::new(&place, &OPEN)?;
        let after = World::read(trial.model()?, &again.path())?;
        for ((name, was), (_, is)) in comparable(&before).into_iter().zip(comparable(&after)) {
            sight.expect(was == is, || format!("{name}: {} rows became {}", was.len(), is.len()));
        }
        let verified = place.run(&["verify-audit"])?;
        sight.expect(verified.status.success(), || {
            String::from_utf8_lossy(&verified.stderr).trim().to_owned()
        });
        sight.expect(after.events.len() > before.events.len(), || "the log does not go on".to_owned());
        let old: BTreeSet<&str> = before.events.iter().map(|event| event.line.as_str()).collect();
        let new: BTreeSet<&str> = after.events.iter().map(|event| event.line.as_str()).collect();
        sight.expect(old.is_subset(&new), || "events of the former home are gone".to_owned());
        let keys = |place: &Place| fs::read(place.path("data/keys/root.key")).unwrap_or_default();
        sight.expect(keys(&place) != keys(&stand.place), || "it has the keys of its former home".to_owned());
    }
    sight.end("the same rows under new keys, and a log that goes on and verifies")
}

fn restore_refuses(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let made = Made::new(&stand.place, &OPEN)?;
    let mut sight = Sight::new("restored over records, and from an archive that was changed");
    let (full, _) = super::unwritten::beside(trial)?;
    let before = fs::read(full.path("data/app.db")).unwrap_or_default().len();
    let over = full.run(&["restore", "--from", &made.path().display().to_string()])?;
    sight.expect(!over.status.success(), || "records are replaced".to_owned());
    sight.expect(fs::read(full.path("data/app.db")).unwrap_or_default().len() >= before, || {
        "records are gone".to_owned()
    });
    let mut bytes = fs::read(made.path()).map_err(Trouble::file(made.path()))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let changed = made.folder.path().join("changed.zip");
    fs::write(&changed, bytes).map_err(Trouble::file(&changed))?;
    let (_, done) = restored(trial, &changed)?;
    sight.expect(!done, || "an archive that was changed is restored".to_owned());
    let key = "0".repeat(64);
    let place = Place::new(&stand.place.program, Storage::Sqlite)?;
    let other = place.run(&["restore", "--from", &made.path().display().to_string(), "--key", &key])?;
    sight.expect(!other.status.success(), || "an archive of another's key is restored".to_owned());
    sight.end("refused")
}
