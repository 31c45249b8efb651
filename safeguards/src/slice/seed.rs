//! Made-up people and records for a first look: `seed`.
//!
//! Everything is obviously fake (`Example`, `example.org`, telephone numbers of 555-01xx, which are kept for fiction)
//! and always the same. The people sign in with one password that stands in the source, so a database that has an
//! organisation of its own is refused, and an app that others reach wants another password (`SEED_PASSWORD`), out of which
//! the secrets of their authenticators are made, too. Records are written as those people, through the same policy, forms and
//! audit log as by anybody else.

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use time::{Date, Duration, Time};
use uuid::Uuid;

use super::{Body, Front, Viewer};
use crate::app::{AppError, Services};
use crate::identity::{
    Credentials, Door, IdentityError, NewPerson, Next, OrganisationId, PersonId, PlaceId, Session, Visit,
    totp::TotpSecret,
};
use crate::web::Problem;

/// The name of the organisation that is made up.
const ORGANISATION: &str = "Example Clinic (made up)";
/// What all of them sign in with, where nobody else reaches the app.
pub const PASSWORD: &str = "Violet-Kettle-58-Harbour";
/// The shortest that may be given instead.
const SHORTEST: usize = 32;

/// A made-up person.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Their role.
    pub role: &'static str,
    /// Their name.
    pub name: &'static str,
    /// Their address.
    pub email: &'static str,
    /// Whether they sign in with an authenticator, too.
    pub authenticator: bool,
    /// The kind of place at which they have the role, where it is not the organisation.
    pub place: Option<&'static str>,
}

/// A seed in the making.
#[derive(Debug)]
pub struct Seeds {
    services: Services,
    front: &'static Front,
    people: &'static [Person],
    ids: HashMap<&'static str, PersonId>,
    viewers: HashMap<&'static str, Viewer>,
    places: HashMap<&'static str, PlaceId>,
}

impl Seeds {
    /// Makes the organisation, a place of each kind, and its people. Nothing, when that was done before.
    ///
    /// # Errors
    /// The database holds an organisation that was not made up.
    pub async fn begin(
        services: &Services,
        front: &'static Front,
        people: &'static [Person],
    ) -> Result<Option<Self>, AppError> {
        if let Some(known) = services.identity.first_organisation().await? {
            return match services.identity.organisation_name(known).await? {
                name if name == ORGANISATION => Ok(None),
                _ => Err(AppError::Seed(
                    "this database holds an organisation of its own, where made-up people have no place"
                        .into(),
                )),
            };
        }
        let organisation = services.identity.create_organisation(ORGANISATION).await?;
        let mut seeds = Self {
            services: services.clone(),
            front,
            people,
            ids: HashMap::new(),
            viewers: HashMap::new(),
            places: HashMap::new(),
        };
        for kind in services.identity.settings().places {
            let name = format!("Example {}", kind.label.to_lowercase());
            let place = services.identity.first_place(organisation, kind.name, &name).await?;
            seeds.places.insert(kind.name, place);
        }
        for person in people {
            let new = NewPerson {
                email: person.email,
                name: person.name,
                role: person.role,
                place: person.place.and_then(|kind| seeds.places.get(kind).copied()),
                password: password(services)?,
                authenticator: person.authenticator.then(|| secret(services, person.email)),
            };
            let id = services.identity.create_person(organisation, &new).await?;
            if seeds.founds(person) {
                services.identity.make_founder(organisation, id, person.role).await?;
            }
            seeds.ids.insert(person.email, id);
            let viewer = seeds.sign_in(person.email).await?;
            seeds.viewers.insert(person.email, viewer);
        }
        Ok(Some(seeds))
    }

    /// Whether they are the first who administer people: they do so in the whole organisation, too.
    fn founds(&self, person: &Person) -> bool {
        let roles = self.services.identity.settings().roles;
        let administers = |one: &Person| roles.find(one.role).is_some_and(|role| role.administers_people());
        let first = self.people.iter().find(|one| administers(one));
        person.place.is_some() && first.is_some_and(|first| first.email == person.email)
    }

    /// One of the people, signed in.
    ///
    /// # Errors
    /// There is no such person.
    pub fn by(&self, email: &str) -> Result<&Viewer, AppError> {
        self.viewers.get(email).ok_or_else(|| AppError::Seed(format!("nobody is called {email}")))
    }

    async fn sign_in(&self, email: &str) -> Result<Viewer, AppError> {
        let identity = &self.services.identity;
        let number = self.people.iter().position(|person| person.email == email).unwrap_or_default();
        // An address for each, since so many sign-ins from one would be held up.
        let last = u8::try_from(number % 250).unwrap_or(0) + 1;
        let visit = Visit {
            address: IpAddr::V4(Ipv4Addr::new(127, 0, last, 1)),
            device: Some("seed".to_owned()),
            request: self.services.ids.next(),
        };
        let mut next = identity.sign_in(email, password(&self.services)?, Door::Api, &visit).await?;
        if let Next::SecondFactor(ticket) = &next {
            let code = secret(&self.services, email).code_at(self.services.clock.now());
            next = identity.second_factor(ticket, &code, &visit).await?;
        }
        let Next::SignedIn(opened) = next else { return Err(IdentityError::SignedOut.into()) };
        let Credentials::Api { access, .. } = opened.credentials else {
            return Err(IdentityError::SignedOut.into());
        };
        let mut headers = HeaderMap::new();
        let bearer =
            HeaderValue::from_str(&format!("Bearer {access}")).map_err(|_| IdentityError::SignedOut)?;
        headers.insert(header::AUTHORIZATION, bearer);
        let session = Session::authenticate(identity, &headers, visit).await?;
        Ok(Viewer::of(session, self.front))
    }

    /// The login of the n-th person of a role.
    pub fn person(&self, role: &str, n: usize) -> Option<Uuid> {
        let of_role: Vec<&Person> = self.people.iter().filter(|person| person.role == role).collect();
        let person = of_role.get(n)?;
        self.ids.get(person.email).map(|id| id.uuid())
    }

    /// Any person of a role: the n-th, and from the beginning again.
    pub fn somebody(&self, role: &str, n: usize) -> Option<Uuid> {
        let count = self.people.iter().filter(|person| person.role == role).count().max(1);
        self.person(role, n % count)
    }

    /// The address of the n-th person of a role, and from the beginning again.
    pub fn email(&self, role: &str, n: usize) -> &'static str {
        let of_role: Vec<&Person> = self.people.iter().filter(|person| person.role == role).collect();
        of_role.get(n % of_role.len().max(1)).map_or("", |person| person.email)
    }

    /// The place of a kind.
    pub fn place(&self, kind: &str) -> Uuid {
        self.places.get(kind).map(|place| place.uuid()).unwrap_or_default()
    }

    /// A moment so many days from today, on the clocks of the app's zone.
    pub fn moment(&self, days: i64, hour: u8, minute: u8) -> String {
        let today = self.front.zone.date(self.services.clock.now());
        let time = Time::from_hms(hour, minute, 0).unwrap_or(Time::MIDNIGHT);
        let local = (today + Duration::days(days)).with_time(time);
        let moment = self.front.zone.moment(local).unwrap_or(local.assume_utc());
        moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
    }

    /// A moment so many working days from today: bookings stand from Monday to Friday.
    pub fn working_moment(&self, days: i64, hour: u8, minute: u8) -> String {
        let today = self.front.zone.date(self.services.clock.now());
        let monday = today - Duration::days(i64::from(today.weekday().number_days_from_monday()));
        let day = monday + Duration::days(days.div_euclid(5) * 7 + days.rem_euclid(5));
        self.moment((day - today).whole_days(), hour, minute)
    }

    /// A moment on one of these days of the week, counted from Monday, of this week and the next ones.
    pub fn open_moment(&self, turn: i64, days: &[i64], hour: u8, minute: u8) -> String {
        let today = self.front.zone.date(self.services.clock.now());
        let monday = today - Duration::days(i64::from(today.weekday().number_days_from_monday()));
        let count = i64::try_from(days.len()).unwrap_or(1).max(1);
        let day = usize::try_from(turn.rem_euclid(count)).ok().and_then(|at| days.get(at)).copied();
        let date = monday + Duration::days(turn.div_euclid(count) * 7 + day.unwrap_or(0));
        self.moment((date - today).whole_days(), hour, minute)
    }

    /// A date so many days from today.
    pub fn date(&self, days: i64) -> String {
        (self.front.zone.date(self.services.clock.now()) + Duration::days(days)).to_string()
    }
}

/// An address for each, since so many sign-ins from one would be held up.
pub(super) fn visit(services: &Services, number: usize) -> Visit {
    let last = u8::try_from(number % 250).unwrap_or(0) + 1;
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(127, 0, last, 1)),
        device: Some("seed".to_owned()),
        request: services.ids.next(),
    }
}

/// Signs a made-up person in; says their access token. A code of an authenticator is good once, so whoever signs in
/// twice shows the next one, `ahead` of the clock.
pub(super) async fn token(
    services: &Services,
    email: &str,
    visit: &Visit,
    ahead: Duration,
) -> Result<String, AppError> {
    let identity = &services.identity;
    let mut next = identity.sign_in(email, PASSWORD, Door::Api, visit).await?;
    if let Next::SecondFactor(ticket) = &next {
        let code = authenticator(email).code_at(services.clock.now() + ahead);
        next = identity.second_factor(ticket, &code, visit).await?;
    }
    let Next::SignedIn(opened) = next else { return Err(IdentityError::SignedOut.into()) };
    let Credentials::Api { access, .. } = opened.credentials else {
        return Err(IdentityError::SignedOut.into());
    };
    Ok(access)
}

/// Makes a person of another, empty organisation, for tests of what they must not reach.
pub(super) async fn stranger(
    services: &Services,
    organisation: OrganisationId,
    role: &'static str,
    number: usize,
) -> Result<String, AppError> {
    let email = format!("{}.stranger@example.net", role.replace([' ', '-'], "."));
    let person = NewPerson {
        email: &email,
        name: "Example Stranger",
        role,
        place: None,
        password: PASSWORD,
        authenticator: Some(authenticator(&email)),
    };
    services.identity.create_person(organisation, &person).await?;
    token(services, &email, &visit(services, 100 + number), Duration::ZERO).await
}

/// Tells the people's logins, on standard output: role, address, password, and the authenticator's secret.
pub fn tell(services: &Services, people: &[Person]) -> Result<(), AppError> {
    let password = password(services)?;
    let mut output = std::io::stdout().lock();
    for person in people {
        let second = match person.authenticator {
            true => format!("  authenticator {}", *secret(services, person.email).base32()),
            false => String::new(),
        };
        writeln!(output, "{:<16} {:<34} password {password}{second}", person.role, person.email)
            .map_err(AppError::System)?;
    }
    Ok(())
}

/// What the people sign in with here.
fn password(services: &Services) -> Result<&str, AppError> {
    let settings = &services.settings;
    match &settings.seed_password {
        Some(own) if is_hard_to_guess(own.reveal()) => Ok(own.reveal()),
        Some(_) => Err(AppError::Seed(format!(
            "SEED_PASSWORD wants {SHORTEST} random letters or more in one word, small ones, capitals and digits among them"
        ))),
        None if settings.public_url.is_loopback() => Ok(PASSWORD),
        None => Err(AppError::Seed(format!(
            "{} is reached by others, and made-up people sign in with a password that everybody can read: give another by \
             SEED_PASSWORD",
            settings.public_url.origin()
        ))),
    }
}

/// Nobody types it by heart, so it may be long; it is one word, as it is told on a line, of what the rules for passwords want.
fn is_hard_to_guess(password: &str) -> bool {
    let kinds = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    password.len() >= SHORTEST
        && password.bytes().all(|letter| letter.is_ascii_graphic())
        && kinds.iter().all(|kind| password.bytes().any(|letter| kind(&letter)))
}

/// The secret of somebody's authenticator here: of the password, so that nobody knows it who does not know that.
fn secret(services: &Services, email: &str) -> TotpSecret {
    match &services.settings.seed_password {
        Some(own) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, own.reveal().as_bytes());
            TotpSecret::from_bytes(hmac::sign(&key, email.as_bytes()).as_ref()[..20].to_vec())
        }
        None => authenticator(email),
    }
}

/// The secret for an authenticator of trials, the same for the same address at any time.
pub(super) fn authenticator(email: &str) -> TotpSecret {
    let mut bytes: Vec<u8> = email.bytes().cycle().take(20).collect();
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = byte.wrapping_mul(31).wrapping_add(u8::try_from(at).unwrap_or(0));
    }
    TotpSecret::from_bytes(bytes)
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(values) => Self::of(values),
            _ => Self::default(),
        }
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        let fields: Vec<String> =
            problem.fields().iter().map(|field| format!("{} {}", field.pointer, field.detail)).collect();
        let sentence = problem.sentence().unwrap_or_default();
        Self::Seed(format!("{:?} {sentence} {}", problem.code(), fields.join(", ")))
    }
}

/// Values that are made up, each the same for the same number.
pub mod fake {
    use super::Date;

    const FIRST: &[&str] =
        &["Ada", "Ben", "Cora", "Dev", "Elif", "Femi", "Gus", "Hana", "Ines", "Juan", "Kofi", "Lena"];

    /// A name that nobody has.
    pub fn name(n: usize) -> String {
        format!("{} Example", FIRST[n % FIRST.len()])
    }

    /// A birth date, from children to the old.
    pub fn birth_date(n: usize) -> String {
        let year = 1938 + i32::try_from(n * 17 % 80).unwrap_or(0);
        let date = Date::from_ordinal_date(year, u16::try_from(n * 41 % 364).unwrap_or(0) + 1);
        date.map(|date| date.to_string()).unwrap_or_default()
    }

    /// A number that telephone companies keep for fiction.
    pub fn phone(n: usize) -> String {
        format!("+1 212 555 01{:02}", n % 100)
    }

    /// An address for which no mail server answers (RFC 2606).
    pub fn email(n: usize) -> String {
        format!("{}.{n}@example.org", FIRST[n % FIRST.len()].to_lowercase())
    }

    /// A postal address.
    pub fn address(n: usize) -> String {
        format!("{} Example Street\nSampletown", n + 1)
    }

    /// A number of records or insurance.
    pub fn number(n: usize) -> String {
        format!("EX{:06}", 100_000 + n * 7919 % 900_000)
    }

    /// One of several.
    pub fn one_of(n: usize, choices: &[&str]) -> String {
        choices.get(n % choices.len().max(1)).copied().unwrap_or_default().to_owned()
    }

    /// A whole number in the middle of a range.
    pub fn between(n: usize, least: i64, most: i64) -> i64 {
        let width = (most - least).max(1);
        let step = i64::try_from(n * 37 % 41).unwrap_or(0);
        least + width / 4 + width * step / 82
    }
}
