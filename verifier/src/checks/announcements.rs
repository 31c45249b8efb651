//! Live connections: who opens one, what is told on it, and when it ends.

use std::rc::Rc;
use std::time::Duration;

use spec::access::Action;

use super::changer::{Changer, changers};
use crate::check::{Check, Group, Needs};
use crate::clock;
use crate::listener::Listener;
use crate::outcome::{Outcome, Sight};
use crate::people::{Person, Tokens, sign_in};
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};
use crate::wire::Wire;
use crate::world::World;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "live-token",
        &["CF-19"],
        "A live connection opens by a fresh token of its own kind, once, and by nothing else",
        Group::Tokens,
        Needs::Instance,
        token_needed,
    ),
    Check::new(
        "live-origin",
        &["CF-19"],
        "A page from elsewhere opens no live connection",
        Group::Tokens,
        Needs::Instance,
        origin_asked,
    ),
    Check::new(
        "live-ends-with-session",
        &["CF-19", "CF-4"],
        "A live connection ends with its session, and a token opens none for one that has ended",
        Group::Tokens,
        Needs::Instance,
        ends_with_session,
    ),
    Check::new(
        "live-tells-who-may-see",
        &["CF-19", "CL-1"],
        "A change is told to everybody who may see it, by its id alone, and to nobody else",
        Group::Access,
        Needs::Instance,
        told_who_may_see,
    ),
];

/// How many people's changes are listened to: one of each kind of record, where there are so many.
const CHANGES: usize = 6;
/// How long a token opens a connection, and a little more.
const EXPIRED: Duration = Duration::from_secs(31);

fn token(wire: &Wire, access: &str) -> Result<String> {
    let reply = wire.post("/api/live/token").bearer(access).send()?;
    let token = reply.json()["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| {
        Trouble::unexpected(format!("a token for a live connection is answered {}", reply.status))
    })
}

fn query(token: &str) -> String {
    format!("?token={token}")
}

fn session(stand: &Stand) -> Result<Tokens> {
    sign_in(stand.wire(), &*stand.plain_recruit()?)
}

/// The status by which a query is refused; none where it opens a connection.
fn refused(stand: &Stand, query: &str, origin: Option<&str>) -> Result<Option<u16>> {
    Ok(Listener::open(&stand.wire().elsewhere(), query, origin)?.err())
}

fn token_needed(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = session(stand)?;
    let fresh = || token(stand.wire(), &tokens.access);
    let old = fresh()?;
    clock::pass(EXPIRED);
    let good = fresh()?;
    let mut sight =
        Sight::new("opened live connections by no token, by altered, old and used ones, and by others");
    let mut altered = good.clone();
    let end = altered.pop();
    altered.push(if end == Some('A') { 'Q' } else { 'A' });
    let unsigned = good.rsplit_once('.').map_or_else(String::new, |(head, _)| format!("{head}."));
    let cases = [
        ("no token", String::new()),
        ("an empty one", query("")),
        ("an altered one", query(&altered)),
        ("one without its signature", query(&unsigned)),
        ("an access token", query(&tokens.access)),
        ("a refresh token", query(&tokens.refresh)),
        ("one of half a minute ago", query(&old)),
    ];
    for (what, query) in cases {
        let status = refused(stand, &query, None)?;
        sight.expect(status == Some(401), || format!("{what} is answered {status:?}"));
    }
    let as_access = stand.wire().get("/identity/session").bearer(&good).send()?;
    sight.expect(as_access.status == 401, || format!("it opens the API: {}", as_access.status));
    let plain = stand.wire().get(format!("/api/live{}", query(&good))).send()?;
    sight.expect(plain.status == 426, || format!("without an upgrade it is answered {}", plain.status));
    let listening = Listener::open(stand.wire(), &query(&good), None)?;
    sight.expect(listening.is_ok(), || format!("a fresh one is answered {:?}", listening.as_ref().err()));
    let again = refused(stand, &query(&good), None)?;
    sight.expect(again == Some(401), || format!("the same one again is answered {again:?}"));
    sight.end("401, but for a fresh one, once")
}

fn origin_asked(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = session(stand)?;
    let mut sight = Sight::new("opened live connections as pages of other places do");
    let host = stand.wire().host();
    let others =
        ["https://evil.example", "http://evil.example", "null", &format!("http://{host}.evil.example")]
            .map(str::to_owned);
    for origin in others {
        let token = token(stand.wire(), &tokens.access)?;
        let status = refused(stand, &query(&token), Some(&origin))?;
        sight.expect(status == Some(403), || format!("{origin} is answered {status:?}"));
    }
    let own = token(stand.wire(), &tokens.access)?;
    let status = refused(stand, &query(&own), Some(&stand.wire().origin()))?;
    sight.expect(status.is_none(), || format!("the app's own page is answered {status:?}"));
    sight.end("403")
}

fn ends_with_session(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = session(stand)?;
    let mut sight =
        Sight::new("signed out while a live connection was open, and opened one by a token from before");
    let late = token(stand.wire(), &tokens.access)?;
    let open = token(stand.wire(), &tokens.access)?;
    let listener = Listener::open(stand.wire(), &query(&open), None)?
        .map_err(|status| Trouble::unexpected(format!("a live connection is answered {status}")))?;
    let out = stand.wire().post("/identity/sign-out").bearer(&tokens.access).send()?;
    sight.expect(out.is_success(), || format!("signing out is answered {}", out.status));
    sight.expect(listener.ends(), || "the connection stays open".to_owned());
    let status = refused(stand, &query(&late), None)?;
    sight.expect(status == Some(401), || format!("a token of the session is answered {status:?}"));
    sight.end("the connection ends, and 401")
}

fn told_who_may_see(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight =
        Sight::new("changed records while everybody listened, in this organisation and in others");
    for changer in changers(trial)?.into_iter().take(CHANGES) {
        let mut listeners = Vec::new();
        for person in stand.cast()?.iter().chain(stand.strangers()) {
            let token = token(person.wire(), &person.tokens()?.access)?;
            let listener = Listener::open(person.wire(), &query(&token), None)?;
            match listener {
                Ok(listener) => listeners.push((Rc::clone(person), listener)),
                Err(status) => sight.expect(false, || format!("{} is answered {status}", person.role())),
            }
        }
        let value = changer.value(trial, 1)?;
        if !changer.send(&changer.record()?["version"], &value)?.is_success() {
            continue;
        }
        let world = stand.look()?;
        for (person, mut listener) in listeners {
            let told = listener.told()?;
            let more = told.iter().flat_map(|told| told.as_object().into_iter().flatten());
            let more = more.filter(|(name, _)| !["changed", "id", "about"].contains(&name.as_str())).count();
            sight.expect(more == 0, || format!("{} is told more than ids", person.role()));
            let heard = told.iter().any(|told| told["id"] == changer.id.as_str());
            let Some(should) = should_hear(trial, &world, &person, &changer)? else { continue };
            sight.expect(heard == should, || {
                let (name, role) = (changer.resource.name(), person.role());
                if heard {
                    format!("{role} hears of a {name} that is not theirs to see")
                } else {
                    format!("{role} does not hear of a {name} that they see")
                }
            });
        }
    }
    sight.end("told to whoever the oracle lets see it, and to nobody else")
}

/// Whether the oracle lets somebody see what was changed; none where what follows from the change may be seen and the
/// change itself may not.
fn should_hear(trial: &Trial, world: &World, person: &Person, changer: &Changer<'_>) -> Result<Option<bool>> {
    let (model, resource) = (trial.model()?, &changer.resource);
    let field = resource.field(&changer.field);
    let mut row = false;
    for action in [Action::View, Action::List] {
        let Some(fields) = world.visible(model, person, action, resource.index, &changer.id) else {
            continue;
        };
        row = true;
        if field.is_some_and(|field| fields.contains(&field)) {
            return Ok(Some(true));
        }
    }
    let computed = resource.entity.fields.iter().any(|field| field.computed.is_some());
    Ok((!row || !computed).then_some(false))
}
