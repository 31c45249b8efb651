//! What a thief of the disk finds: files, logs and temporary folders.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::check::{Check, Group::Sealing, Needs};
use crate::forms::{Search, entropy, files, forms};
use crate::instance::{Place, Storage};
use crate::log;
use crate::outcome::{Outcome, Sight};
use crate::people::{first_step, sign_in};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "sealed-in-files",
        &["HC-8", "CF-5", "CL-4"],
        "No file of an instance holds a sealed value in the clear",
        Sealing,
        Needs::Instance,
        in_files,
    ),
    Check::new(
        "sealed-search-finds",
        &["CF-26"],
        "The search for such values finds what is there",
        Sealing,
        Needs::Instance,
        search_control,
    ),
    Check::new(
        "secrets-not-in-files",
        &["HC-8", "CF-13", "CC-7"],
        "No file holds a password, token, code or authenticator's secret",
        Sealing,
        Needs::Instance,
        secrets,
    ),
    Check::new(
        "database-file-sealed",
        &["HC-8", "CL-4"],
        "The database's file is random from its first byte",
        Sealing,
        Needs::Sqlite,
        database_file,
    ),
    Check::new(
        "keys-private",
        &["HC-8", "CL-6"],
        "Keys, data and witness are their owner's alone",
        Sealing,
        Needs::Instance,
        private,
    ),
    Check::new(
        "keys-differ",
        &["CL-4", "HC-8"],
        "Two installations share no key",
        Sealing,
        Needs::Instance,
        keys_differ,
    ),
    Check::new(
        "no-core-file",
        &["CF-5", "HC-8"],
        "A crash leaves no memory on the disk",
        Sealing,
        Needs::Instance,
        no_core,
    ),
    Check::new(
        "nothing-left-in-tmp",
        &["HC-8"],
        "Nothing stays in the temporary folder",
        Sealing,
        Needs::Instance,
        nothing_left,
    ),
    Check::new(
        "log-typed",
        &["CL-1", "HG-4"],
        "The log has lines of typed fields, and no others",
        Sealing,
        Needs::Instance,
        log_typed,
    ),
    Check::new(
        "log-tells-no-values",
        &["CL-1"],
        "No line of the log holds a value, a query, a body or an address",
        Sealing,
        Needs::Instance,
        log_no_values,
    ),
    Check::new(
        "log-routes",
        &["CL-1"],
        "The log names routes, never records",
        Sealing,
        Needs::Instance,
        log_routes,
    ),
    Check::new(
        "command-line-silent",
        &["CL-6"],
        "The command line of the process tells no secret",
        Sealing,
        Needs::Instance,
        command_line,
    ),
];

fn in_files(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let planted = trial.planted()?;
    let sealed = planted.sealed().count();
    if sealed == 0 {
        return Outcome::not_applicable("nobody may write a text that is sealed");
    }
    let search = Search::new(planted.sealed())?;
    let found = search.of_folder(stand.place.folder());
    let count = files(stand.place.folder()).len();
    let mut sight = Sight::new(format!(
        "planted {sealed} values through the API, and sought them in eleven forms in {count} files of data, keys, witness, log and temporary folder"
    ));
    sight.expect(found.is_empty(), || found.join(", "));
    sight.expect(count > 5, || "there are hardly any files".to_owned());
    sight.end("none of them")
}

fn search_control(trial: &Trial) -> Result<Outcome> {
    let planted = trial.planted()?;
    let folder = tempfile::tempdir().map_err(Trouble::file("a temporary folder"))?;
    let path = folder.path().join("open.zip");
    trial.stand()?.place.finish(&[
        "export",
        "--open",
        "--without-project",
        "--to",
        &path.display().to_string(),
    ])?;
    let world = crate::world::World::read(trial.model()?, &path)?;
    let clear: String =
        world.tables.values().flatten().map(|row| Value::Object(row.clone()).to_string()).collect();
    let mut sight = Sight::new(
        "sought the same values where they stand in the clear: in the rows of an open archive, and in files of each form",
    );
    let search = Search::new(planted.sealed())?;
    let found = search.of_bytes("the rows", clear.as_bytes());
    let plain = found.iter().filter(|hit| hit.ends_with("plain text")).count();
    let sealed = planted.sealed().count();
    sight.expect(plain >= sealed && sealed > 0, || format!("{plain} of {sealed} were found"));
    for (_, value) in planted.sealed().take(3) {
        for (form, bytes) in forms(value) {
            let file = folder.path().join("control");
            fs::write(&file, [b"\0..".as_slice(), &bytes, b"..\0"].concat()).map_err(Trouble::file(&file))?;
            sight
                .expect(!search.of_folder(folder.path()).is_empty(), || format!("as {form} it is not found"));
        }
    }
    sight.end("all of them are found")
}

fn secrets(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut secrets = Vec::new();
    for (number, person) in stand.cast()?.iter().chain(stand.strangers()).enumerate() {
        let tokens = person.tokens()?;
        secrets.push((format!("access token {number}"), tokens.access));
        secrets.push((format!("refresh token {number}"), tokens.refresh));
        secrets.push((format!("password {number}"), person.login.password.clone()));
        secrets.push((format!("address {number}"), person.login.email.clone()));
    }
    let mut sight = Sight::new(
        "enrolled, signed in and changed passwords, and sought all secrets in the files of the instance",
    );
    if let Ok(login) = stand.privileged_recruit() {
        let enrolled = crate::recruits::enrol(stand.wire(), &login)?;
        secrets.extend(
            enrolled
                .recovery_codes
                .into_iter()
                .enumerate()
                .map(|(number, code)| (format!("recovery code {number}"), code)),
        );
    }
    let browser = crate::browser::Browser::new(stand.wire());
    browser.sign_in(&*stand.plain_recruit()?)?;
    secrets.extend(browser.session().map(|(_, value)| ("a cookie".to_owned(), value)));
    let search = Search::new(secrets.iter().map(|(name, secret)| (name.clone(), secret.as_str())))?;
    // What `seed` tells on purpose was kept by nobody here.
    let found = search.of_folder(stand.place.folder());
    sight.expect(found.is_empty(), || found.join(", "));
    sight.expect(secrets.len() > 10, || "there are hardly any secrets".to_owned());
    sight.end_saying(format!("{} secrets", secrets.len()), "none of them")
}

fn database_file(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("measured the database's file and its file of changes");
    for name in ["data/app.db", "data/app.db-wal"] {
        let path = stand.place.path(name);
        let Ok(bytes) = fs::read(&path) else { continue };
        if bytes.len() < 8_192 {
            continue;
        }
        sight.expect(!bytes.starts_with(b"SQLite format 3"), || format!("{name} is a plain database"));
        // Page by page: one page in the clear would hardly show in the whole.
        let pages: Vec<f64> = bytes.chunks_exact(4_096).map(entropy).collect();
        let least = pages.iter().copied().fold(8.0, f64::min);
        let bound = if name.ends_with("-wal") { 7.4 } else { 7.8 };
        sight.expect(least > bound, || format!("a page of {name} has {least:.2} bits a byte"));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        sight.expect(!text.contains("CREATE TABLE") && !text.contains("patients"), || {
            format!("{name} tells of tables")
        });
    }
    sight.end("every page as random as noise")
}

fn private(trial: &Trial) -> Result<Outcome> {
    let data = trial.stand()?.place.path("data");
    let mut sight = Sight::new("read the modes of all files of the data folder");
    for file in files(&data) {
        let mode = file.metadata().map(|file| file.permissions().mode() & 0o777).unwrap_or(0);
        let name = file.strip_prefix(&data).unwrap_or(&file).display().to_string();
        // A socket or public key that others may read tells nothing; they may not write it.
        let bound = if name.ends_with("public-key") { 0o022 } else { 0o077 };
        sight.expect(mode & bound == 0, || format!("{name} has mode {mode:o}"));
    }
    let keys = data.join("keys");
    let mode = keys.metadata().map(|folder| folder.permissions().mode() & 0o777).unwrap_or(0o777);
    sight.expect(mode & 0o077 == 0, || format!("the folder of keys has mode {mode:o}"));
    sight.end("nobody else may read them")
}

fn keys_differ(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let other = Place::new(&stand.place.program, Storage::Sqlite)?;
    other.finish(&["migrate"])?;
    // The first start makes what is missing.
    drop(other.serve()?);
    let mut sight = Sight::new("compared the keys of two installations of the same project");
    for name in ["root.key", "signer.key", "audit.key"] {
        let read = |place: &Place| fs::read(place.path("data/keys").join(name)).ok();
        if let (Some(one), Some(two)) = (read(&stand.place), read(&other)) {
            sight.expect(one != two && entropy(&one) > 3.0, || format!("{name} is the same"));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for place in [&stand.place, &other] {
        for file in files(&place.path("data/keys")) {
            let bytes = fs::read(&file).unwrap_or_default();
            sight.expect(bytes.len() < 16 || seen.insert(bytes), || {
                format!("{} stands twice", file.display())
            });
        }
    }
    sight.end("each has its own")
}

fn no_core(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let place = Place::new(&stand.place.program, Storage::Sqlite)?;
    let people: Vec<_> = place.seeded()?.into_iter().map(std::rc::Rc::new).collect();
    let serving = place.serve()?;
    let wire = serving.wire();
    let mut secrets = Vec::new();
    for login in people.iter().take(4) {
        let tokens = sign_in(&wire, login)?;
        for resource in trial.resources()? {
            let _shown = wire.get(format!("/api/{}", resource.path)).bearer(&tokens.access).send()?;
        }
        secrets.push(("an access token".to_owned(), tokens.access));
        secrets.push(("a refresh token".to_owned(), tokens.refresh));
    }
    let signal = serving.crash()?;
    let mut sight = Sight::new("ended an instance by SIGSEGV, with core files of any size allowed");
    sight.expect(signal == Some(11), || format!("it ended by {signal:?}"));
    let cores: Vec<_> = files(place.folder())
        .into_iter()
        .filter(|file| {
            file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("core"))
        })
        .collect();
    sight.expect(cores.is_empty(), || format!("{} core files", cores.len()));
    let found = Search::new(secrets.iter().map(|(name, secret)| (name.clone(), secret.as_str())))?
        .of_folder(place.folder());
    sight.expect(found.is_empty(), || found.join(", "));
    sight.end("no core file, and nothing of its memory")
}

fn nothing_left(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    trial.planted()?;
    let left = files(&stand.place.path("tmp"));
    let mut sight = Sight::new("looked into the temporary folder of the instance");
    sight.expect(left.is_empty(), || format!("{} files", left.len()));
    let beside: Vec<_> = files(&stand.place.path("data"))
        .into_iter()
        .filter(|file| {
            let name = file.display().to_string();
            [".tmp", ".part", ".bak", "~", ".swp", "-journal"].iter().any(|ending| name.ends_with(ending))
        })
        .collect();
    sight.expect(beside.is_empty(), || format!("{beside:?}"));
    sight.end("empty")
}

/// Fields that a line may have.
const FIELDS: [&str; 14] = [
    "time", "event", "request", "method", "route", "status", "micros", "problem", "cause", "at", "port",
    "what", "count", "level",
];

fn log_typed(trial: &Trial) -> Result<Outcome> {
    let text = trial.stand()?.place.log()?;
    let (lines, other) = log::lines(&text);
    let mut sight = Sight::new("read every line that the app wrote while it served");
    for line in &lines {
        for (name, value) in line.as_object().into_iter().flatten() {
            sight.expect(FIELDS.contains(&name.as_str()), || format!("a line has the field {name}"));
            sight.expect(!value.is_object() && !value.is_array(), || {
                format!("{name} holds a whole structure")
            });
        }
    }
    let spoken: Vec<&&str> = other.iter().filter(|line| !line.contains("answers on")).collect();
    sight.expect(spoken.is_empty(), || format!("{} lines are prose", spoken.len()));
    sight.expect(lines.len() > 50, || format!("{} lines", lines.len()));
    sight.end_saying(
        format!("{} lines", lines.len()),
        "known fields of plain values, and the line that says where it answers",
    )
}

fn log_no_values(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let planted = trial.planted()?;
    let canary = crate::clock::word();
    let wire = stand.wire();
    let mut sight = Sight::new(
        "sent a word that stands nowhere else in paths, queries, headers and bodies, and sought it, planted values and addresses in the log",
    );
    let _sent = wire
        .get(format!("/{canary}?{canary}={canary}"))
        .header("user-agent", &canary)
        .header("referer", &canary)
        .header("x-forwarded-for", &canary)
        .send()?;
    let _sent =
        wire.post("/identity/sign-in").body("application/json", format!("{{\"{canary}\":1}}")).send()?;
    let _sent = wire.get("/identity/session").bearer(&canary).send()?;
    let _sent = wire.request(&canary.to_uppercase(), "/").send();
    for resource in trial.resources()? {
        for person in stand.cast()?.iter().take(3) {
            let _sent = person.get(format!("/api/{}/{canary}", resource.path))?;
            let _sent = person.get(format!("/api/{}?{canary}=1", resource.path))?;
            let _sent = person
                .post(format!("/api/{}", resource.path), &serde_json::json!({ canary.clone(): canary }))?;
        }
    }
    let login = stand.plain_recruit()?;
    let _failed = first_step(wire, &login)?;
    let upper = canary.to_uppercase();
    let mut sought: Vec<(String, &str)> =
        planted.values.iter().map(|value| (value.place.clone(), value.value.as_str())).collect();
    sought.extend([("the word".to_owned(), canary.as_str()), ("the method".to_owned(), upper.as_str())]);
    sought.extend(
        stand.people().iter().map(|login| (format!("the address of {}", login.role), login.email.as_str())),
    );
    sought.push(("the address of a newcomer".to_owned(), login.email.as_str()));
    // Lines are written by the time that the answer is read, but the pipe may lag.
    super::edge::wait(10, || Ok(stand.place.log()?.len() > 1_000))?;
    let text = stand.place.log()?;
    let found = Search::new(sought)?.of_bytes("the log", text.as_bytes());
    sight.expect(found.is_empty(), || found.join(", "));
    sight.end("none of them")
}

fn log_routes(trial: &Trial) -> Result<Outcome> {
    let text = trial.stand()?.place.log()?;
    let (lines, _) = log::lines(&text);
    let mut sight = Sight::new("read the routes in the log");
    for line in &lines {
        let Some(route) = line["route"].as_str() else { continue };
        sight.expect(super::oracle::ids_in(route).is_empty() && !route.contains('?'), || {
            format!("{route} names a record")
        });
        let others = line.as_object().into_iter().flatten().filter(|(name, _)| *name != "request");
        let ids = others.filter(|(_, value)| !super::oracle::ids_in(&value.to_string()).is_empty()).count();
        sight.expect(ids == 0, || "a line has the id of something else than a request".to_owned());
    }
    sight.end("templates, such as /patients/{id}")
}

fn command_line(trial: &Trial) -> Result<Outcome> {
    let process = trial.stand()?.process();
    let path = format!("/proc/{process}/cmdline");
    let Ok(line) = fs::read(&path) else { return Outcome::not_applicable("this machine has no /proc") };
    let text = String::from_utf8_lossy(&line).replace('\0', " ");
    let mut sight = Sight::new("read the command line of the process that serves");
    for word in ["password", "postgres://", "secret", "key="] {
        sight.expect(!text.to_lowercase().contains(word), || format!("it has {word}"));
    }
    sight.end("none in it")
}
