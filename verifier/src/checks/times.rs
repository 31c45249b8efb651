//! What time ends. Nobody waits for it here: a superuser of the database makes rows old, behind the app's back.

use serde_json::json;

use super::sessions::{opens, renew};
use super::thief::addresses;
use crate::check::{Check, Group, Needs};
use crate::clock;
use crate::outcome::{Outcome, Sight};
use crate::people::{Tokens, sign_in, step};
use crate::recruits::{PASSWORD, prove};
use crate::trial::Trial;
use crate::trouble::Result;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "inactive-sessions-end",
        &["CF-4"],
        "A session that nobody used for as long as the spec allows is over, with all its tokens",
        Group::Tokens,
        Needs::Postgres,
        inactive,
    ),
    Check::new(
        "old-sessions-end",
        &["CF-4", "CF-12"],
        "A session that has lasted as long as it may is over, however busy it is",
        Group::Tokens,
        Needs::Postgres,
        old,
    ),
    Check::new(
        "old-links-open-nothing",
        &["HG-4"],
        "A one-time link that is too old sets no password",
        Group::Identity,
        Needs::Postgres,
        links,
    ),
    Check::new(
        "old-proofs-are-asked-anew",
        &["HG-4"],
        "Who gives a privileged role shows anew who they are, when they last did so a while ago",
        Group::Identity,
        Needs::Postgres,
        proofs,
    ),
];

/// Signs a recruit in, makes the session's row old, and says whether anything of it opens still.
fn aged(trial: &Trial, did: &str, change: &str) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let (aged, other) = (sign_in(stand.wire(), &login)?, sign_in(stand.wire(), &login)?);
    let mut sight = Sight::new(did);
    let works = |tokens: &Tokens| opens(stand.wire(), tokens);
    sight.expect(works(&aged)?, || "it does not open before".to_owned());
    addresses(trial)?.sql(&format!("UPDATE sessions SET {change} WHERE id = '{}'", aged.session))?;
    sight.expect(!works(&aged)?, || "its access token opens it".to_owned());
    let renewed = renew(stand.wire(), &aged.refresh)?;
    sight.expect(renewed.status == 401, || format!("its refresh token is answered {}", renewed.status));
    sight.expect(works(&other)?, || "another session of the same person ended with it".to_owned());
    sight.end("401, for the access token and for the refresh token")
}

fn inactive(trial: &Trial) -> Result<Outcome> {
    aged(
        trial,
        "put the last use of a session a day back, and used it",
        "seen_at = seen_at - interval '1 day'",
    )
}

fn old(trial: &Trial) -> Result<Outcome> {
    aged(
        trial,
        "put the end of a session into the past, and used it",
        "expires_at = now() - interval '1 second'",
    )
}

fn links(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let office = stand.office()?;
    let role = stand.plain_role().unwrap_or_else(|| office.role().to_owned());
    let mut sight = Sight::new("invited somebody, put the end of the link into the past, and took it");
    let body = json!({ "email": format!("{}@example.net", clock::word()), "role": role });
    let made = office.proving("POST", "/identity/people", &body)?.json();
    let token = made["link"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    addresses(trial)?.sql(
        "UPDATE one_time_links SET expires_at = now() - interval '1 second' \
         WHERE id = (SELECT id FROM one_time_links WHERE used_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1)",
    )?;
    let taken = step(stand.wire(), "welcome", &json!({ "token": token, "password": PASSWORD }))?;
    sight.expect(taken.status == 404, || format!("it is answered {}", taken.status));
    let shown = stand.wire().get(format!("/welcome/{token}")).page().send()?;
    sight.expect(!shown.is_success(), || format!("its page is answered {}", shown.status));
    sight.end("404, as for a link that nobody made")
}

fn proofs(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let office = stand.office()?;
    let Some(role) = stand.privileged_role() else {
        return Outcome::not_applicable("no role is privileged");
    };
    let mut sight =
        Sight::new("put the last proof of an administrator an hour back, and invited a privileged role");
    let invite = || {
        office.post(
            "/identity/people",
            &json!({ "email": format!("{}@example.net", clock::word()), "role": role }),
        )
    };
    prove(&office)?;
    let fresh = invite()?;
    sight.expect(fresh.is_success(), || format!("after a proof it is answered {}", fresh.status));
    let session = office.tokens()?.session;
    addresses(trial)?.sql(&format!(
        "UPDATE sessions SET proved_at = proved_at - interval '1 hour' WHERE id = '{session}'"
    ))?;
    let stale = invite()?;
    sight.expect(!stale.is_success() && stale.json()["code"] == "prove-again", || {
        format!("an hour later it is answered {} {}", stale.status, stale.json()["code"])
    });
    prove(&office)?;
    sight.end("the password and a code are asked for again")
}
