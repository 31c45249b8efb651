//! CF-5, HC-12: an environment's root key in KMS, from its making to its end.

use std::sync::Arc;

use control_plane::host::Folders;
use control_plane::host::key_agent::{FileRootKeys, RootKeys};
use control_plane::processors::Permit;
use control_plane::seams::KeyDestruction;
use control_plane_aws::{KmsRootKeys, Settings, SettingsError, Waiting};
use safeguards::clock::Clock;
use safeguards::crypto::{KeyContext, KeyError, KeyService, WrappedKey};
use safeguards::{SystemClock, clock};
use tempfile::TempDir;
use uuid::Uuid;

use crate::cloud::{Cloud, Fault, REGION};

pub(crate) const ONE: Uuid = Uuid::from_u128(1);
pub(crate) const OTHER: Uuid = Uuid::from_u128(2);

pub(crate) struct Scene {
    pub(crate) cloud: Cloud,
    pub(crate) folders: Folders,
    pub(crate) roots: KmsRootKeys,
    _folder: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let (cloud, folder) = (Cloud::start().await, tempfile::tempdir().unwrap());
        let folders = Folders::open(folder.path()).unwrap();
        let roots = roots(&cloud.settings(), &folders).await;
        Self { cloud, folders, roots, _folder: folder }
    }

    pub(crate) async fn key(&self, environment: Uuid) -> Arc<dyn KeyService> {
        self.roots.create(environment).await.unwrap();
        self.roots.open(environment).await.unwrap()
    }
}

pub(crate) async fn roots(settings: &Settings, folders: &Folders) -> KmsRootKeys {
    let (permit, clock): (_, Arc<dyn clock::Clock>) =
        (Permit::taken_over("aws").unwrap(), Arc::new(SystemClock));
    KmsRootKeys::open(settings, Waiting::SHORTEST, folders.clone(), clock, &permit).await.unwrap()
}

pub(crate) fn place(environment: Uuid, organisation: u128) -> KeyContext {
    KeyContext { environment, organisation: Uuid::from_u128(organisation) }
}

/// CF-5: a key of its own for each environment, and what it wrapped opens for its organisation, there, unaltered, and
/// nowhere else.
#[tokio::test]
async fn cf_5_what_is_wrapped_opens_in_its_place_alone() {
    let scene = Scene::new().await;
    let (key, other) = (scene.key(ONE).await, scene.key(OTHER).await);
    let (plain, wrapped) = key.generate(&place(ONE, 7)).await.unwrap();
    assert_eq!(key.unwrap(&place(ONE, 7), &wrapped).await.unwrap().expose(), plain.expose());
    let broken = [key.unwrap(&place(ONE, 8), &wrapped).await, key.unwrap(&place(OTHER, 7), &wrapped).await];
    for refused in broken {
        assert!(matches!(refused.map(drop), Err(KeyError::Broken)));
    }
    // By another environment's key it does not open, in whichever place (KMS says that the key is another; moto may deny it).
    for at in [place(ONE, 7), place(OTHER, 7)] {
        let refused = other.unwrap(&at, &wrapped).await.map(drop);
        assert!(matches!(refused, Err(KeyError::Broken | KeyError::Refused(_))), "{refused:?}");
        scene.cloud.spoil("Decrypt", Fault::Answer(400, "IncorrectKeyException"), 1);
        assert!(matches!(other.unwrap(&at, &wrapped).await.map(drop), Err(KeyError::Broken)));
    }
    let mut altered = wrapped.0.clone();
    *altered.last_mut().unwrap() ^= 1;
    let refused = key.unwrap(&place(ONE, 7), &WrappedKey(altered)).await;
    assert!(matches!(refused.map(drop), Err(KeyError::Broken)));

    // Rotated and wrapped anew, it is the same key, and what was wrapped before still opens.
    key.rotate_root().await.unwrap();
    let anew = key.rewrap(&place(ONE, 7), &wrapped).await.unwrap();
    assert!(matches!(key.rewrap(&place(ONE, 8), &wrapped).await.map(drop), Err(KeyError::Broken)));
    for wrapped in [&anew, &wrapped] {
        assert_eq!(key.unwrap(&place(ONE, 7), wrapped).await.unwrap().expose(), plain.expose());
    }
    let described = key.describe().await.unwrap();
    assert_eq!((described.service, described.destruction), ("aws-kms", None));
    assert!(described.root.starts_with("arn:aws:kms:eu-central-1:"), "{}", described.root);

    // Another process, later: asked for again, it is the key that was there.
    let later = roots(&scene.cloud.settings(), &scene.folders).await;
    later.create(ONE).await.unwrap();
    let opened = later.open(ONE).await.unwrap().unwrap(&place(ONE, 7), &wrapped).await.unwrap();
    assert_eq!(opened.expose(), plain.expose());
    assert_eq!(scene.cloud.heard("CreateKey").len(), 2);
}

/// HC-12: destroyed is disabled at once and gone after the waiting period; it says until when, as often as it is asked.
#[tokio::test]
async fn hc_12_a_destroyed_key_says_until_when_it_waits() {
    let scene = Scene::new().await;
    let key = scene.key(ONE).await;
    let arn = key.describe().await.unwrap().root;
    let first = scene.roots.destroy(ONE).await.unwrap();
    let KeyDestruction::Scheduled { service, region, key: name, until } = &first else { panic!("{first:?}") };
    assert_eq!((service.as_str(), region.as_str(), name), ("AWS KMS", REGION, &arn));
    let days = (*until - SystemClock.now()).as_seconds_f64() / 86_400.0;
    assert!((6.9..7.1).contains(&days), "{days}");
    assert!(matches!(scene.roots.open(ONE).await.map(drop), Err(KeyError::Destroying(at)) if at == *until));
    // KMS unwraps nothing by it any more (moto would).
    scene.cloud.spoil("Decrypt", Fault::Answer(400, "KMSInvalidStateException"), 1);
    let refused = key.unwrap(&place(ONE, 7), &WrappedKey(vec![1; 64])).await;
    assert!(matches!(refused.map(drop), Err(KeyError::Destroying(at)) if at == *until));
    // Again, as a step that was killed would; and once more when the environment's folder is gone.
    assert_eq!(scene.roots.destroy(ONE).await.unwrap(), first);
    std::fs::remove_dir_all(scene.folders.keys(ONE)).unwrap();
    assert_eq!(scene.roots.destroy(ONE).await.unwrap(), first);
    assert_eq!(scene.cloud.heard("ScheduleKeyDeletion").len(), 1);
    // Begun anew, as a preview is, it has another key.
    let anew = scene.key(ONE).await;
    assert_ne!(anew.describe().await.unwrap().root, arn);
    anew.generate(&place(ONE, 7)).await.unwrap();
}

/// Killed while its key is made, an environment ends up with one key, whichever answer was lost.
#[tokio::test]
async fn one_key_is_made_whatever_is_lost() {
    for operation in ["CreateKey", "CreateAlias", "EnableKeyRotation"] {
        let scene = Scene::new().await;
        // Of what is repeated by itself, no attempt is answered.
        scene.cloud.spoil(operation, Fault::LostAnswer, if operation == "CreateKey" { 1 } else { 3 });
        let lost = scene.roots.create(ONE).await;
        assert!(
            matches!(lost, Err(KeyError::Unavailable(_) | KeyError::Refused(_))),
            "{operation}: {lost:?}"
        );
        let key = scene.key(ONE).await;
        key.generate(&place(ONE, 7)).await.unwrap();
        assert_eq!(scene.cloud.heard("CreateKey").len(), 1, "{operation}");
    }
}

/// An environment keeps the key that it began with: a file stays a file, and a key of another region is refused.
#[tokio::test]
async fn an_environment_keeps_the_key_that_it_began_with() {
    let scene = Scene::new().await;
    let files = FileRootKeys(scene.folders.clone());
    files.create(ONE).await.unwrap();
    let (plain, wrapped) = files.open(ONE).await.unwrap().generate(&place(ONE, 7)).await.unwrap();
    let key = scene.key(ONE).await;
    assert_eq!(key.unwrap(&place(ONE, 7), &wrapped).await.unwrap().expose(), plain.expose());
    assert_eq!(scene.cloud.heard("CreateKey").len(), 0);
    assert_eq!(scene.roots.destroy(ONE).await.unwrap(), KeyDestruction::Erased);
    assert!(files.open(ONE).await.is_err());

    scene.roots.create(OTHER).await.unwrap();
    assert!(matches!(files.create(OTHER).await, Err(KeyError::Refused(_))));
    assert!(matches!(files.destroy(OTHER).await, Err(KeyError::Refused(_))));
    let mut settings = scene.cloud.settings();
    settings.region = "us-east-1".parse().unwrap();
    let elsewhere = roots(&settings, &scene.folders).await;
    let refused = elsewhere.open(OTHER).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("eu-central-1") && refused.contains("us-east-1"), "{refused}");
    assert!(elsewhere.destroy(OTHER).await.is_err());
}

/// HC-13: another company's permit opens nothing here; and KMS lets no key go sooner than in a week.
#[tokio::test]
async fn hc_13_another_permit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (folders, clock) = (Folders::open(folder.path()).unwrap(), Arc::new(SystemClock));
    let settings = Settings::new(REGION.parse().unwrap());
    let stripe = Permit::taken_over("stripe").unwrap();
    let opened = KmsRootKeys::open(&settings, Waiting::SHORTEST, folders, clock, &stripe).await;
    assert_eq!(opened.map(drop).unwrap_err(), SettingsError::Permit);
    for (days, lawful) in [(6, false), (7, true), (30, true), (31, false)] {
        assert_eq!(Waiting::days(days).is_ok(), lawful, "{days}");
    }
}
