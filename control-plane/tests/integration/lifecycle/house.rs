//! A host whose environments are real: an SQLCipher file under a key of its own, that a root key file wraps, and
//! an archive that the exporter seals. What it does not have is somebody else's program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::Ed25519KeyPair;
use control_plane::Configuration;
use control_plane::host::provided::Reach;
use control_plane::ids::{AccountId, EnvironmentId, ProjectId};
use control_plane::seams::{
    Artifact, Billing, BillingError, BuildOrder, DeployOrder, EnvironmentOrder, Gate, Host, HostError,
    KeyDestruction, Pending, Progress, Standing, Trial, Verified, VerifyOrder,
};
use exporter::{ArchiveWriter, Cell, Column, ColumnKind, Form, Passphrase, Seal, Signature, Subject, Table};
use safeguards::Clock;
use safeguards::crypto::{DataKey, FileKeyService, KeyContext, KeyService, WrappedKey};
use safeguards::identity::EmailAddress;
use safeguards::store::{DatabaseKey, SqliteOptions, Store, sql};
use uuid::Uuid;

/// What a patient's record holds, and what must be found nowhere.
pub(crate) const CANARY: &str = "Zzyzx-Testperson-4711";

pub(crate) struct House {
    environments: PathBuf,
    keys: PathBuf,
    clock: Arc<dyn Clock>,
    gates: Mutex<BTreeMap<EnvironmentId, Gate>>,
    ran: Mutex<Vec<String>>,
    /// What the app's program leaves a link to, in the place of this file of its errand.
    pub(crate) links: Mutex<Option<(&'static str, PathBuf)>>,
    /// What a key service says of keys that it destroys later; without it, they are erased at once.
    pub(crate) scheduled: Mutex<Option<KeyDestruction>>,
}

impl House {
    pub(crate) fn new(configuration: &Configuration, clock: Arc<dyn Clock>) -> Self {
        Self {
            environments: configuration.environments_folder(),
            keys: configuration.keys_folder().join("environments"),
            clock,
            gates: Mutex::default(),
            ran: Mutex::default(),
            links: Mutex::default(),
            scheduled: Mutex::default(),
        }
    }

    pub(crate) fn gate_of(&self, environment: EnvironmentId) -> Option<Gate> {
        self.gates.lock().unwrap().get(&environment).copied()
    }

    /// The subcommands that ran, each once, with the organisation that they named.
    pub(crate) fn ran(&self) -> Vec<String> {
        let mut ran = self.ran.lock().unwrap().clone();
        ran.dedup();
        ran
    }

    fn folder(&self, environment: EnvironmentId) -> PathBuf {
        self.environments.join(environment.to_string())
    }

    /// Where builds of a project have left its source.
    pub(crate) fn built(&self, project: ProjectId) -> PathBuf {
        self.environments.join("build").join(project.to_string())
    }

    fn root_key(&self, environment: EnvironmentId) -> PathBuf {
        self.keys.join(format!("{environment}.key"))
    }

    /// Makes an environment with one patient.
    pub(crate) async fn move_in(&self, environment: EnvironmentId) {
        fs::create_dir_all(self.folder(environment)).unwrap();
        fs::create_dir_all(&self.keys).unwrap();
        let root = FileKeyService::create(&self.root_key(environment)).unwrap();
        let (key, wrapped) = root.generate(&context(environment)).await.unwrap();
        fs::write(self.folder(environment).join("app.db.key"), wrapped.0).unwrap();
        let store = store(&self.folder(environment), &key).await;
        sql("CREATE TABLE patients (name TEXT NOT NULL) STRICT").execute(&store).await.unwrap();
        sql("INSERT INTO patients (name) VALUES ($1)").bind(CANARY).execute(&store).await.unwrap();
        store.close().await;
    }

    /// Whether the environment's records can still be read.
    pub(crate) async fn opens(&self, environment: EnvironmentId) -> bool {
        self.patients(environment).await.is_some()
    }

    async fn patients(&self, environment: EnvironmentId) -> Option<Vec<String>> {
        let root = FileKeyService::open(&self.root_key(environment)).ok()?;
        patients_by(&self.folder(environment), environment, &root).await
    }

    async fn export(&self, environment: EnvironmentId, words: &[String], folder: &Path) -> Option<()> {
        let flag = |name: &str| {
            let at = words.iter().position(|word| word == name)?;
            Some(PathBuf::from(words.get(at + 1)?.replace("{folder}", &folder.display().to_string())))
        };
        let secret: String =
            DataKey::random().ok()?.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(flag("--new-passphrase-file")?, format!("{secret}\n")).ok()?;
        let subject = Subject {
            app: "Peptide clinic".into(),
            version: "1".into(),
            environment: environment.to_string(),
            organisation: None,
            exported_at: "2026-11-26T09:00:00Z".into(),
        };
        let file = fs::File::create_new(flag("--to")?).ok()?;
        let mut archive = ArchiveWriter::new(file, Seal::Passphrase(Passphrase::new(secret)), subject);
        let name = Column { name: "name".into(), kind: ColumnKind::Text, nullable: false };
        let table = Table { name: "patients".into(), columns: vec![name] };
        for form in Form::ALL {
            let mut part = archive.table(&table, form).ok()?;
            for patient in self.patients(environment).await? {
                part.row(&[Cell::Text(patient)]).ok()?;
            }
            part.end().ok()?;
        }
        if let Some(project) = flag("--project") {
            let mut part = archive.file("project/app.yaml").ok()?;
            part.push(&fs::read(project.join("app.yaml")).ok()?).ok()?;
            part.end();
        }
        let unsigned = archive.end().ok()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).ok()?;
        let signature = Signature::sign(&pair, unsigned.digest());
        unsigned.finish(&signature).ok()?;
        let summary = serde_json::json!({ "signed_by": signature.public_key, "manifest": "", "head": "{}" });
        fs::write(flag("--summary")?, summary.to_string()).ok()
    }
}

fn context(environment: EnvironmentId) -> KeyContext {
    KeyContext { environment: environment.uuid(), organisation: Uuid::nil() }
}

async fn store(folder: &Path, key: &DataKey) -> Store {
    Store::open_sqlite(SqliteOptions::new(folder.join("app.db"), DatabaseKey::new(*key.expose())))
        .await
        .unwrap()
}

/// The patients in a folder's database, if this root key opens it.
pub(crate) async fn patients_by(
    folder: &Path,
    environment: EnvironmentId,
    root: &FileKeyService,
) -> Option<Vec<String>> {
    let wrapped = WrappedKey(fs::read(folder.join("app.db.key")).ok()?);
    let key = root.unwrap(&context(environment), &wrapped).await.ok()?;
    let options = SqliteOptions {
        create: false,
        ..SqliteOptions::new(folder.join("app.db"), DatabaseKey::new(*key.expose()))
    };
    let store = Store::open_sqlite(options).await.ok()?;
    let rows = sql("SELECT name FROM patients").fetch_all(&store).await.ok();
    store.close().await;
    Some(rows?.iter().map(|row| row.text("name").unwrap()).collect())
}

fn unavailable(why: &str) -> HostError {
    HostError::Unavailable(why.to_owned())
}

impl Host for House {
    fn build<'a>(&'a self, _: &'a BuildOrder, _: &'a dyn Progress) -> Pending<'a, Artifact, HostError> {
        Box::pin(async { Err(unavailable("this house builds nothing")) })
    }

    fn trial(&self) -> Pending<'_, Trial, HostError> {
        Box::pin(async { Err(unavailable("this house verifies nothing")) })
    }

    fn verify<'a>(&'a self, _: &'a VerifyOrder, _: &'a dyn Progress) -> Pending<'a, Verified, HostError> {
        Box::pin(async { Err(unavailable("this house verifies nothing")) })
    }

    fn provide<'a>(&'a self, _: &'a EnvironmentOrder) -> Pending<'a, (), HostError> {
        Box::pin(async { Err(unavailable("this house provides nothing")) })
    }

    fn deploy<'a>(&'a self, _: &'a DeployOrder, _: &'a dyn Progress) -> Pending<'a, (), HostError> {
        Box::pin(async { Err(unavailable("this house deploys nothing")) })
    }

    fn seed<'a>(&'a self, _: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async { Err(unavailable("this house makes up nobody")) })
    }

    fn invite_owner<'a>(&'a self, _: EnvironmentId, _: &'a EmailAddress) -> Pending<'a, String, HostError> {
        Box::pin(async { Err(unavailable("this house invites nobody")) })
    }

    fn outward<'a>(&'a self, _: EnvironmentId, _: &'a Reach) -> Pending<'a, (), HostError> {
        Box::pin(async { Err(unavailable("this house lets nobody out")) })
    }

    fn gate<'a>(&'a self, environment: EnvironmentId, gate: Gate) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            self.gates.lock().unwrap().insert(environment, gate);
            Ok(())
        })
    }

    fn run<'a>(
        &'a self,
        environment: EnvironmentId,
        arguments: &'a [String],
        folder: &'a Path,
    ) -> Pending<'a, String, HostError> {
        Box::pin(async move {
            let of = arguments.iter().position(|word| word == "--organisation").map(|at| &arguments[at..]);
            self.ran.lock().unwrap().push(format!("{} {}", arguments[0], of.unwrap_or_default().join(" ")));
            match arguments[0].as_str() {
                "export" => {
                    let exported = self.export(environment, arguments, folder).await;
                    exported.ok_or_else(|| unavailable("nothing was exported"))?;
                    if let Some((name, to)) = self.links.lock().unwrap().clone() {
                        fs::remove_file(folder.join(name)).unwrap();
                        std::os::unix::fs::symlink(to, folder.join(name)).unwrap();
                    }
                }
                "destroy-organisation" => {}
                other => return Err(unavailable(other)),
            }
            Ok(String::new())
        })
    }

    fn logs<'a>(&'a self, _: EnvironmentId, _: usize) -> Pending<'a, Vec<String>, HostError> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn destroy_keys<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, KeyDestruction, HostError> {
        Box::pin(async move {
            self.gates.lock().unwrap().insert(environment, Gate::Nothing);
            let destruction = self.scheduled.lock().unwrap().clone().unwrap_or(KeyDestruction::Erased);
            let Ok(root) = FileKeyService::open(&self.root_key(environment)) else { return Ok(destruction) };
            let now = self.clock.now();
            let gone = async {
                root.schedule_destruction(now).await?;
                root.destroy_if_due(now)
            };
            gone.await.map(|_| destruction).map_err(|error| unavailable(&error.to_string()))
        })
    }

    fn forget<'a>(&'a self, project: ProjectId) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            match fs::remove_dir_all(self.built(project)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(unavailable(&error.to_string()))
                }
                _ => Ok(()),
            }
        })
    }

    fn destroy_data<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            // Data never go while a key still opens them.
            if self.opens(environment).await {
                return Err(unavailable("the keys are still there"));
            }
            match fs::remove_dir_all(self.folder(environment)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(unavailable(&error.to_string()))
                }
                _ => Ok(()),
            }
        })
    }
}

impl Billing for House {
    fn standing<'a>(&'a self, _: AccountId) -> Pending<'a, Standing, BillingError> {
        Box::pin(async {
            Ok(Standing {
                production: Gate::ReadAndWrite,
                plan: "BAA".into(),
                words: "All is well.".into(),
                next: None,
                until: None,
            })
        })
    }
}
