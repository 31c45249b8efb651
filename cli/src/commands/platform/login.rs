//! Signing in: password and security code are asked at the terminal, and shown nowhere.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::arguments::Login;
use crate::outcome::{Failure, Outcome};
use crate::platform::client::Client;
use crate::platform::session::Session;

/// Signs in and keeps the session.
pub(crate) fn run(arguments: &Login) -> Result<Outcome, Failure> {
    let authority: Option<PathBuf> = arguments
        .authority
        .as_ref()
        .map(|path| path.canonicalize())
        .transpose()
        .map_err(anyhow::Error::from)?;
    let mut client = Client::at(&arguments.server, authority.as_deref())?;
    let email = match &arguments.email {
        Some(email) => email.clone(),
        None => ask("E-mail address: ", false)?,
    };
    let password = ask("Password: ", true)?;
    let mut step = client.post("/identity/sign-in", &json!({ "email": email, "password": password }))?;
    if step["next"] == "second_factor" {
        let code = ask("Security code: ", false)?;
        let body = json!({ "ticket": step["ticket"], "code": code });
        step = client.post("/identity/sign-in/code", &body)?;
    }
    if step["next"] == "choose" {
        let body = json!({ "ticket": step["ticket"], "organisation": chosen(&step)? });
        step = client.post("/identity/sign-in/organisation", &body)?;
    }
    match step["next"].as_str() {
        Some("signed_in") => {}
        Some("enrol") => {
            return Err(Failure::input(format!(
                "set up your security code first: sign in at {} with a browser",
                arguments.server
            )));
        }
        _ => {
            return Err(Failure::Failed(anyhow::anyhow!(
                "the platform asks for a step that this release lacks"
            )));
        }
    }
    let mut session = Session {
        server: arguments.server.trim_end_matches('/').to_owned(),
        authority,
        access_token: String::new(),
        refresh_token: String::new(),
    };
    session.take(&step)?;
    session.save()?;
    Ok(Outcome {
        text: format!("signed in at {}\nNext: healthcoder deploy \"what your app is for\"", session.server),
        json: json!({ "server": session.server }),
    })
}

/// Ends the session, here and there.
pub(crate) fn end() -> Result<Outcome, Failure> {
    let ended = Client::signed_in()
        .map_err(Failure::from)
        .and_then(|mut client| client.post("/identity/sign-out", &json!({})));
    Session::forget()?;
    // Forgotten here in any case; there it ends by itself when it cannot be reached.
    let text = if ended.is_ok() { "signed out" } else { "signed out here; the platform was not told" };
    Ok(Outcome { text: text.into(), json: json!({ "signed_out": true }) })
}

fn chosen(step: &Value) -> Result<Value, Failure> {
    let choices = step["organisations"].as_array().cloned().unwrap_or_default();
    for (number, choice) in choices.iter().enumerate() {
        eprintln!("{}  {}", number + 1, choice["name"].as_str().unwrap_or_default());
    }
    let number: usize = ask("Which account: ", false)?.trim().parse().unwrap_or(0);
    choices
        .get(number.wrapping_sub(1))
        .map(|choice| choice["id"].clone())
        .ok_or_else(|| Failure::input("that is none of the numbers above"))
}

/// A line from the terminal, or from a pipe; a secret is not shown while it is typed.
pub(in crate::commands) fn ask(what: &str, secret: bool) -> Result<String, Failure> {
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        eprint!("{what}");
        std::io::stderr().flush().map_err(anyhow::Error::from)?;
    }
    let _quiet = (secret && terminal).then(Quiet::begin).flatten();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::from)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// The terminal shows nothing while this lives.
struct Quiet(rustix::termios::Termios);

impl Quiet {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet).ok()?;
        Some(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _left =
            rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
        eprintln!();
    }
}
