//! The platform as one program with real parts: a founder's whole road in a real browser, a real compiler in the build
//! sandbox, payments through Stripe's protocol, and time that passes because the test says so.

use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use safeguards::identity::totp::TotpSecret;
use safeguards::{Clock, SystemClock};
use serde_json::{Value, json};
use stripe_double::cards;
use tempfile::TempDir;
use time::Duration;

use crate::browser::in_browser;
use crate::healthcoder::{Ended, ended, healthcoder, root, run};
use crate::project::{cache, kept};
use crate::served::{Payments, Served};

const CHROMIUM: &str = "/usr/bin/chromium";
const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. Nurses see \
    the readings of the patients assigned to them. The clinic owner manages people and registers patients.";

/// A page of a founder's own.
const HELLO: &str = r#"//! Mine.

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, get};

use crate::extensions::Extensions;

/// Where it joins in.
pub struct Custom;

impl Extensions for Custom {}

/// A page beside the generated ones.
pub fn routes() -> Routes {
    Routes::new().route("/hello", get(hello))
}

/// `GET /hello`: greets whoever is signed in.
async fn hello(viewer: Viewer) -> Result<Page> {
    Ok(viewer.page(format!("Hello, {}", viewer.roles().join(", "))))
}
"#;

/// A road that is gone stage by stage: what a stage learned, the next one knows.
struct Road {
    data: TempDir,
    served: Served,
    payments: Payments,
    lead: Duration,
    founder: Value,
    clinic: Value,
    project: String,
    version: String,
    production: String,
}

impl Road {
    async fn begin() -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        // What every project stands on is compiled once for all runs of these tests, as it is once a platform.
        let bases = data.path().join("environments/build");
        fs::create_dir_all(&bases).expect("the folder is writable");
        std::os::unix::fs::symlink(kept("bases"), bases.join("bases")).expect("the folder is writable");
        let payments = Payments::begin().await;
        let served = Served::on(data.path(), &payments.variables());
        payments.lead_to(&served.origin);
        Self {
            data,
            served,
            payments,
            lead: Duration::ZERO,
            founder: json!({
                "who": "founder", "name": "Olga Owner", "organisation": "Clinic on the Hill",
                "email": "olga@example.org", "password": "Violet-Kettle-58-Harbour",
            }),
            clinic: json!({
                "who": "clinic", "name": "Ada Ruiz", "email": "ada@clinic.example", "password": "Copper-Lantern-31-Meadow",
            }),
            project: String::new(),
            version: String::new(),
            production: String::new(),
        }
    }

    /// One stage in the browser. Nothing on the way may be inaccessible, broken, or asked of anybody else.
    async fn go(&mut self, stage: &str, more: &Value) -> Value {
        // Its clock ticks as the platform's does: a webhook that was signed minutes ago is not believed.
        self.payments.pass(self.lead).await;
        let mut given = json!({
            "stage": stage, "origin": self.served.origin, "prompt": PROMPT, "chromium": CHROMIUM, "minutes": 55,
            "modules": root().join("target/browser/node_modules"), "shots": root().join("target/browser/pictures/road"),
            "founder": self.founder, "clinic": self.clinic, "lead": self.lead.whole_seconds(),
            "project": self.project, "version": self.version, "production": self.production,
            "elsewhere": [self.payments.stripe.url()],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            given[name] = value.clone();
        }
        let report = in_browser("road.mjs", &given);
        for nothing in ["errors", "violations", "elsewhere"] {
            assert_eq!(report[nothing], json!([]), "{stage}: {report:#}");
        }
        (self.founder, self.clinic) = (report["founder"].clone(), report["clinic"].clone());
        report
    }

    /// Lets days pass, here and at the payment provider.
    async fn days(&mut self, days: i64) {
        self.lead += Duration::days(days);
        self.served.lead(self.lead);
        self.payments.pass(self.lead).await;
    }

    /// Waits until the host holds production to this gate.
    fn gate(&self, gate: &str) {
        let register = self.data.path().join("environments/environments");
        let wanted = json!(gate);
        crate::served::until(&format!("production is {gate}"), || {
            let files = fs::read_dir(&register).into_iter().flatten().flatten();
            let mut known = files.filter_map(|file| {
                serde_json::from_slice::<Value>(&fs::read(file.path().join("environment.json")).ok()?).ok()
            });
            known.any(|one| {
                !one["host"].as_str().unwrap_or_default().contains("-preview.") && one["enforced"] == wanted
            })
        });
    }

    /// The command line, as the founder who is signed in on their machine.
    fn command(&self, words: &[&str], typed: &str) -> Ended {
        let mut input = tempfile::tempfile().expect("a temporary file can be made");
        input.write_all(typed.as_bytes()).and_then(|()| input.rewind()).expect("a file can be written");
        let mut command = healthcoder();
        command.args(words).env("HEALTHCODER_CONFIG", self.data.path().join("home")).stdin(input);
        let ended = ended(&mut command);
        assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.output, ended.errors);
        ended
    }

    /// Signs in at the terminal: the password, then a code that the browser has not used.
    fn log_in(&mut self) {
        self.lead += Duration::minutes(1);
        self.served.lead(self.lead);
        let secret = self.founder["secret"].as_str().and_then(TotpSecret::from_base32);
        let secret = secret.expect("the founder has an authenticator");
        let code = secret.code_at(SystemClock.now() + self.lead);
        let typed = format!("{}\n{}\n", self.founder["password"].as_str().expect("a password"), *code);
        let authority = self.data.path().join("authority.pem");
        let authority = authority.to_str().expect("the path is text");
        let words = [
            "login",
            "--server",
            &self.served.origin,
            "--authority",
            authority,
            "--email",
            "olga@example.org",
        ];
        self.command(&words, &typed);
        self.lead += Duration::minutes(1);
        self.served.lead(self.lead);
    }

    /// Where versions lie as source; the project and the version, by their ids.
    fn source(&self) -> (PathBuf, String, String) {
        let id = |path: &str| path.rsplit('/').next().expect("an address has a last part").to_owned();
        (self.data.path().join("projects"), id(&self.project), id(&self.version))
    }

    /// Code of the founder's own is compiled, tried and served by the sandbox: the preview has a page that it had not.
    fn brings_code(&self, label: &str, preview: &str) {
        let page = format!("{preview}/hello");
        assert_eq!(status(&page), 404, "there is none yet");
        let (projects, project, version) = self.source();
        let folder = self.data.path().join("mine");
        fs::create_dir_all(folder.join("src/custom")).expect("the folder is writable");
        fs::copy(projects.join(project).join(version).join("app.yaml"), folder.join("app.yaml"))
            .expect("the spec of the version that serves");
        fs::write(folder.join("src/custom/mod.rs"), HELLO).expect("the folder is writable");
        let dir = folder.to_str().expect("the path is text");
        self.command(&["deploy", "--project", label, "--dir", dir, "--yes"], "");
        assert!(matches!(status(&page), 303 | 401), "it asks who they are");
    }

    async fn patient(&mut self, name: &str, expect: &str) -> Value {
        let more = json!({ "expect": expect, "patient": { "name": name } });
        self.go("patient", &more).await
    }
}

/// HC-1, HC-4, HC-11, HC-12, HC-13, HC-14, CL-12, CC-9: from nothing to a preview; paid, signed, in production; a payment
/// fails and recovers; cancelled, taken home, restored without the platform; and after thirty days nothing is left but a
/// certificate that proves itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_road_from_a_prompt_to_a_certificate_of_destruction() {
    let mut road = Road::begin().await;
    let seen = road.go("preview", &json!({})).await;
    let text = |value: &Value| value.as_str().expect("the stage learned it").to_owned();
    (road.project, road.version) = (text(&seen["project"]), text(&seen["version"]));
    assert!(text(&seen["preview"]).contains("-preview.apps.localhost"), "{seen:#}");
    assert!(text(&seen["preview_as_nurse"]).contains("Example"), "a nurse sees patients: {seen:#}");

    // No version serves that was not verified; the report is kept.
    let (projects, project, version) = road.source();
    let report = projects.join(project).join("verified").join(format!("{version}.html"));
    let report = fs::read_to_string(report).expect("it was verified");
    assert!(report.contains("every promise that was tried was kept"), "{report}");

    // A power cut: everything is there again, and the app that sleeps wakes for a request.
    road.served.again();
    assert_eq!(status(&format!("{}/healthz", text(&seen["preview"]))), 200);
    assert_eq!(status(&format!("{}/api/projects", road.served.origin)), 401);

    let opened = road.go("production", &json!({ "pays": cards::PAYS })).await;
    assert!(text(&opened["unsigned"]).contains("Sign the business associate agreement"), "{opened:#}");
    road.production = text(&opened["production"]);
    let entered = road.patient("Zzyzx Testperson", "written").await;
    assert!(text(&entered["said"]).contains("Zzyzx Testperson"), "{entered:#}");

    // The same by the command line.
    road.log_in();
    let listed = road.command(&["projects"], "").output;
    let label = listed.split("  ").next().expect("a label").to_owned();
    assert!(listed.contains("lood pressure"), "{listed}");
    let logs = road.command(&["logs", &label, "--production"], "").output;
    assert!(logs.contains("/patients") && !logs.contains("Zzyzx"), "{logs}");
    assert!(road.command(&["open", &label], "").output.contains("-preview.apps.localhost"));
    road.brings_code(&label, &text(&seen["preview"]));

    road.go("card", &json!({ "pays": cards::FAILS_LATER })).await;
    road.days(31).await;
    let failing = road.go("standing", &json!({ "name": "failing" })).await;
    assert!(text(&failing["billing"]).contains("A payment failed"), "{failing:#}");
    road.gate("read-write");
    // Thirty days after the payment failed, and before the next one is due.
    road.days(29).await;
    road.gate("read-only");
    let refused = road.patient("Nobody Nowhere", "refused").await;
    assert!(text(&refused["listed"]).contains("Zzyzx Testperson"), "records are shown: {refused:#}");
    assert!(!text(&refused["said"]).contains("Nobody Nowhere"), "{refused:#}");
    assert!(text(&refused["said"]).contains("This app is read-only"), "it says why: {refused:#}");
    road.go("card", &json!({ "pays": cards::PAYS })).await;
    road.gate("read-write");
    let again = road.patient("Second Testperson", "written").await;
    assert!(text(&again["said"]).contains("Second Testperson"), "{again:#}");

    // Taken home while it goes on.
    road.log_in();
    let copy = [road.data.path().join("copy.zip"), road.data.path().join("copy.passphrase")];
    let [zip, secret] = copy.each_ref().map(|path| path.to_str().expect("the path is text"));
    let words = ["--json", "export", "copy", &label, "--to", zip, "--passphrase-to", secret];
    let copied = road.command(&words, "").json();
    assert!(
        copied["rows"].as_u64().is_some_and(|rows| rows > 0) && copied["until"].is_string(),
        "{copied:#}"
    );
    road.gate("read-write");

    let cancelled = road.go("cancel", &json!({})).await;
    assert!(text(&cancelled["billing"]).contains("Your plan ends on"), "{cancelled:#}");
    road.days(2).await;
    road.gate("export-window");
    let home = road.data.path().join("home.zip");
    let taken = road.go("archive", &json!({ "to": home })).await;
    restored_at_home(&home, &text(&taken["passphrase"]), &text(&taken["key"]));
    road.log_in();
    let fetched = [road.data.path().join("again.zip"), road.data.path().join("again.passphrase")];
    let [zip, secret] = fetched.each_ref().map(|path| path.to_str().expect("the path is text"));
    let words = ["--json", "export", "fetch", &label, "--to", zip, "--passphrase-to", secret, "--confirm"];
    let fetched = road.command(&words, "").json();
    assert_eq!((&fetched["signed_by"], &fetched["confirmed"]), (&taken["key"], &json!(true)), "{fetched:#}");

    road.days(31).await;
    let certificate = road.data.path().join("certificate.html");
    let environment = text(&taken["environment"]);
    let more = json!({ "departure": taken["departure"], "to": certificate, "environment": environment });
    let end = road.go("certificate", &more).await;
    assert_eq!(end["archive"], 404, "the archive is gone: {end:#}");
    assert_ne!(end["gone"], 200, "production answers nobody: {end:#}");
    let verified = run(&["certificate", "verify", certificate.to_str().expect("the path is text")]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.output.contains("as it was issued"), "{}", verified.output);
    let kept = files_with(road.data.path(), &environment.replace('-', ""));
    assert!(kept.iter().all(|path| path.components().any(|part| part.as_os_str() == "witness")), "{kept:?}");
}

/// HC-11: the file, its passphrase and the command line, and nothing of ours that runs.
fn restored_at_home(archive: &Path, passphrase: &str, key: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let secret = folder.path().join("passphrase");
    fs::write(&secret, format!("{passphrase}\n")).expect("the folder is writable");
    let text = |path: &Path| path.to_str().expect("the path is text").to_owned();
    let opened = ["--passphrase-file", &text(&secret), "--key", key];
    let command = |words: &[&str]| {
        let mut command = healthcoder();
        command.args(words).args(opened).env("HEALTHCODER_CACHE", cache()).env_remove("DATABASE_OWNER_URL");
        let ended = ended(&mut command);
        assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.output, ended.errors);
        ended
    };
    let verified = command(&["--json", "export", "verify", &text(archive)]).json();
    assert_eq!(verified["verified"], true);
    let home = folder.path().join("home");
    command(&["export", "restore", &text(archive), "--dir", &text(&home)]);
    assert!(home.join("app.yaml").is_file() && home.join("data").is_dir());
}

/// The files below a folder whose path names this.
fn files_with(folder: &Path, name: &str) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            // What is compiled for all is nobody's.
            if path.ends_with("build/bases") {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(path);
            } else if path.display().to_string().contains(name) {
                found.push(path);
            }
        }
    }
    found
}

/// By a client that knows nothing of TLS authorities, as a monitor would be told to: curl, of every machine.
fn status(address: &str) -> u16 {
    let host = address.strip_prefix("https://").and_then(|rest| rest.split('/').next()).expect("an address");
    let (name, port) = host.split_once(':').expect("a port");
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--max-time", "90", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}", "--resolve", &format!("{name}:{port}:127.0.0.1"), address])
        .output()
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
}
