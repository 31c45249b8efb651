//! Identity on both databases: real rows, real hashes, a clock that the test moves.

mod door;
mod equal_work;
mod impersonation;
mod people;
mod places;
mod races;
mod sessions;
mod sign_in;
mod sso;
mod timing;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use safeguards::audit::Audit;
use safeguards::crypto::{FileKeyService, KeyService, Keys};
use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{
    Credentials, Door, Identity, NewPerson, Next, Opened, OrganisationId, Parts, PersonId, Role, Roles,
    Session, Settings, SignUp, Token, Visit,
};
use safeguards::testing::{self, TestDatabase};
use safeguards::{Clock as _, ManualClock, SystemIds, sql};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

static ROLES: [Role; 4] = [
    Role::named("owner").privileged().administers(&["people"]),
    Role::named("provider").privileged(),
    Role::named("patient"),
    Role::named("coder"),
];

const PASSWORD: &str = "Wren-lamp-42-quill";
const PATIENT: &str = "pat.doe@example.org";
const OWNER: &str = "olga.owner@example.org";

/// One database with a clinic in it.
struct Clinic {
    database: TestDatabase,
    identity: Identity,
    clock: ManualClock,
    id: OrganisationId,
    key: Arc<FileKeyService>,
    _folder: tempfile::TempDir,
}

impl Clinic {
    async fn on(database: TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
        let clock = ManualClock::at(datetime!(2026-11-23 12:00:05 UTC));
        let identity = start(&database, &key, &clock).await;
        let id = identity.create_organisation("Clinic").await.unwrap();
        Self { database, identity, clock, id, key, _folder: folder }
    }

    /// One on each database.
    async fn both() -> Vec<Self> {
        let mut clinics = Vec::new();
        for database in testing::both().await {
            clinics.push(Self::on(database).await);
        }
        clinics
    }

    async fn person(&self, email: &str, role: &str, authenticator: Option<TotpSecret>) -> PersonId {
        let person =
            NewPerson { email, name: "Somebody", role, place: None, password: PASSWORD, authenticator };
        self.identity.create_person(self.id, &person).await.unwrap()
    }

    async fn patient(&self) -> PersonId {
        self.person(PATIENT, "patient", None).await
    }

    async fn owner(&self) -> (PersonId, TotpSecret) {
        let secret = TotpSecret::random().unwrap();
        (self.person(OWNER, "owner", Some(secret.clone())).await, secret)
    }

    /// Signs in with the password only.
    async fn open(&self, email: &str, door: Door) -> Opened {
        opened(self.identity.sign_in(email, PASSWORD, door, &visit(1)).await.unwrap())
    }

    /// Signs in with password and code; the clock moves on by a step, so that the code is a new one.
    async fn open_with_code(&self, email: &str, secret: &TotpSecret, door: Door) -> Opened {
        self.clock.advance(Duration::seconds(30));
        let Next::SecondFactor(ticket) =
            self.identity.sign_in(email, PASSWORD, door, &visit(1)).await.unwrap()
        else {
            panic!("a second factor is asked for");
        };
        let code = secret.code_at(self.clock.now());
        opened(self.identity.second_factor(&ticket, &code, &visit(1)).await.unwrap())
    }

    /// An authenticated request with the cookie of a session.
    async fn request(&self, opened: &Opened) -> Result<Session, safeguards::identity::IdentityError> {
        let mut headers = axum::http::HeaderMap::new();
        match &opened.credentials {
            Credentials::Browser(token) => {
                headers.insert("cookie", format!("__Host-session={}", token.reveal()).parse().unwrap())
            }
            Credentials::Api { access, .. } => {
                headers.insert("authorization", format!("Bearer {access}").parse().unwrap())
            }
        };
        Session::authenticate(&self.identity, &headers, visit(1)).await
    }

    /// What the audit log has of an action: the bodies of its events, oldest first.
    async fn events(&self, action: &'static str) -> Vec<String> {
        let rows = sql("SELECT body FROM audit_events WHERE action = $1 ORDER BY at, lane, sequence")
            .bind(action)
            .fetch_all(&self.database.owner)
            .await
            .unwrap();
        rows.iter().map(|row| row.text("body").unwrap()).collect()
    }

    async fn count(&self, statement: safeguards::store::Statement) -> i64 {
        statement.fetch_one(&self.database.store).await.unwrap().integer("n").unwrap()
    }
}

async fn start(database: &TestDatabase, key: &Arc<FileKeyService>, clock: &ManualClock) -> Identity {
    let settings = Settings {
        sign_up: Some(SignUp::Joins("coder")),
        ..Settings::new("Peptide Clinic", "https://clinic.example", Roles::new(&ROLES))
    };
    start_with(database, key, clock, settings).await
}

async fn start_with(
    database: &TestDatabase,
    key: &Arc<FileKeyService>,
    clock: &ManualClock,
    settings: Settings,
) -> Identity {
    let clock: Arc<ManualClock> = Arc::new(clock.clone());
    let service = Arc::clone(key) as Arc<dyn KeyService>;
    let parts = Parts {
        store: database.store.clone(),
        keys: Keys::new(Uuid::from_u128(1), service, database.store.clone(), clock.clone()),
        audit: Audit::start(&database.store, clock.clone()),
        ids: Arc::new(SystemIds::new(clock.clone())),
        clock,
    };
    Identity::start(parts, settings).await.unwrap()
}

/// A visit from the n-th address.
fn visit(n: u32) -> Visit {
    let address = IpAddr::V4(Ipv4Addr::from_bits(0xC000_0200 + n));
    Visit { address, device: Some("Test browser".to_owned()), request: Uuid::from_u128(n.into()) }
}

#[track_caller]
fn opened(next: Next) -> Opened {
    match next {
        Next::SignedIn(opened) => *opened,
        other => panic!("signed in, not {other:?}"),
    }
}

fn refresh_token(opened: &Opened) -> Token {
    match &opened.credentials {
        Credentials::Api { refresh, .. } => refresh.clone(),
        Credentials::Browser(_) => panic!("an API session"),
    }
}
