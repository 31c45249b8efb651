//! HC-12: nothing left on our side, and no copy of it that somebody made before, opens with any key that still exists.

use std::fs;
use std::path::{Path, PathBuf};

use control_plane::ids::EnvironmentId;
use control_plane::lifecycle::{DepartureState, certificate, reminders::WINDOW};
use control_plane::testing::BEGINNING;
use exporter::{Archive, Passphrase};
use safeguards::crypto::FileKeyService;
use safeguards::sql;
use uuid::Uuid;

use super::house::patients_by;
use super::{Scene, files};

/// Every key that lies in a folder: root keys, and whatever could be a passphrase.
struct KeysFound {
    roots: Vec<FileKeyService>,
    words: Vec<String>,
}

impl KeysFound {
    fn under(folder: &Path) -> Self {
        let mut found = Self { roots: Vec::new(), words: Vec::new() };
        for file in files(folder) {
            let path = folder.join(file);
            found.roots.extend(FileKeyService::open(&path));
            let text = fs::read_to_string(&path).unwrap_or_default();
            found.words.extend(text.lines().filter(|line| line.len() < 200).map(str::to_owned));
            let bytes = fs::read(&path).unwrap_or_default();
            found.words.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        found
    }

    /// What of the files in `folder` any of the keys opens.
    async fn open(&self, folder: &Path) -> Vec<String> {
        let mut opened = Vec::new();
        for file in files(folder) {
            let path = folder.join(&file);
            let database = file.ends_with("app.db") && self.opens_database(&path).await;
            if database || (file.ends_with(".zip") && self.opens_archive(&path)) {
                opened.push(file);
            }
        }
        opened
    }

    async fn opens_database(&self, path: &Path) -> bool {
        let folder = path.parent().unwrap();
        let Ok(id) = folder.file_name().unwrap().to_str().unwrap().parse::<EnvironmentId>() else {
            return false;
        };
        for root in &self.roots {
            if patients_by(folder, id, root).await.is_some() {
                return true;
            }
        }
        false
    }

    fn opens_archive(&self, path: &Path) -> bool {
        let open = |secret: Option<Passphrase>| Archive::open(fs::File::open(path).unwrap(), secret).is_ok();
        open(None) || self.words.iter().any(|word| open(Some(Passphrase::new(word.clone()))))
    }
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(file), target).unwrap();
    }
    to.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn hc_12_afterwards_no_key_opens_anything() {
    for scene in Scene::both().await {
        let data = scene.data().to_owned();
        let departure = scene.cancel().await;
        scene.drain().await;
        // Somebody keeps a copy of everything but the keys, as a backup does.
        let backup = copy(&data, &scene.platform.folder().join("backup"));
        fs::remove_dir_all(backup.join("keys")).unwrap();
        // The control: with the keys of that day, database and archive open.
        let before = KeysFound::under(&data).open(&backup).await;
        assert_eq!(before.iter().filter(|file| file.ends_with("app.db")).count(), 2, "{before:?}");
        assert_eq!(before.iter().filter(|file| file.ends_with(".zip")).count(), 1, "{before:?}");

        scene.platform.clock.set(BEGINNING + WINDOW);
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        let everything = scene.platform.folder().to_owned();
        let left = KeysFound::under(&everything);
        assert!(!left.words.is_empty(), "there are keys left to be tried");
        assert_eq!(left.open(&everything).await, Vec::<String>::new());
        let names = files(&data);
        let gone = names.iter().all(|name| !name.contains("environments/") && !name.ends_with(".zip"));
        assert!(gone && !names.iter().any(|name| name.contains("projects/")), "{names:?}");
        let version =
            sql("SELECT spec, custom FROM versions").fetch_one(&scene.platform.store).await.unwrap();
        assert_eq!(version.bytes("spec").unwrap(), Vec::<u8>::new());
        assert_eq!(version.optional_bytes("custom").unwrap(), None, "custom code goes with it");
    }
}

/// The keys by which an app called its providers end before its records do, and the certificate says so.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_the_keys_of_providers_end_with_their_environment() {
    for scene in Scene::both().await {
        sql("INSERT INTO app_providers (id, account_id, project_id, environment_id, processor, host, port, settings, secret,
                 set_at, set_by_id)
             SELECT $2, account_id, project_id, id, 'models', 'api.models.example', 443, '{}', $3, $4, $2
             FROM environments WHERE id = $1")
        .bind(scene.production)
        .bind(Uuid::from_u128(7))
        .bind(b"sealed".to_vec())
        .bind(BEGINNING)
        .execute(&scene.platform.store)
        .await
        .unwrap();
        let departure = scene.cancel().await;
        scene.platform.clock.set(BEGINNING + WINDOW);
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        let row =
            sql("SELECT secret, withdrawn_at FROM app_providers").fetch_one(&scene.platform.store).await;
        let row = row.unwrap();
        assert_eq!(row.optional_bytes("secret").unwrap(), None);
        assert!(row.optional_timestamp("withdrawn_at").unwrap().is_some());
        let signed = scene.lifecycle.certificate(scene.account, departure).await.unwrap();
        let (told, _) = certificate::verify(&signed.json(), None).unwrap();
        let of_them = told.disabled.iter().filter(|item| item.what.contains("called its providers"));
        assert_eq!(of_them.count(), 1, "{:?}", told.disabled);
    }
}
