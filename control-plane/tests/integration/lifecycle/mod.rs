//! HC-12: cancelled, taken home, destroyed, certified; whatever is killed in between, the same end, told once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod copies;
mod house;
mod keys;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use control_plane::ids::{AccountId, DepartureId, EnvironmentId, ProjectId};
use control_plane::lifecycle::{
    ArchiveFolder, DepartureError, DepartureState, DepartureWork, Lifecycle, Mailbox, ReturnWork, StepUp,
    certificate, reminders::WINDOW,
};
use control_plane::operations::{Engine, NoFaults, StopAt};
use control_plane::residency;
use control_plane::seams::{Archives as _, Gate, KeyDestruction};
use control_plane::testing::{BEGINNING, TestPlatform, platforms};
use safeguards::identity::{NewPerson, PersonId};
use safeguards::{Clock, sql};
use time::Duration;
use uuid::Uuid;

use house::{CANARY, House};

/// A platform with one project that has patients in production.
struct Scene {
    platform: TestPlatform,
    house: Arc<House>,
    lifecycle: Lifecycle,
    account: AccountId,
    owner: PersonId,
    project: ProjectId,
    production: EnvironmentId,
    preview: EnvironmentId,
}

const NAME: &str = "Peptide clinic";

impl Scene {
    async fn both() -> [Self; 2] {
        let [one, other] = platforms().await;
        [Self::on(one).await, Self::on(other).await]
    }

    async fn on(platform: TestPlatform) -> Self {
        let account = platform.account("A founder").await;
        let owner = NewPerson {
            email: "olga@founder.example",
            name: "Olga",
            role: "owner",
            place: None,
            password: "Plum-orbit-91-lantern",
            authenticator: None,
        };
        let owner = platform.identity.create_person(account.into(), &owner).await.unwrap();
        let configuration = &platform.configuration;
        let house = Arc::new(House::new(configuration, Arc::new(platform.clock.clone())));
        let [project, version, production, preview] = std::array::from_fn(|_| platform.ids.next());
        let now = platform.clock.now();
        let mut transaction = platform.store.begin().await.unwrap();
        sql("INSERT INTO projects (id, account_id, name, label, created_at, created_by_id)
             VALUES ($1, $2, $3, 'peptide', $4, $5)")
        .bind(project)
        .bind(account)
        .bind(NAME)
        .bind(now)
        .bind(owner.uuid())
        .execute(&mut transaction)
        .await
        .unwrap();
        sql("INSERT INTO prompts (id, account_id, project_id, body, created_at, created_by_id)
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(platform.ids.next())
        .bind(account)
        .bind(project)
        .bind(b"sealed words".to_vec())
        .bind(now)
        .bind(owner.uuid())
        .execute(&mut transaction)
        .await
        .unwrap();
        sql("INSERT INTO versions (id, account_id, project_id, number, state, spec, spec_digest, custom, custom_digest,
                 created_at, created_by_id) VALUES ($1, $2, $3, 1, 'built', $4, $4, $4, $4, $5, $6)")
        .bind(version)
        .bind(account)
        .bind(project)
        .bind(b"sealed spec".to_vec())
        .bind(now)
        .bind(owner.uuid())
        .execute(&mut transaction)
        .await
        .unwrap();
        for (id, kind) in [(production, "production"), (preview, "preview")] {
            sql("INSERT INTO environments (id, account_id, project_id, kind, host_name, version_id, created_at)
                 VALUES ($1, $2, $3, $4, $4, $5, $6)")
            .bind(id)
            .bind(account)
            .bind(project)
            .bind(kind)
            .bind(version)
            .bind(now)
            .execute(&mut transaction)
            .await
            .unwrap();
        }
        transaction.commit().await.unwrap();
        let source = configuration.projects_folder().join(project.to_string()).join(version.to_string());
        fs::create_dir_all(source.join("src")).unwrap();
        fs::write(source.join("app.yaml"), "app: Peptide clinic\n").unwrap();
        fs::write(source.join("src/main.rs"), "fn main() {}\n").unwrap();
        let project = ProjectId::new(project);
        fs::create_dir_all(house.built(project)).unwrap();
        fs::write(house.built(project).join("main.rs"), "fn main() {}\n").unwrap();
        let [production, preview] = [production, preview].map(EnvironmentId::new);
        for id in [production, preview] {
            house.move_in(id).await;
        }
        let lifecycle = Lifecycle::new(
            platform.platform.clone(),
            house.clone(),
            Arc::new(ArchiveFolder::new(&configuration.archives_folder())),
            Arc::new(Mailbox::new(&configuration.mailbox_folder(), &configuration.dashboard_host)),
            house.clone(),
        );
        Self { platform, house, lifecycle, account, owner, project, production, preview }
    }

    fn engine(&self, faults: Option<Arc<StopAt>>) -> Engine {
        let engine = Engine::new(self.platform.operations.clone(), self.platform.log.clone())
            .work(Arc::new(DepartureWork(self.lifecycle.clone())))
            .work(Arc::new(ReturnWork(self.lifecycle.clone())));
        match faults {
            Some(faults) => engine.faults(faults),
            None => engine.faults(Arc::new(NoFaults)),
        }
    }

    async fn drain(&self) {
        assert!(self.engine(None).drain().await.unwrap());
    }

    async fn cancel(&self) -> DepartureId {
        self.lifecycle.cancel(self.account, self.project, self.owner).await.unwrap()
    }

    async fn state(&self, departure: DepartureId) -> DepartureState {
        self.lifecycle.find(self.account, departure).await.unwrap().state
    }

    fn data(&self) -> &Path {
        &self.platform.configuration.data
    }

    /// The subjects of all mail so far, in the order of their names, each with how often it is there.
    fn mail(&self) -> Vec<String> {
        let folder = self.platform.configuration.mailbox_folder();
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut subjects: Vec<String> = files
            .map(|file| {
                let text = fs::read_to_string(file.path()).unwrap();
                text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()
            })
            .collect();
        subjects.sort();
        subjects
    }

    /// The owner downloads the archive and confirms it.
    async fn take_home(&self, departure: DepartureId) {
        let to = self.platform.folder().join("home.zip");
        let proof = StepUp::in_a_test();
        let fetched =
            self.lifecycle.fetch(self.account, departure, self.production, self.owner, &to, &proof).await;
        let passphrase = fetched.unwrap();
        let file = fs::File::open(&to).unwrap();
        let secret = exporter::Passphrase::new(passphrase.to_string());
        let verified = exporter::verify(file, Some(secret), None).expect("it is as it was written");
        let archive = &self.lifecycle.archives_of(self.account, departure).await.unwrap()[0];
        assert_eq!(verified.signed_by, archive.signed_by);
        let sha256 = archive.sha256.clone();
        let confirm = async |sha256: &str| {
            self.lifecycle.confirm(self.account, departure, self.production, sha256, self.owner).await
        };
        assert!(matches!(confirm(&"0".repeat(64)).await, Err(DepartureError::OtherFile)));
        confirm(&sha256).await.unwrap();
    }
}

/// The whole road on a clock that is moved: window, reminders at their days, destruction, certificate.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_the_window_runs_its_course() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        assert_eq!(scene.cancel().await, departure, "asked for twice, it is one");
        scene.drain().await;
        for environment in [scene.production, scene.preview] {
            assert_eq!(scene.house.gate_of(environment), Some(Gate::ExportWindow));
        }
        scene.take_home(departure).await;
        for (day, mails) in [(0, 1), (15, 1), (16, 2), (22, 2), (23, 3), (27, 4), (29, 5)] {
            scene.platform.clock.set(BEGINNING + Duration::days(day));
            scene.drain().await;
            assert_eq!(scene.mail().len(), mails, "on day {day}: {:?}", scene.mail());
            assert_eq!(scene.state(departure).await, DepartureState::Window);
        }
        scene.platform.clock.set(BEGINNING + WINDOW);
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        assert_eq!(scene.mail().len(), 6);
        assert_eq!(scene.mail().iter().filter(|subject| subject.contains("certificate")).count(), 1);

        let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
        for file in [signed.json(), signed.html().unwrap()] {
            let (told, _) = certificate::verify(&file, None).unwrap();
            assert_eq!(told.name, NAME);
            assert!(told.archives[0].confirmed_at.is_some() && told.heads.len() == 1);
            let disabled: Vec<_> = told.disabled.iter().map(|item| item.what.as_str()).collect();
            assert!(disabled.iter().any(|what| what.contains("root key of production")), "{disabled:?}");
            assert!(disabled.iter().any(|what| what.contains("key of the archive")), "{disabled:?}");
            assert!(told.disabled.iter().all(|key| told.deleted.iter().all(|gone| key.at <= gone.at)));
            assert!(!scene.house.built(scene.project).exists(), "what builds left of its source");
        }
    }
}

/// Where a key service lets a key wait before it is gone, the certificate says so, until when, and where: disabled is not
/// yet erased.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_a_key_that_waits_for_its_deletion_is_certified_as_that() {
    for scene in Scene::both().await {
        *scene.house.scheduled.lock().unwrap() = Some(KeyDestruction::Scheduled {
            service: "AWS KMS".into(),
            region: "eu-central-1".into(),
            key: "arn:aws:kms:eu-central-1:111122223333:key/4711".into(),
            until: BEGINNING + WINDOW + Duration::days(7),
        });
        let departure = scene.cancel().await;
        scene.platform.clock.set(BEGINNING + WINDOW);
        scene.drain().await;
        let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
        let (told, _) = certificate::verify(&signed.html().unwrap(), None).unwrap();
        let place = scene.platform.configuration.archives_folder();
        assert!(!place.exists() || fs::read_dir(place).unwrap().count() == 0);
        let residency = residency::of(&scene.platform, scene.production).await.unwrap();
        assert!(residency.iter().any(|line| line.what == residency::What::Archives), "{residency:?}");
        let key = told.disabled.iter().find(|item| item.what.contains("root key of production")).unwrap();
        for said in ["AWS KMS", "eu-central-1", "key/4711", "2027-01-02T09:00:00Z"] {
            assert!(key.how.contains(said), "{said}: {}", key.how);
        }
        assert!(!key.how.contains("destroyed") && !key.how.contains("erased"), "{}", key.how);
        let waits = told.remains.iter().find(|item| item.what.contains("root key of production")).unwrap();
        assert!(waits.how.contains("2027-01-02T09:00:00Z"), "{}", waits.how);
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
    }
}

/// What was never fetched was kept sealed until the end, and the certificate says that nobody fetched it.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_what_nobody_fetched_is_told() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        scene.platform.clock.set(BEGINNING + WINDOW + Duration::days(3));
        scene.drain().await;
        let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
        assert!(signed.html().unwrap().contains("never fetched"));
        // The platform slept through its reminders: it does not send them all at once afterwards.
        assert_eq!(scene.mail().len(), 2, "{:?}", scene.mail());
    }
}

/// Before the window ends, nothing is destroyed without the receipt, the name and a free project.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_destruction_before_its_time_wants_a_receipt() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        let proof = StepUp::in_a_test();
        let now = async |name: &str| {
            scene.lifecycle.destroy_now(scene.account, departure, name, scene.owner, &proof).await
        };
        assert!(matches!(now(NAME).await, Err(DepartureError::NotConfirmed)));
        scene.take_home(departure).await;
        assert!(matches!(now("peptide clinic").await, Err(DepartureError::Name)));
        let hold =
            scene.lifecycle.place_hold(scene.account, scene.project, "a subpoena", "counsel").await.unwrap();
        assert!(matches!(now(NAME).await, Err(DepartureError::Held)));
        scene.lifecycle.lift_hold(scene.account, hold, "counsel").await.unwrap();
        now(NAME).await.unwrap();
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
    }
}

/// A hold stops destruction, not the window, for as long as it stands; lifted, the end comes at once.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_a_legal_hold_stops_destruction() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        let hold =
            scene.lifecycle.place_hold(scene.account, scene.project, "a subpoena", "counsel").await.unwrap();
        for days in [30, 31, 400] {
            scene.platform.clock.set(BEGINNING + Duration::days(days));
            scene.drain().await;
            assert_eq!(scene.state(departure).await, DepartureState::Window);
            assert!(scene.house.opens(scene.production).await, "nothing is destroyed on day {days}");
        }
        scene.lifecycle.lift_hold(scene.account, hold, "counsel").await.unwrap();
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        let late = scene.lifecycle.place_hold(scene.account, scene.project, "another", "counsel").await;
        assert!(matches!(late, Err(DepartureError::TooLate)));
    }
}

/// Coming back restores everything; the archive, a copy that nobody needs any more, goes.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_coming_back_restores() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        scene.platform.clock.set(BEGINNING + Duration::days(29));
        scene.drain().await;
        scene.lifecycle.come_back(scene.account, departure, scene.owner).await.unwrap();
        scene.lifecycle.come_back(scene.account, departure, scene.owner).await.unwrap();
        scene.drain().await;
        assert_eq!(scene.house.gate_of(scene.production), Some(Gate::ReadAndWrite));
        assert!(scene.house.opens(scene.production).await);
        assert!(files(&scene.platform.configuration.archives_folder()).is_empty());
        assert!(files(&scene.platform.configuration.keys_folder().join("archives")).is_empty());
        scene.platform.clock.set(BEGINNING + Duration::days(90));
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Returned);
        assert!(scene.house.opens(scene.production).await);
        // It can be cancelled again, with a window of its own.
        let again = scene.cancel().await;
        assert_ne!(again, departure);
        scene.drain().await;
        scene.platform.clock.set(BEGINNING + Duration::days(90) + WINDOW);
        scene.drain().await;
        assert_eq!(scene.state(again).await, DepartureState::Destroyed);
        let late = scene.lifecycle.come_back(scene.account, again, scene.owner).await;
        assert!(matches!(late, Err(DepartureError::TooLate)));
    }
}

/// Another account reaches none of it, by whatever id it has learnt.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_a_departure_is_its_accounts_alone() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        let other = scene.platform.account("Somebody else").await;
        let (lifecycle, proof) = (&scene.lifecycle, StepUp::in_a_test());
        let to = scene.platform.folder().join("stolen.zip");
        let fetched = lifecycle.fetch(other, departure, scene.production, scene.owner, &to, &proof).await;
        assert!(matches!(fetched, Err(DepartureError::NotFound)) && !to.exists());
        for refused in [
            lifecycle.find(other, departure).await.map(drop),
            lifecycle.cancel(other, scene.project, scene.owner).await.map(drop),
            lifecycle.come_back(other, departure, scene.owner).await,
            lifecycle.destroy_now(other, departure, NAME, scene.owner, &proof).await,
            lifecycle.confirm(other, departure, scene.production, &"0".repeat(64), scene.owner).await,
            lifecycle.place_hold(other, scene.project, "why", "who").await.map(drop),
            lifecycle.certificate(other, departure).await.map(drop),
        ] {
            assert!(matches!(refused, Err(DepartureError::NotFound)), "{refused:?}");
        }
        assert!(lifecycle.archives_of(other, departure).await.unwrap().is_empty());
    }
}

/// Archives lie in one folder: names are the platform's own, belong to an account, and a program that leaves a link to
/// another's archive, or to a key, in the place of what it was to write is handed nothing.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_do_not_reach_each_other_by_archive_name() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        let configuration = &scene.platform.configuration;
        let archive = scene.lifecycle.archives_of(scene.account, departure).await.unwrap().remove(0);
        let neighbour = configuration.archives_folder().join(&archive.name);
        assert!(neighbour.is_file());
        let other = scene.platform.account("Somebody else").await;
        let (to, proof) = (scene.platform.folder().join("stolen.zip"), StepUp::in_a_test());
        let fetched =
            scene.lifecycle.fetch(other, departure, scene.production, scene.owner, &to, &proof).await;
        assert!(matches!(fetched, Err(DepartureError::NotFound)) && !to.exists());
        let store = ArchiveFolder::new(&configuration.archives_folder());
        let names = [format!("../archives/{}", archive.name), neighbour.display().to_string(), "..".into()];
        for name in names {
            assert!(store.fetch(&name, &to).await.is_err() && !to.exists(), "{name}");
        }

        let secret = files(&configuration.keys_folder().join("archives")).remove(0);
        let secret = configuration.keys_folder().join("archives").join(secret);
        scene.lifecycle.come_back(scene.account, departure, scene.owner).await.unwrap();
        for (name, target) in
            [("archive.zip", &neighbour), ("passphrase", &secret), ("summary.json", &neighbour)]
        {
            scene.drain().await;
            for kept in [&neighbour, &secret] {
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::write(kept, "of somebody else").unwrap();
            }
            *scene.house.links.lock().unwrap() = Some((name, target.clone()));
            let tried = scene.cancel().await;
            scene.drain().await;
            assert!(scene.lifecycle.archives_of(scene.account, tried).await.unwrap().is_empty(), "{name}");
            let kept = files(&configuration.archives_folder())
                .into_iter()
                .map(|file| configuration.archives_folder().join(file));
            let held = kept.filter(|path| *path != neighbour && holds(path, "of somebody else")).count();
            assert_eq!(held, 0, "{name}");
            scene.lifecycle.come_back(scene.account, tried, scene.owner).await.unwrap();
        }
        // The program mends its ways, and its archive is kept.
        *scene.house.links.lock().unwrap() = None;
        scene.drain().await;
        let honest = scene.cancel().await;
        scene.drain().await;
        assert_eq!(scene.lifecycle.archives_of(scene.account, honest).await.unwrap().len(), 1);
    }
}

/// CL-9: one organisation leaves by the app's own program, and the environment goes on.
#[tokio::test(flavor = "multi_thread")]
async fn cl_9_one_organisation_leaves_and_the_rest_goes_on() {
    for scene in Scene::both().await {
        let organisation = Uuid::from_u128(77);
        let begun =
            scene.lifecycle.cancel_organisation(scene.account, scene.production, organisation, scene.owner);
        let departure = begun.await.unwrap();
        scene.drain().await;
        scene.platform.clock.set(BEGINNING + WINDOW);
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        assert!(scene.house.opens(scene.production).await, "the environment goes on");
        assert_eq!(
            scene.house.ran(),
            [
                format!("export --organisation {organisation}"),
                format!("destroy-organisation --organisation {organisation}"),
            ]
        );
        let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
        let (told, _) = certificate::verify(&signed.json(), None).unwrap();
        assert_eq!(told.organisation, Some(organisation));
        assert!(told.remains.iter().any(|item| item.what.contains("audit log")));
    }
}

/// What is left at the end: everything that a person or a court could look at, without what differs by chance.
async fn end(scene: &Scene, departure: DepartureId) -> (Vec<String>, BTreeSet<String>, String) {
    let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
    let (told, _) = certificate::verify(&signed.json(), None).unwrap();
    let facts = format!(
        "{:?} {:?} {:?}",
        told.disabled
            .iter()
            .map(|item| item.what.replace(|c: char| c.is_ascii_hexdigit(), ""))
            .collect::<Vec<_>>(),
        told.deleted
            .iter()
            .map(|item| item.what.replace(|c: char| c.is_ascii_hexdigit(), ""))
            .collect::<Vec<_>>(),
        told.remains.iter().map(|item| item.what.clone()).collect::<Vec<_>>(),
    );
    let left = files(scene.data()).into_iter().filter(|path| !path.contains("mailbox")).collect();
    (scene.mail(), left, facts)
}

/// Invariant 8: kill the process at each boundary of each step, and it ends the same way, told once.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_killed_at_any_boundary_it_ends_the_same_way() {
    for kind in ["sqlite", "postgres"] {
        let mut expected = None;
        for number in 0.. {
            let scene = Scene::on(control_plane::testing::platform_on(kind).await).await;
            let departure = scene.cancel().await;
            let faults = Arc::new(StopAt::boundary(number));
            for day in [0, 16, 23, 27, 29, 30] {
                scene.platform.clock.set(BEGINNING + Duration::days(day));
                if !scene.engine(Some(faults.clone())).drain().await.unwrap() {
                    // The process died; the next one knows itself to be alone.
                    scene.platform.operations.end_leases().await.unwrap();
                    scene.drain().await;
                }
            }
            assert_eq!(scene.state(departure).await, DepartureState::Destroyed, "{kind}, boundary {number}");
            let end = end(&scene, departure).await;
            match &expected {
                None => expected = Some(end),
                Some(expected) => assert_eq!(&end, expected, "{kind}: stopped at {:?}", faults.stopped()),
            }
            if faults.stopped().is_none() {
                assert!(number > 40, "only {number} boundaries were passed");
                break;
            }
        }
    }
}

/// Relative paths of all files.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => found.push(entry.path().strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// A hit in the control, so that the search for the canary is known to search.
fn holds(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The canary lies in no file in the clear, before or after.
#[tokio::test(flavor = "multi_thread")]
async fn hc_8_nothing_waits_in_the_clear() {
    for scene in Scene::both().await {
        let departure = scene.cancel().await;
        scene.drain().await;
        let data = scene.data().to_owned();
        for file in files(&data) {
            assert!(!holds(&data.join(&file), CANARY), "{file}");
        }
        // The control: what the owner unpacks does hold it.
        let to = scene.platform.folder().join("home.zip");
        let proof = StepUp::in_a_test();
        let secret =
            scene.lifecycle.fetch(scene.account, departure, scene.production, scene.owner, &to, &proof);
        let secret = exporter::Passphrase::new(secret.await.unwrap().to_string());
        let mut archive = exporter::Archive::open(fs::File::open(&to).unwrap(), Some(secret)).unwrap();
        let unpacked = scene.platform.folder().join("unpacked");
        archive.unpack("data/", &unpacked, exporter::Limits { files: 9, bytes: 9_000_000 }).unwrap();
        assert!(files(&unpacked).iter().any(|file| holds(&unpacked.join(file), CANARY)));
    }
}
