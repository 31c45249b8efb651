//! CL-13: a new version is tried where it reaches nothing, and nothing of that stays. What verifies it really is a test of the
//! whole system; here a script stands for it, which says what it sees.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use control_plane::host::LocalHost;
use control_plane::seams::{BuildEvent, Finding, Host as _, HostError, Verified, VerifyOrder};
use control_plane::{ProjectId, VersionId};
use safeguards::sql;
use safeguards::store::{PostgresOptions, Store};
use tempfile::TempDir;
use uuid::Uuid;

use crate::lab::{clinic, postgres};
use crate::orders::{Heard, artifact, host_with};

const SCRIPT: &str = r#"#!/bin/sh
echo '{"checks":2}'
[ "$*" = "verify-version --program /verify/app /verify/project" ] || { echo "called as $*" >&2; exit 1; }
[ -x /verify/app ] && [ -r /verify/project/app.yaml ] || { echo "the version is not there" >&2; exit 1; }
echo x > /verify/project/app.yaml && { echo "the project can be changed" >&2; exit 1; }
echo x > left || { echo "there is no folder to write to" >&2; exit 1; }
echo '{"check":"a","title":"Records stay whole"}'
echo 'an app prints what it likes'
[ -S /run/postgresql/.s.PGSQL.5432 ] && socket=", by its socket"
echo '{"kept":1,"broken":[{"check":"b","title":"Who sees what","saw":"as '"$HEALTHCODER_VERIFY_OWNER_URL$socket"'"}],"undecided":[],"page":"<p>found</p>"}'
"#;

struct Bench {
    folder: TempDir,
    host: LocalHost,
    order: VerifyOrder,
}

impl Bench {
    async fn of(script: &str, on_postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let verifier = folder.path().join("verifier");
        fs::write(&verifier, script).unwrap();
        fs::set_permissions(&verifier, fs::Permissions::from_mode(0o755)).unwrap();
        let server = if on_postgres { Some(postgres().await) } else { None };
        let host = host_with(&folder.path().join("host"), server, &verifier).await;
        let (project, version) = (ProjectId::new(Uuid::now_v7()), VersionId::new(Uuid::now_v7()));
        // As a build leaves them.
        let built = folder.path().join("host/build/projects").join(project.uuid().simple().to_string());
        fs::create_dir_all(built.join("project")).unwrap();
        fs::write(built.join("project/app.yaml"), "app: Clinic\n").unwrap();
        let order = VerifyOrder { project, version, artifact: artifact(&clinic()) };
        Self { folder, host, order }
    }

    async fn verify(&self, heard: &Heard) -> Result<Verified, HostError> {
        self.host.verify(&self.order, heard).await
    }
}

async fn databases(name: &str) -> usize {
    let administrator = postgres().await.administrator;
    let store = Store::open_postgres(PostgresOptions::new(administrator)).await.unwrap();
    let rows = sql("SELECT datname FROM pg_database WHERE datname = $1 UNION SELECT rolname FROM pg_roles WHERE rolname LIKE $1 || '_%'")
        .bind(name)
        .fetch_all(&store)
        .await
        .unwrap();
    rows.len()
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder.join("host/verifications")).unwrap().count()
}

#[tokio::test]
async fn a_version_is_tried_on_the_kind_of_database_that_environments_get() {
    for on_postgres in [false, true] {
        let bench = Bench::of(SCRIPT, on_postgres).await;
        // A step that was cut off is begun again.
        for _ in 0..2 {
            let heard = Heard::default();
            let verified = bench.verify(&heard).await.unwrap();
            assert_eq!(
                (verified.kept, verified.undecided.len(), verified.page.as_str()),
                (1, 0, "<p>found</p>")
            );
            let [Finding { title, saw }] = verified.broken.as_slice() else { panic!("{verified:?}") };
            assert_eq!(title, "Who sees what");
            let name = format!("v{}", bench.order.version.uuid().simple());
            if on_postgres {
                assert!(saw.contains(&format!("{name}_owner:")) && saw.ends_with(", by its socket"), "{saw}");
            } else {
                assert_eq!(saw, "as ");
            }
            assert_eq!(databases(&name).await, 0, "the database is gone, and its roles");
            assert_eq!(left(bench.folder.path()), 0, "what it wrote is gone");
            let tried = BuildEvent::Progress { done: 1, total: 2, now: "Records stay whole".to_owned() };
            assert!(heard.all().contains(&tried), "{:?}", heard.all());
        }
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_tried_is_refused_in_words() {
    let bench = Bench::of("#!/bin/sh\necho 'its migration fails' >&2\nexit 1\n", false).await;
    let refused = bench.verify(&Heard::default()).await;
    assert!(
        matches!(&refused, Err(HostError::Version(why)) if why.contains("its migration fails")),
        "{refused:?}"
    );
    let mut other = bench.order.clone();
    other.artifact.sha256 = "0".repeat(64);
    let refused = bench.host.verify(&other, &Heard::default()).await;
    assert!(matches!(refused, Err(HostError::Unavailable(_))), "{refused:?}");
}
