//! Refusals that no statement on a record has written down: a page or an act that is not for somebody's role (45 CFR
//! 164.308(a)(1)(ii)(D), 164.312(b)). Who was refused, by which route, stands in the audit log; the record's id, the address and
//! what was sent do not.
//!
//! Whoever is refused over and over fills nothing: so many a minute are written for each person, and how many more there were
//! is told to the operator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Services;
use crate::audit::{Action, Detail, Event, Outcome};
use crate::identity::{Session, ToBeTold};
use crate::web::{Code, Entry, Problem};

/// How many of one person's refusals are written down in a window.
const MOST: u32 = 20;
const WINDOW: Duration = Duration::minutes(1);
/// How many people are counted at once; beyond, the oldest windows are forgotten.
const PEOPLE: usize = 10_000;

/// What the middleware holds.
#[derive(Clone)]
pub(super) struct Denials {
    services: Services,
    counted: Arc<Mutex<HashMap<Uuid, Counted>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    since: OffsetDateTime,
    times: u32,
}

/// What to do with one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is written down; so many were not, in the window before.
    Written { lost: u32 },
    /// There were too many.
    Lost,
}

impl Denials {
    pub(super) fn new(services: Services) -> Self {
        Self { services, counted: Arc::default() }
    }

    fn turn(&self, person: Uuid, now: OffsetDateTime) -> Turn {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= PEOPLE {
            counted.retain(|_, one| now - one.since < WINDOW);
        }
        one_more(counted.entry(person).or_insert(Counted { since: now, times: 0 }), now)
    }

    async fn write(&self, session: &Session, method: &Method, route: &str) {
        let services = &self.services;
        let now = services.clock.now();
        let Turn::Written { lost } = self.turn(session.principal().person().uuid(), now) else { return };
        let happened = |what, count| services.log.write(now, &Entry::Happened { what, count: Some(count) });
        let event = Event::new(Action::Denied).entity("route").outcome(Outcome::Denied);
        // A route is a text of the app's own source, with a name where an id stands.
        let event = event.detail(Detail::Note(format!("{method} {route}")));
        if services.audit.record(&session.circumstances, event).await.is_err() {
            happened("denial-not-written", 1);
        }
        if lost > 0 {
            happened("denials-beyond-count", lost.into());
        }
    }
}

fn one_more(counted: &mut Counted, now: OffsetDateTime) -> Turn {
    let over = now - counted.since >= WINDOW;
    let lost = if over { counted.times.saturating_sub(MOST) } else { 0 };
    if over {
        *counted = Counted { since: now, times: 0 };
    }
    counted.times = counted.times.saturating_add(1);
    if counted.times <= MOST { Turn::Written { lost } } else { Turn::Lost }
}

/// Writes down who was refused what, where the handler did not.
pub(super) async fn written(State(denials): State<Denials>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let refused = |problem: &Problem| {
        matches!(problem.code(), Code::NotFound | Code::Forbidden) && !problem.is_on_record()
    };
    if let Some(route) = route
        && response.extensions().get::<Problem>().is_some_and(refused)
    {
        // Whoever looks as somebody is told apart in the event, and is not refused again here.
        asked.extensions.insert(ToBeTold);
        let services = &denials.services;
        if let Ok(session) = Session::from_request_parts(&mut asked, services).await {
            denials.write(&session, &asked.method, &route).await;
        }
    }
    response
}
#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// HG-4: a hundred refusals in a minute are twenty events, and the next minute says how many more there were.
    #[test]
    fn refusals_are_written_down_and_do_not_flood() {
        let now = datetime!(2026-11-27 12:00 UTC);
        let mut counted = Counted { since: now, times: 0 };
        let written = (0..100).filter(|_| one_more(&mut counted, now) == (Turn::Written { lost: 0 })).count();
        assert_eq!(written, 20);
        assert_eq!(one_more(&mut counted, now + Duration::seconds(59)), Turn::Lost);
        assert_eq!(one_more(&mut counted, now + WINDOW), Turn::Written { lost: 81 });
        assert_eq!(one_more(&mut counted, now + WINDOW), Turn::Written { lost: 0 });
    }
}
