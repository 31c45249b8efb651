//! What custom code does at its times: once a period, by whichever process looks first, and with no more than was declared.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use safeguards::access::{Action, Entity, Grant};
use safeguards::app::{Scheduled, Services, Settings};
use safeguards::identity::Role;
use safeguards::pages::{ENGLISH, Zone};
use safeguards::slice::Front;
use safeguards::slice::prelude::*;
use safeguards::web::{Entry, Log};
use safeguards::{App, ManualClock, testing};
use tempfile::TempDir;
use time::Duration;
use time::macros::datetime;
use tokio::task::JoinSet;

const GRANTS: &[Grant] = &[Grant::to("nurse", &[Action::View, Action::List, Action::Update])];

static NOTE: Entity = Entity { grants: GRANTS, ..Entity::named("note", 1, "notes") };
static LETTER: Entity = Entity { grants: GRANTS, ..Entity::named("letter", 2, "letters") };
static ENTITIES: [&Entity; 2] = [&NOTE, &LETTER];
static ROLES: [Role; 2] = [Role::named("owner").privileged().administers(&["people"]), Role::named("nurse")];

static FRONT: Front = Front {
    application: "Clinic",
    words: &ENGLISH,
    zone: Zone::UTC,
    patients: &[],
    destinations: |_| Vec::new(),
    role_label: |role| role,
};

/// What custom code did: which schedule, and what it could have reached.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static FAILS: AtomicUsize = AtomicUsize::new(0);

fn schedules() -> Vec<Schedule> {
    let as_nurse = |schedule: Schedule| schedule.acting_as("nurse").reaching(&NOTE);
    vec![
        as_nurse(Schedule::daily("falls over", clock(3, 0))),
        as_nurse(Schedule::daily("panics", clock(3, 0))),
        as_nurse(Schedule::daily("tidies up", clock(3, 0))),
    ]
}

fn on_schedule(viewer: Viewer, schedule: &'static str) -> Scheduled {
    Box::pin(async move {
        let mut reached = Vec::new();
        for entity in ENTITIES {
            if viewer.may(entity, Action::List) && viewer.granted(entity, Action::List).await.is_ok() {
                reached.push(entity.name);
            }
        }
        DONE.lock().unwrap().push(format!("{schedule}: {}", reached.join(", ")));
        match schedule {
            "falls over" if FAILS.load(Ordering::SeqCst) > 0 => {
                FAILS.fetch_sub(1, Ordering::SeqCst);
                Err(Problem::conflict().detail("Jane Roe has no phone"))
            }
            "panics" => panic!("Jane Roe has no phone"),
            _ => Ok(()),
        }
    })
}

fn app() -> App {
    App::new("Clinic", "1").roles(&ROLES).entities(&ENTITIES).front(&FRONT).schedules(schedules, on_schedule)
}

fn done() -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for done in DONE.lock().unwrap().drain(..) {
        *counted.entry(done).or_default() += 1;
    }
    counted
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn write(&self, _at: OffsetDateTime, entry: &Entry) {
        self.0.lock().unwrap().push(format!("{entry:?}"));
    }
}

async fn events(services: &Services, organisation: Uuid, actor: &str) -> Vec<String> {
    let seen = safeguards::audit::activity(&services.store, organisation, None, None, 1_000).await.unwrap();
    let of_it = seen.iter().filter(|seen| seen.actor == format!("system:{actor}"));
    of_it.map(|seen| format!("{} {:?}", seen.action, seen.detail)).collect()
}

async fn an_app_keeps_its_schedules(settings: BTreeMap<&str, String>) {
    let settings = Settings::read(&|name| settings.get(name).cloned()).unwrap();
    let lines = Arc::new(Lines::default());
    let app = app();
    let (mut services, _) = app.assembled(settings, Some(lines.clone())).await.unwrap();
    let time = ManualClock::at(datetime!(2026-11-26 09:00 UTC));
    services.clock = Arc::new(time.clone());
    let one = services.identity.create_organisation("One").await.unwrap();
    services.identity.create_organisation("Two").await.unwrap();
    FAILS.store(2, Ordering::SeqCst);

    // Many processes at once: each organisation is served once, and nothing that was not declared is reached.
    let mut looking = JoinSet::new();
    for _ in 0..8 {
        let services = services.clone();
        looking.spawn(async move { app.keep_schedules(&services).await.unwrap() });
    }
    let kept: usize = looking.join_all().await.into_iter().sum();
    assert_eq!(kept, 2, "one for each organisation");
    let each = |name: &str| (format!("{name}: note"), 2);
    assert_eq!(done(), BTreeMap::from([each("falls over"), each("panics"), each("tidies up")]));

    // What failed rests, is tried again up to three times, and holds nothing else up.
    assert_eq!(app.keep_schedules(&services).await.unwrap(), 0);
    assert_eq!(done(), BTreeMap::new(), "it rests");
    time.advance(Duration::minutes(5));
    assert_eq!(app.keep_schedules(&services).await.unwrap(), 2, "it went well the second time");
    assert_eq!(done(), BTreeMap::from([each("falls over"), each("panics")]));
    for _ in 0..3 {
        time.advance(Duration::minutes(10));
        app.keep_schedules(&services).await.unwrap();
    }
    assert_eq!(done(), BTreeMap::from([each("panics")]), "given up until the next period");
    time.set(datetime!(2026-11-27 02:59 UTC));
    app.keep_schedules(&services).await.unwrap();
    assert_eq!(done(), BTreeMap::new(), "its time has not come");
    time.advance(Duration::minutes(1));
    assert_eq!(app.keep_schedules(&services).await.unwrap(), 4);
    assert_eq!(done(), BTreeMap::from([each("falls over"), each("panics"), each("tidies up")]));

    let told = lines.0.lock().unwrap().join("\n");
    assert!(told.contains("schedule-failed") && !told.contains("Jane"), "{told}");
    let events = events(&services, one.uuid(), "tidies up").await;
    let count = |word: &str| events.iter().filter(|event| event.contains(word)).count();
    assert_eq!((count("begun"), count("done"), count("failed")), (2, 2, 0), "{events:?}");
    services.audit.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_period_is_served_once_in_each_organisation() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name).display().to_string();
    an_app_keeps_its_schedules(BTreeMap::from([("DATA_DIR", data("sqlite"))])).await;
    let database = testing::blank_postgres().await;
    let addresses = database.addresses.as_ref().unwrap();
    let settings = BTreeMap::from([
        ("DATA_DIR", data("postgres")),
        ("DATABASE_URL", addresses.app.reveal().to_owned()),
        ("DATABASE_OWNER_URL", addresses.owner.reveal().to_owned()),
    ]);
    let owner = Settings::read(&|name| settings.get(name).cloned()).unwrap();
    app().migrated(owner).await.unwrap();
    an_app_keeps_its_schedules(settings).await;
}
