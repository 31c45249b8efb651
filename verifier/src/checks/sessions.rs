//! How a session goes on, and how it ends.

use serde_json::json;

use crate::check::{Check, Group, Needs};
use crate::outcome::{Outcome, Sight};
use crate::people::{Person, Tokens, sign_in, step};
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Wire};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "refresh-rotates",
        &["CF-12"],
        "A refresh token is good once, and gives another",
        Group::Tokens,
        Needs::Instance,
        rotates,
    ),
    Check::new(
        "refresh-reuse",
        &["CF-12"],
        "A refresh token that comes back ends the session for everybody",
        Group::Tokens,
        Needs::Instance,
        reuse,
    ),
    Check::new(
        "refresh-race",
        &["CF-12"],
        "Of two who renew by one token at once, one wins, and then neither",
        Group::Tokens,
        Needs::Instance,
        race,
    ),
    Check::new(
        "refresh-unknown",
        &["CF-12"],
        "A refresh token that nobody issued gives nothing",
        Group::Tokens,
        Needs::Instance,
        unknown,
    ),
    Check::new(
        "sign-out-ends",
        &["CF-4", "CF-12"],
        "Signing out ends a session at once, with all its tokens",
        Group::Tokens,
        Needs::Instance,
        sign_out,
    ),
    Check::new(
        "devices-listed",
        &["CC-11"],
        "One sees one's own sessions, and nobody else's",
        Group::Tokens,
        Needs::Instance,
        devices,
    ),
    Check::new(
        "device-revoked",
        &["CF-4", "HG-4"],
        "A session that is ended from elsewhere ends at once",
        Group::Tokens,
        Needs::Instance,
        revoked,
    ),
    Check::new(
        "device-of-another",
        &["CL-1"],
        "Nobody ends another person's session",
        Group::Tokens,
        Needs::Instance,
        of_another,
    ),
];

/// Whether an access token opens its session.
pub(super) fn opens(wire: &Wire, tokens: &Tokens) -> Result<bool> {
    Ok(wire.get("/identity/session").bearer(&tokens.access).send()?.status == 200)
}

pub(super) fn renew(wire: &Wire, refresh: &str) -> Result<Reply> {
    step(wire, "refresh", &json!({ "refresh_token": refresh }))
}

/// A session of somebody who is there for this alone.
fn session(stand: &Stand) -> Result<Tokens> {
    sign_in(stand.wire(), &*stand.plain_recruit()?)
}

fn rotates(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut tokens = session(stand)?;
    let mut sight = Sight::new("renewed a session five times");
    let mut seen = vec![tokens.refresh.clone()];
    for _ in 0..5 {
        let reply = renew(stand.wire(), &tokens.refresh)?;
        let Some(next) = Tokens::read(&reply.json()) else {
            sight.expect(false, || format!("a fresh token is answered {}", reply.status));
            break;
        };
        sight.expect(!seen.contains(&next.refresh), || "the same token comes back".to_owned());
        sight.expect(next.session == tokens.session, || "it is another session".to_owned());
        sight.expect(opens(stand.wire(), &next)?, || "the new access token opens nothing".to_owned());
        seen.push(next.refresh.clone());
        tokens = next;
    }
    sight.end("another refresh token each time, of the same session")
}

fn reuse(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let first = session(stand)?;
    let mut sight = Sight::new("renewed a session, and then once more by the token that was used");
    let second = Tokens::read(&renew(stand.wire(), &first.refresh)?.json())
        .ok_or_else(|| Trouble::unexpected("a session is not renewed"))?;
    let again = renew(stand.wire(), &first.refresh)?;
    sight.expect(again.status == 401, || format!("the used token is answered {}", again.status));
    let honest = renew(stand.wire(), &second.refresh)?;
    sight.expect(honest.status == 401, || format!("the family lives on: {}", honest.status));
    sight.expect(!opens(stand.wire(), &first)? && !opens(stand.wire(), &second)?, || {
        "an access token of the family still opens".to_owned()
    });
    sight.end("401 for all of the family")
}

fn race(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = session(stand)?;
    let mut sight = Sight::new("renewed a session ten times at the same moment by one token");
    let bytes =
        stand.wire().post("/identity/refresh").json(&json!({ "refresh_token": tokens.refresh })).bytes();
    let wires: Vec<Wire> = (0..10).map(|_| stand.wire().elsewhere()).collect();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let sent: Vec<_> = wires.iter().map(|wire| scope.spawn(|| wire.raw(&bytes))).collect();
        sent.into_iter()
            .filter_map(|one| one.join().ok()?.ok())
            .filter_map(|bytes| Reply::parse(&bytes))
            .collect()
    });
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.is_success()).collect();
    sight.expect(won.len() <= 1, || format!("{} of 10 were renewed", won.len()));
    for reply in won {
        let winner = Tokens::read(&reply.json());
        let lives = winner.map(|winner| opens(stand.wire(), &winner)).transpose()?.unwrap_or(false);
        sight.expect(!lives, || "the winner's session lives, though the token was copied".to_owned());
    }
    sight.end("one at most, and the session is over")
}

fn unknown(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("renewed by tokens that nobody issued");
    let mut last = session(stand)?.refresh;
    let end = last.pop();
    last.push(if end == Some('A') { 'B' } else { 'A' });
    for token in [last, String::new(), "a".repeat(43), "' OR 1=1 --".to_owned(), "a".repeat(10_000)] {
        let reply = renew(stand.wire(), &token)?;
        sight
            .expect(reply.status == 401, || format!("{} letters are answered {}", token.len(), reply.status));
    }
    for body in [json!({}), json!({ "refresh_token": null }), json!({ "refresh_token": [] })] {
        let reply = step(stand.wire(), "refresh", &body)?;
        sight.expect(matches!(reply.status, 400 | 401 | 422), || {
            format!("{body} is answered {}", reply.status)
        });
    }
    sight.end("401")
}

fn sign_out(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = session(stand)?;
    let mut sight = Sight::new("signed out, and went on with the tokens that one had");
    sight.expect(opens(stand.wire(), &tokens)?, || "the session does not open before".to_owned());
    let out = stand.wire().post("/identity/sign-out").bearer(&tokens.access).send()?;
    sight.expect(out.is_success(), || format!("signing out is answered {}", out.status));
    sight.expect(!opens(stand.wire(), &tokens)?, || "the access token still opens".to_owned());
    let renewed = renew(stand.wire(), &tokens.refresh)?;
    sight.expect(renewed.status == 401, || format!("the session is renewed: {}", renewed.status));
    for resource in trial.resources()? {
        let list = stand.wire().get(format!("/api/{}", resource.path)).bearer(&tokens.access).send()?;
        sight.expect(list.status == 401, || format!("{} are listed: {}", resource.path, list.status));
    }
    sight.end("401, at the next request")
}

fn devices(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let (one, two) = (sign_in(stand.wire(), &login)?, sign_in(stand.wire(), &login)?);
    let mut sight = Sight::new("signed in twice, and read one's own sessions");
    let list = stand.wire().get("/identity/devices").bearer(&one.access).send()?;
    let told = list.text();
    sight.expect(told.contains(&one.session) && told.contains(&two.session), || {
        "one of them is not there".to_owned()
    });
    let count = list.json().as_array().map_or(0, Vec::len);
    sight.expect(count == 2, || format!("{count} sessions"));
    for person in stand.strangers().iter().take(3) {
        sight.expect(!told.contains(&person.tokens()?.session), || {
            "another person's session is there".to_owned()
        });
    }
    sight.expect(!told.contains(&one.refresh) && !told.contains(&one.access), || {
        "a token stands in it".to_owned()
    });
    sight.end("both, and no others")
}

fn revoked(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let (here, there) = (sign_in(stand.wire(), &login)?, sign_in(stand.wire(), &login)?);
    let mut sight = Sight::new("ended one session from another one of the same person");
    let ended = stand
        .wire()
        .request("DELETE", format!("/identity/devices/{}", there.session))
        .bearer(&here.access)
        .send()?;
    sight.expect(ended.is_success(), || format!("it is answered {}", ended.status));
    sight.expect(!opens(stand.wire(), &there)?, || "its access token still opens".to_owned());
    let renewed = renew(stand.wire(), &there.refresh)?;
    sight.expect(renewed.status == 401, || format!("it is renewed: {}", renewed.status));
    sight.expect(opens(stand.wire(), &here)?, || "the other one has ended with it".to_owned());
    sight.end("401 for the one, and nothing for the other")
}

fn of_another(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mine: Person = Person::new(stand.wire(), stand.plain_recruit()?)?;
    let cast = stand.cast()?;
    let mut sight = Sight::new("ended sessions of other people by their ids");
    for other in &cast {
        let session: String = other.tokens()?.session;
        let reply = mine.delete(format!("/identity/devices/{session}"))?;
        sight.expect(other.get("/identity/session")?.status == 200, || {
            format!("{}'s session has ended", other.role())
        });
        let unknown = mine.delete(format!("/identity/devices/{}", crate::clock::id()))?;
        sight.expect(reply.shape() == unknown.shape(), || {
            format!("it is answered {}, and an unknown one {}", reply.status, unknown.status)
        });
    }
    sight.end("as if they did not exist")
}
