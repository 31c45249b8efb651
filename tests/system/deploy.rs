//! A founder brings a project's folder to a platform: its spec, and the code in its `src/custom`. Nothing is built here; what is
//! planned waits for a person.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use safeguards::identity::totp::TotpSecret;
use safeguards::{Clock, SystemClock};
use serde_json::{Value, json};
use time::Duration;

use crate::healthcoder::{Ended, ended, healthcoder, root, run, run_with};
use crate::served::Served;

const EMAIL: &str = "olga@example.org";
const PASSWORD: &str = "Violet-Kettle-58-Harbour";
const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. Nurses see \
    the readings of the patients assigned to them. The clinic owner manages people.";

/// A platform with a founder who is signed in at their terminal, and has a project.
struct Desk {
    data: tempfile::TempDir,
    served: Served,
    lead: Duration,
    project: String,
}

impl Desk {
    fn new() -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let served = Served::on(data.path(), &HashMap::new());
        let mut desk = Self { data, served, lead: Duration::ZERO, project: String::new() };
        let account = json!({ "email": EMAIL, "password": PASSWORD, "organisation": "Clinic on the Hill" });
        desk.post("/identity/sign-up", None, &account);
        let credentials = json!({ "email": EMAIL, "password": PASSWORD });
        let step = desk.post("/identity/sign-in", None, &credentials);
        let ticket = json!({ "ticket": step["ticket"] });
        let offer = desk.post("/identity/sign-in/authenticator", None, &ticket);
        let secret = TotpSecret::from_base32(offer["secret"].as_str().expect("a secret")).expect("base 32");
        let confirm = json!({ "ticket": step["ticket"], "code": desk.code(&secret) });
        let step = desk.post("/identity/sign-in/authenticator/confirm", None, &confirm);
        let token = step["access_token"].as_str().expect("they are signed in");
        let made = desk.post("/api/projects", Some(token), &json!({ "prompt": PROMPT }));
        desk.project = made["project"].as_str().expect("a project").to_owned();

        // A code works once.
        desk.lead += Duration::minutes(1);
        desk.served.lead(desk.lead);
        let authority = desk.data.path().join("authority.pem");
        let authority = authority.to_str().expect("the path is text");
        let words = ["login", "--server", &desk.served.origin, "--authority", authority, "--email", EMAIL];
        let typed = format!("{PASSWORD}\n{}\n", desk.code(&secret));
        let signed_in = desk.command(&words, &typed);
        assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
        desk
    }

    fn code(&self, secret: &TotpSecret) -> String {
        secret.code_at(SystemClock.now() + self.lead).to_string()
    }

    /// By a client that knows nothing of the platform: curl, of every machine.
    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let host = self.served.origin.strip_prefix("https://").expect("an address").trim_end_matches('/');
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--cacert"])
            .arg(self.data.path().join("authority.pem"))
            .args(["--resolve", &format!("{host}:127.0.0.1")])
            .args(["--header", "content-type: application/json", "--header", "accept: application/json"]);
        if let Some(token) = token {
            curl.args(["--header", &format!("authorization: Bearer {token}")]);
        }
        let answer = ended(curl.args(["--data", &body.to_string(), &format!("https://{host}{path}")]));
        assert_eq!(answer.code, Some(0), "{answer:?}");
        if answer.output.is_empty() { Value::Null } else { answer.json() }
    }

    fn command(&self, words: &[&str], typed: &str) -> Ended {
        use std::io::{Seek, Write};
        let mut input = tempfile::tempfile().expect("a temporary file can be made");
        input.write_all(typed.as_bytes()).and_then(|()| input.rewind()).expect("a file can be written");
        let home = self.data.path().join("home");
        ended(healthcoder().args(words).env("HEALTHCODER_CONFIG", home).stdin(input))
    }

    /// Brings a folder, and approves nothing.
    fn deploy(&self, dir: &Path) -> Ended {
        let dir = dir.to_str().expect("the path is text");
        self.command(&["deploy", "--project", &self.project, "--dir", dir], "")
    }
}

#[test]
fn a_folder_is_brought_with_its_custom_code() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let app = folder.path().join("app");
    let spec = root().join("generator/tests/specs/home-bp.yaml");
    let [spec, dir] = [&spec, &app].map(|path| path.to_str().expect("the path is text"));
    assert_eq!(run(&["generate", "--spec", spec, "--dir", dir]).code, Some(0));
    let honest =
        fs::read_to_string(root().join("generator/tests/custom/honest/extensions.rs")).expect("it is there");
    fs::write(app.join("src/custom/mod.rs"), &honest).expect("it is writable");
    fs::write(app.join("src/home.rs"), "// Mine.\n").expect("it is writable");

    let planned = desk.deploy(&app);
    assert_eq!(planned.code, Some(2), "it waits for a person: {planned:?}");
    let lines = format!("src/custom/mod.rs ({} lines)", honest.lines().count());
    for said in [
        "generated anew on the platform: src/home.rs",
        "Custom code, which the lint has read",
        &lines,
        "Custom code that is new\n  • src/custom/mod.rs",
        "`--yes` approves it",
    ] {
        assert!(planned.errors.contains(said), "{said}: {}", planned.errors);
    }

    // A spec alone keeps the code, a folder without any does not.
    let kept = desk.command(&["deploy", "--project", &desk.project, "--spec", spec], "");
    assert!(kept.errors.contains(&lines), "{}", kept.errors);
    fs::remove_dir_all(app.join("src/custom")).expect("it is ours");
    let bare = desk.deploy(&app);
    assert!(bare.errors.contains("Custom code that is removed\n  • src/custom/mod.rs"), "{}", bare.errors);

    // What may not be is told with its place: by the platform's lint, and before anything is sent.
    fs::create_dir(app.join("src/custom")).expect("the folder is ours");
    let reaching =
        "use safeguards::slice::Routes;\n\npub fn routes() -> Routes {\n    std::process::exit(1)\n}\n";
    fs::write(app.join("src/custom/mod.rs"), reaching).expect("it is writable");
    let refused = desk.deploy(&app);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.errors.contains("src/custom/mod.rs:4:5: `std::process::exit`"), "{}", refused.errors);
    std::os::unix::fs::symlink("/etc/passwd", app.join("src/custom/link.rs")).expect("a link can be made");
    let refused = desk.deploy(&app);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.errors.contains("nothing was sent:\nsrc/custom/link.rs: it is a link"),
        "{}",
        refused.errors
    );
}

/// A folder is a version of a project that is there, and is named instead of a prompt or a spec.
#[test]
fn a_folder_wants_a_project_and_nothing_beside_it() {
    for words in [
        &["deploy", "--dir", ".", "--spec", "app.yaml"][..],
        &["deploy", "--dir", ".", "An app."],
        &["deploy", "--dir", ".", "--prompt-file", "-"],
    ] {
        let refused = run_with(words, "");
        assert!(refused.code == Some(2) && refused.errors.contains("cannot be used with"), "{refused:?}");
    }
}
