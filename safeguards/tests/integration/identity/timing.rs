//! Trials for `cargo xtask bench --only timing`, which judges them: how long answers take that are alike. Nothing is asserted
//! here; that the work is the same is counted in `equal_work`.
#![expect(clippy::disallowed_methods, reason = "what is measured is the real time that passes")]

use std::fmt::Write as _;
use std::time::Instant;

use safeguards::identity::{Credentials, Door, Session, Token};
use time::Duration;

use super::{Clinic, PASSWORD, PATIENT, visit};

const WRONG: &str = "Wren-lamp-42-quilt";
const NOBODY: &str = "nobody@example.org";

/// How often each variant of a question is asked, and the file that the trials are written to.
fn wanted() -> (usize, String) {
    let read = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the benchmark"));
    (read("TIMING_TRIALS").parse().unwrap(), read("TIMING_FILE"))
}

/// One line a trial: database, question, variant, nanoseconds.
struct Trials {
    database: &'static str,
    lines: String,
}

impl Trials {
    async fn of<T>(&mut self, question: &str, variant: &str, answer: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answered = answer.await;
        let time = began.elapsed().as_nanos();
        writeln!(self.lines, "{}\t{question}\t{variant}\t{time}", self.database).unwrap();
        answered
    }
}

fn cookie(value: &str) -> axum::http::HeaderMap {
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("cookie", format!("__Host-session={value}").parse().unwrap());
    headers
}

#[tokio::test]
#[ignore = "it takes minutes, and `cargo xtask bench --only timing` runs it"]
async fn trials() {
    let (count, file) = wanted();
    let mut all = String::new();
    for (database, clinic) in ["SQLite", "PostgreSQL"].into_iter().zip(Clinic::both().await) {
        let mut trials = Trials { database, lines: String::new() };
        clinic.patient().await;
        let identity = &clinic.identity;
        let used = identity.create_owner(clinic.id, "used@example.org", "owner").await.unwrap().token;
        identity.accept(&used, PASSWORD, None, &visit(1)).await.unwrap();
        let ended = clinic.open(PATIENT, Door::Browser).await;
        identity.sign_out(clinic.request(&ended).await.unwrap().row(), &visit(1)).await.unwrap();
        let Credentials::Browser(ended) = &ended.credentials else { panic!("a browser has a cookie") };
        let never = Token::random().unwrap();
        let visit = visit(1);
        for number in 0..count {
            // Nothing is locked, and no window of a limit is open, an hour later.
            clinic.clock.advance(Duration::hours(1));
            let wrong = |email| identity.sign_in(email, WRONG, Door::Api, &visit);
            // Each goes first every other time.
            for turn in [number % 2, 1 - number % 2] {
                let (email, variant) = [(PATIENT, "an account"), (NOBODY, "no account")][turn];
                drop(trials.of("sign-in with a wrong password", variant, wrong(email)).await);
                let (token, variant) = [(&used, "used"), (&never, "never made")][turn];
                drop(trials.of("a link", variant, identity.link_email(token, &visit)).await);
                let (token, variant) = [(ended, "signed out"), (&never, "never given")][turn];
                let headers = cookie(token.reveal());
                drop(
                    trials
                        .of("a cookie", variant, Session::authenticate(identity, &headers, visit.clone()))
                        .await,
                );
            }
            // A new account can be made once only, so there are fewer of these.
            if number % 10 == 0 {
                let free = format!("free.{number}@example.org");
                for turn in [number / 10 % 2, 1 - number / 10 % 2] {
                    let (email, variant) = [(free.as_str(), "free"), (PATIENT, "taken")][turn];
                    let sign_up = identity.sign_up(email, PASSWORD, Some("Somebody"), None, &visit);
                    trials.of("signing up with an address", variant, sign_up).await.unwrap();
                }
            }
        }
        all += &trials.lines;
    }
    std::fs::write(file, all).unwrap();
}
