//! CF-14: people sign in to a generated app by a certified OpenID provider, on loopback, by a client that keeps cookies and
//! follows redirects as a browser does.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;
use tempfile::TempDir;

use crate::healthcoder::root;
use crate::project::Project;
use crate::served::until;
use crate::serving::{Database, Place};

const SECRET: &str = "a secret of the app, known to the provider";

/// The provider, ended with this value.
struct IdentityProvider {
    child: Child,
    _input: ChildStdin,
    said: Receiver<String>,
    port: u16,
}

impl IdentityProvider {
    /// Answers on this port, signing with this key, for an app at this address.
    fn start(port: u16, key: &str, app: &str) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/identity-provider/provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node.js is installed");
        let given = json!({
            "modules": root().join("target/identity-provider/node_modules"), "port": port, "key": key,
            "client": {
                "client_id": "app", "client_secret": SECRET, "response_types": ["code"],
                "grant_types": ["authorization_code"], "redirect_uris": [format!("{app}/sign-in/sso/return")],
                "post_logout_redirect_uris": [format!("{app}/sign-in")],
                "backchannel_logout_uri": format!("{app}/sign-in/sso/ended"),
                "backchannel_logout_session_required": true,
            },
        });
        let mut input = child.stdin.take().expect("it is piped");
        writeln!(input, "{given}").expect("it reads");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let provider = Self { child, _input: input, said, port };
        provider.says("answers");
        provider
    }

    fn says(&self, word: &str) {
        let patience = std::time::Duration::from_secs(60);
        while self.said.recv_timeout(patience).unwrap_or_else(|_| panic!("it never says {word}")) != word {}
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Somebody with a browser of their own.
struct Visitor {
    folder: TempDir,
}

struct Answer {
    status: u16,
    to: String,
    body: String,
}

impl Visitor {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    fn ask(&self, address: &str, form: Option<&str>) -> Answer {
        let (jar, body) = (self.folder.path().join("cookies"), self.folder.path().join("body"));
        let mut command = Command::new("curl");
        command.args(["--silent", "--write-out", "%{http_code} %{redirect_url}"]);
        command.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar).arg("--output").arg(&body);
        command.args(["--header", "accept: text/html"]);
        if let Some(form) = form {
            command.args(["--data", form]);
        }
        let output = command.arg(address).output().expect("curl is installed");
        let said = String::from_utf8(output.stdout).expect("it speaks UTF-8");
        let (status, to) = said.split_once(' ').expect("a status and an address");
        let body = std::fs::read_to_string(&body).unwrap_or_default();
        Answer { status: status.parse().expect("a number"), to: to.to_owned(), body }
    }

    /// Presses the provider's button, signs in there, consents, and comes back; the last answer is that of the way back.
    fn come_back(&self, app: &str, login: &str) -> (String, Answer) {
        self.goes(app, "/sign-in/sso?to=/account", login)
    }

    /// The same from another page.
    fn goes(&self, app: &str, path: &str, login: &str) -> (String, Answer) {
        let mut answer = self.ask(&format!("{app}{path}"), None);
        // All of them come from one address, which is held up for a while when it asks too often.
        until("the app lets this address try again", || {
            if answer.status == 429 {
                answer = self.ask(&format!("{app}{path}"), None);
            }
            answer.status == 303
        });
        while !answer.to.starts_with(app) {
            let here = answer.to;
            answer = self.ask(&here, None);
            if answer.status == 200 {
                let prompt = if answer.body.contains("name=\"login\"") { "login" } else { "consent" };
                let login = form_urlencoded(login);
                answer = self.ask(&here, Some(&format!("prompt={prompt}&login={login}&password=any")));
            }
            assert!(!answer.to.is_empty(), "{here}: {} {}", answer.status, answer.body);
        }
        let back = answer.to;
        let mut answer = self.ask(&back, None);
        until("the app lets this address come back", || {
            if answer.status == 429 {
                answer = self.ask(&back, None);
            }
            answer.status != 429
        });
        (back, answer)
    }

    fn is_signed_in(&self, app: &str) -> bool {
        self.ask(&format!("{app}/account"), None).status == 200
    }
}

fn form_urlencoded(text: &str) -> String {
    text.replace('+', "%2B").replace('=', "%3D").replace('@', "%40")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// CF-14: on both databases, groups of the provider give roles here, at the first visit and at each; who is in none, or whose
/// address nobody has verified, is not let in; what comes back is good once, in one browser; a new key of the provider is taken;
/// and who is signed out there is signed out here.
#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_by_their_organisations_own_provider() {
    let program = Project::of_prompt("home-bp").build();
    for database in [Database::Sqlite, Database::postgres().await] {
        let place = Place::new(&program, database);
        let (port, issuer_port) = (free_port(), free_port());
        let app = format!("http://127.0.0.1:{port}");
        let provider = IdentityProvider::start(issuer_port, "old", &app);
        let variables = HashMap::from([
            ("LISTEN", format!("127.0.0.1:{port}")),
            ("OIDC_ISSUER", format!("http://127.0.0.1:{}", provider.port)),
            ("OIDC_NAME", "Clinic directory".to_owned()),
            ("OIDC_CLIENT_ID", "app".to_owned()),
            ("OIDC_CLIENT_SECRET", SECRET.to_owned()),
            ("OIDC_ROLES", "doctors=physician, managers=owner".to_owned()),
        ]);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let serving = place.serve_with(&variables);

        let nurse = Visitor::new();
        assert!(nurse.ask(&format!("{app}/sign-in"), None).body.contains("Clinic directory"));
        let (back, answer) = nurse.come_back(&app, "ann.groups=doctors+others@example.org");
        assert_eq!(
            (answer.status, answer.to.as_str()),
            (303, format!("{app}/account").as_str()),
            "{}",
            answer.body
        );
        let account = nurse.ask(&format!("{app}/account"), None).body;
        assert!(account.contains("ann@example.org") && account.contains("physician"), "{account}");
        assert!(account.contains("Example ann"), "{account}");

        // What came back is of no use again, nor to anybody else.
        for other in [&nurse, &Visitor::new()] {
            assert_eq!(other.ask(&back, None).status, 303, "to sign in");
        }
        let thief = Visitor::new();
        let begun = Visitor::new();
        begun.ask(&format!("{app}/sign-in/sso"), None);
        thief.ask(&format!("{app}/sign-in/sso"), None);
        let code = back.split_once("code=").and_then(|(_, rest)| rest.split('&').next()).expect("a code");
        let forged = format!("{app}/sign-in/sso/return?code={code}&state={}", "0".repeat(64));
        assert!(!thief.is_signed_in(&app) && thief.ask(&forged, None).status == 303);
        assert!(!thief.is_signed_in(&app));

        for (login, why) in [
            ("ben.groups=others@example.org", "gives you no role"),
            ("unverified.groups=doctors@example.org", "has not verified your e-mail address"),
        ] {
            let visitor = Visitor::new();
            let (_, answer) = visitor.come_back(&app, login);
            assert!(answer.body.contains(why), "{login}: {} {}", answer.status, answer.body);
            assert!(!visitor.is_signed_in(&app), "{login}");
        }

        // HC-4: a privileged role enrols a second factor, from there too.
        let manager = Visitor::new();
        let (_, answer) = manager.come_back(&app, "mia.groups=managers@example.org");
        assert!(answer.to.contains("/sign-in/enrol"), "{} {}", answer.status, answer.to);
        assert!(!manager.is_signed_in(&app));

        // CF-13, CC-10: who has no password here shows at the provider that it is still them. What was shown a moment ago does.
        let proof = nurse.ask(&format!("{app}/account/proof?to=/account/delete"), None).body;
        assert!(proof.contains("Go on by Clinic directory"), "{proof}");
        let (_, answer) = nurse.goes(
            &app,
            "/account/proof/sso?to=/account/delete",
            "ann.groups=doctors+others@example.org",
        );
        assert_eq!(
            (answer.status, answer.to.as_str()),
            (303, format!("{app}/account/delete").as_str()),
            "{}",
            answer.body
        );
        let leaving = nurse.ask(&answer.to, None).body;
        assert!(
            leaving.contains("I have read what goes") && !leaving.contains("type=\"password\""),
            "{leaving}"
        );

        // Signed out there, and told so by the back channel.
        let out = nurse.ask(&format!("http://127.0.0.1:{issuer_port}/session/end?client_id=app"), None);
        let secret =
            out.body.split_once("name=\"xsrf\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        let form = format!("logout=yes&xsrf={}", secret.expect("the provider asks"));
        nurse.ask(&format!("http://127.0.0.1:{issuer_port}/session/end/confirm"), Some(&form));
        provider.says("told");
        assert!(!nurse.is_signed_in(&app), "single sign-out");

        // Other groups are other rights, and another key is the same provider.
        drop(provider);
        let _provider = IdentityProvider::start(issuer_port, "new", &app);
        let again = Visitor::new();
        until("the provider's new key is taken", || {
            again.come_back(&app, "ann.groups=doctors@example.org").1.status == 303
                && again.is_signed_in(&app)
        });
        let moved = Visitor::new();
        let (_, answer) = moved.come_back(&app, "ann.groups=managers@example.org");
        assert!(answer.to.contains("/sign-in/enrol"), "{} {}", answer.status, answer.to);
        assert!(!again.is_signed_in(&app), "whose rights change is signed out");
        drop(serving);
    }
}
