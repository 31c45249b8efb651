//! Custom code of a version: sent by the API, read before it is kept, shown to whoever approves it, taken over by later
//! versions, and built as it was approved.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use control_plane::VersionId;
use control_plane::accounts::Owned;
use control_plane::builds::{self, BuildState};
use control_plane::custom;
use control_plane::http;
use control_plane::prompts::{self, PromptText};
use control_plane::seams::EnvironmentKind;
use control_plane::testing::{ScriptedHost, TestPlatform, platforms};
use control_plane::versions::{self, Planned, Version, VersionState};
use safeguards::axum::Router;
use safeguards::axum::body::{Body, to_bytes};
use safeguards::axum::http::{Request, StatusCode};
use safeguards::sql;
use safeguards::web::Trust;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::builds::{Begun, begun};

/// What would be found again in the clear, and what a page must not take for its own.
const WORDS: &str = "Zebulon </code></pre><script>alert(1)</script>";
const ROOT: &str = "src/custom/mod.rs";
const DOSES: &str = "src/custom/doses.rs";

fn mine() -> BTreeMap<String, String> {
    let root = format!(
        "//! Mine. {WORDS}\n\nuse safeguards::slice::Routes;\n\nuse crate::extensions::Extensions;\n\nmod doses;\n\n\
         /// Where it joins in.\npub struct Custom;\n\nimpl Extensions for Custom {{}}\n\n\
         /// None.\npub fn routes() -> Routes {{\n    doses::none()\n}}\n"
    );
    let doses =
        "//! Doses.\n\nuse safeguards::slice::Routes;\n\npub fn none() -> Routes {\n    Routes::new()\n}\n";
    BTreeMap::from([(ROOT.to_owned(), root), (DOSES.to_owned(), doses.to_owned())])
}

/// A project with a planned version, its owner, and somebody else's.
struct Desk<'a> {
    platform: &'a TestPlatform,
    begun: Begun,
    host: Arc<ScriptedHost>,
    router: Router,
    token: String,
    stranger: String,
    spec: String,
}

impl<'a> Desk<'a> {
    async fn on(platform: &'a TestPlatform) -> Self {
        let begun = begun(platform, "olga@example.org").await;
        let (site, host) = platform.site();
        let another = platform.person(begun.member.account(), "builder", "bo@example.org").await;
        let other = platform.account("Another clinic").await;
        let stranger = platform.person(other, "owner", "sam@example.org").await;
        let (token, stranger) = (platform.sign_in(&another).await, platform.sign_in(&stranger).await);
        let router = http::dashboard(&site, Trust::Peer).await.unwrap();
        let (spec, _) = versions::read(platform, &begun.version(platform).await).await.unwrap();
        Self { platform, begun, host, router, token, stranger, spec }
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: String) -> (StatusCode, String) {
        let (accept, kind) = if path.starts_with("/api/") {
            ("application/json", "application/json")
        } else {
            ("text/html", "application/x-www-form-urlencoded")
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", accept)
            .header("content-type", kind)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends a version by the API.
    async fn send(&self, custom: Value) -> (StatusCode, Value) {
        let path = format!("/api/projects/{}/versions", self.begun.project);
        let body = match custom {
            Value::Null => json!({ "spec": self.spec }),
            custom => json!({ "spec": self.spec, "custom": custom }),
        };
        let (status, said) = self.ask("POST", &path, &self.token, body.to_string()).await;
        (status, serde_json::from_str(&said).unwrap_or(Value::Null))
    }

    /// Why what was sent is refused; nothing of it is kept.
    async fn refused(&self, custom: Value) -> String {
        let before = self.count().await;
        let (status, said) = self.send(custom).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert_eq!(said["errors"][0]["pointer"], "/custom", "{said}");
        assert_eq!(self.count().await, before, "it was kept");
        said["errors"][0]["detail"].as_str().unwrap().to_owned()
    }

    async fn count(&self) -> usize {
        let rows = sql("SELECT id FROM versions").fetch_all(&self.platform.store).await.unwrap();
        rows.len()
    }

    async fn newest(&self) -> Owned<Version> {
        self.begun.version(self.platform).await
    }

    async fn numbered(&self, number: i64) -> Owned<Version> {
        let project = self.begun.project(self.platform).await;
        let all = versions::list(self.platform, &project).await.unwrap();
        let version = all.into_iter().find(|version| version.number == number).unwrap();
        self.begun.member.owned(self.platform, (self.begun.project, version.id)).await.unwrap()
    }

    async fn code(&self) -> BTreeMap<String, String> {
        custom::of(self.platform, &self.newest().await).await.unwrap().files().clone()
    }

    fn folder(&self, version: VersionId) -> PathBuf {
        let projects = self.platform.configuration.projects_folder();
        projects.join(self.begun.project.to_string()).join(version.to_string()).join("src/custom")
    }

    async fn page(&self, version: &Version) -> String {
        let path = format!("/projects/{}/versions/{}", self.begun.project, version.id);
        let (status, page) = self.ask("GET", &path, &self.token, String::new()).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }
}

#[tokio::test]
async fn custom_code_is_approved_with_its_spec_and_built_as_it_was_approved() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let bare = desk.newest().await;
        let (status, said) = desk.send(json!(mine())).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        let version = desk.newest().await;
        let at = format!("/api/projects/{}/versions/{}", desk.begun.project, version.id);
        let (_, read) = desk.ask("GET", &at, &desk.token, String::new()).await;
        let read: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(read["custom"], json!(mine()));
        assert_eq!(read["changes"]["custom"]["added"], json!([DOSES, ROOT]));
        assert!(version.custom_digest.is_some() && bare.custom_digest.is_none());
        let (status, _) = desk.ask("GET", &at, &desk.stranger, String::new()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "another account");

        // The digest of the same spec alone approves nothing here, nor does that of other code.
        let approve = async |digest: &str| {
            let body = json!({ "digest": digest }).to_string();
            desk.ask("POST", &format!("{at}/approve"), &desk.token, body).await.0
        };
        assert_eq!(approve(&bare.digest).await, StatusCode::CONFLICT);
        let mut changed = mine();
        changed.get_mut(DOSES).unwrap().push('\n');
        desk.send(json!(changed)).await;
        let other = desk.newest().await;
        assert_ne!(other.digest, version.digest);
        assert_eq!(approve(&other.digest).await, StatusCode::CONFLICT);
        assert_eq!(approve(&version.digest).await, StatusCode::OK);
        assert!(platform.builder(&desk.host).drain().await.unwrap());
        for (path, text) in mine() {
            let file = desk.folder(version.id).join(path.rsplit('/').next().unwrap());
            assert_eq!(fs::read_to_string(file).unwrap(), text);
        }

        // What lies there beside it is gone when it is built again, and a version without code has what every project has.
        fs::write(desk.folder(version.id).join("left.rs"), "").unwrap();
        let (project, (site, _)) = (desk.begun.project(&platform).await, platform.site());
        let again = async |version: &Owned<Version>| {
            let kind = EnvironmentKind::Preview;
            let build =
                builds::again(&platform, &*site.billing, &project, version, kind, None).await.unwrap();
            assert!(platform.builder(&desk.host).drain().await.unwrap());
            assert_eq!(desk.begun.build(&platform, build).await.state, BuildState::Serving);
        };
        again(&desk.numbered(2).await).await;
        assert!(!desk.folder(version.id).join("left.rs").exists());
        builds::approve(&platform, &project, &bare, &bare.digest, None).await.unwrap();
        assert!(platform.builder(&desk.host).drain().await.unwrap());
        let starter = fs::read_to_string(desk.folder(bare.id).join("mod.rs")).unwrap();
        assert!(starter.starts_with("//! Your own code."), "{starter}");
        again(&desk.numbered(2).await).await;
        assert!(desk.folder(version.id).join("doses.rs").is_file(), "an older version has its own code");
        let deployed: Vec<String> =
            desk.host.asked().into_iter().filter(|asked| asked.starts_with("deploy")).collect();
        assert_eq!(deployed[1..], vec!["deploy"; 3], "the same spec keeps the records of a preview");
        // What every project begins with is no code of one's own.
        desk.send(json!({ ROOT: starter })).await;
        assert_eq!(desk.newest().await.digest, bare.digest);
    }
}

/// HC-6: it may name somebody, so it is sealed, moves nowhere else, and stands in no log.
#[tokio::test]
async fn custom_code_is_sealed() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        desk.send(json!(mine())).await;
        let row = sql("SELECT id, custom FROM versions WHERE custom IS NOT NULL");
        let row = row.fetch_one(&platform.store).await.unwrap();
        let sealed = row.bytes("custom").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"Zebulon"));
        assert!(!platform.log.all().join("\n").contains("Zebulon"));
        assert!(!format!("{:?}", custom::parse(mine()).unwrap()).contains("Zebulon"));
        // Of another version, it does not open there.
        desk.send(json!({})).await;
        let next = desk.newest().await;
        sql("UPDATE versions SET custom = $2, custom_digest = $2 WHERE id = $1")
            .bind(next.id)
            .bind(sealed)
            .execute(&platform.store)
            .await
            .unwrap();
        assert!(custom::of(&platform, &next).await.is_err(), "{}", platform.database);
    }
}

#[tokio::test]
async fn a_later_version_takes_custom_code_over_until_it_is_left_out() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        desk.send(json!(mine())).await;
        let project = desk.begun.project(&platform).await;

        // By a prompt, by a spec, by a change in words.
        let text = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. Nurses see the \
            readings of the patients assigned to them. The clinic owner manages people. Nurses record the weight of patients.";
        let prompt = prompts::write(&platform, &project, &PromptText::parse(text).unwrap()).await.unwrap();
        let prompt = desk.begun.member.owned(&platform, (desk.begun.project, prompt)).await.unwrap();
        let planned = versions::plan(&platform, &project, &prompt).await.unwrap();
        assert!(matches!(planned, Planned::Version(_)), "{planned:?}");
        assert_eq!(desk.code().await, mine());
        let (status, _) = desk.send(Value::Null).await;
        assert_eq!((status, desk.code().await), (StatusCode::OK, mine()));
        let edit =
            |version: &Version| format!("/projects/{}/versions/{}/edit", desk.begun.project, version.id);
        let words = "words=rename+reading+to+measurement".to_owned();
        let (status, said) = desk
            .ask("POST", &format!("{}/words", edit(&*desk.newest().await)), &desk.token, words.clone())
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        assert_eq!(desk.code().await, mine());
        let page = desk.page(&*desk.newest().await).await;
        assert!(page.contains("It came with version 2 and was taken over."), "{page}");

        // A version that was put aside leaves nothing behind.
        let mut other = mine();
        other.get_mut(DOSES).unwrap().push('\n');
        desk.send(json!(other)).await;
        versions::withdraw(&platform, &desk.newest().await).await.unwrap();
        desk.send(Value::Null).await;
        assert_eq!(desk.code().await, mine());

        // Left out by a button, and by the API; a plan that is changed keeps its own.
        let with = desk.newest().await;
        let (status, _) =
            desk.ask("POST", &format!("{}/custom", edit(&with)), &desk.token, String::new()).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(desk.code().await.is_empty());
        let page = desk.page(&*desk.newest().await).await;
        assert!(!page.contains("id=\"custom-code\"") && page.contains("is removed"), "{page}");
        desk.send(Value::Null).await;
        assert!(desk.code().await.is_empty(), "it stays left out");
        let (status, _) = desk.ask("POST", &format!("{}/words", edit(&with)), &desk.token, words).await;
        assert_eq!((status, desk.code().await), (StatusCode::SEE_OTHER, mine()));
        desk.send(json!({})).await;
        assert!(desk.code().await.is_empty());
    }
}

#[tokio::test]
async fn what_the_lint_refuses_is_told_whole_and_not_kept() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let mut files = mine();
        files.get_mut(ROOT).unwrap().push_str("\nfn ends() {\n    std::process::exit(1)\n}\n");
        files.insert(
            DOSES.to_owned(),
            "use safeguards::slice::Routes;\n\npub fn none() -> Routes {\n    let _ = std::fs::read(\"/etc/passwd\");\n    \
             Routes::new()\n}\n"
                .to_owned(),
        );
        let told = desk.refused(json!(files)).await;
        for place in
            ["src/custom/doses.rs:4:13: `std::fs::read`", "src/custom/mod.rs:20:5: `std::process::exit`"]
        {
            assert!(told.contains(place), "{told}");
        }

        // What was taken over, and no longer fits, is told where the plan is approved, and keeps it from being approved.
        let mut asks = mine();
        asks.get_mut(DOSES).unwrap().push_str(
            "\n/// Whoever asks.\npub async fn readings(viewer: &safeguards::slice::Viewer) {\n    \
             let _ = crate::readings::count;\n    let _ = viewer;\n}\n",
        );
        let (status, said) = desk.send(json!(asks)).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        let path = format!("/projects/{}/versions/{}/edit/words", desk.begun.project, desk.newest().await.id);
        let words = "words=rename+reading+to+measurement".to_owned();
        let (status, said) = desk.ask("POST", &path, &desk.token, words).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{said}");
        let version = desk.newest().await;
        let page = desk.page(&version).await;
        assert!(page.contains("The custom code does not fit this plan"), "{page}");
        assert!(page.contains("crate::readings::count") && !page.contains("Approve and build"), "{page}");
        let project = desk.begun.project(&platform).await;
        let refused =
            builds::approve(&platform, &project, &version, &version.digest, None).await.unwrap_err();
        assert!(refused.to_string().contains("src/custom/doses.rs:"), "{refused}");
        assert_eq!(desk.newest().await.state, VersionState::Planned);
    }
}

#[tokio::test]
async fn what_lies_elsewhere_or_is_too_much_is_not_kept() {
    let [platform, _] = platforms().await;
    let desk = Desk::on(&platform).await;
    let with = |path: &str, text: &str| {
        let mut files = mine();
        files.insert(path.to_owned(), text.to_owned());
        json!(files)
    };
    let elsewhere = [
        "src/main.rs",
        "../src/custom/mod.rs",
        "src/custom/../main.rs",
        "/etc/passwd",
        "src/custom/a/../../access.rs",
        "src/custom/.cargo/config.rs",
        "build.rs",
        "Cargo.toml",
        "src/custom/data.json",
        "src/custom/Doses.rs",
    ];
    for path in elsewhere {
        let told = desk.refused(with(path, "")).await;
        assert!(told.starts_with(&format!("{path}: ")), "{told}");
    }
    let told = desk.refused(json!({ DOSES: "" })).await;
    assert!(told.starts_with("src/custom/mod.rs: it is not there"), "{told}");
    let told = desk.refused(with(DOSES, &"/".repeat((128 << 10) + 1))).await;
    assert!(told.contains("longer than 128 KiB"), "{told}");
    let many: BTreeMap<String, String> =
        (0..64).map(|number| (format!("src/custom/a{number}.rs"), String::new())).chain(mine()).collect();
    assert!(desk.refused(json!(many)).await.contains("66 files"));
    let comment = format!("//{}\n", "x".repeat(127 << 10));
    let much: BTreeMap<String, String> =
        (0..5).map(|number| (format!("src/custom/a{number}.rs"), comment.clone())).chain(mine()).collect();
    assert!(desk.refused(json!(much)).await.contains("512 KiB altogether"));
    for shape in [json!([]), json!("mod.rs"), json!({ ROOT: 1 }), json!({ ROOT: null })] {
        let (status, said) = desk.send(shape).await;
        assert!(status.is_client_error(), "{said}");
    }
    assert_eq!(desk.count().await, 1);
}

/// Whoever approves reads it: all of it, and none of it as the page's own.
#[tokio::test]
async fn the_page_of_a_plan_shows_custom_code() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let page = desk.page(&*desk.newest().await).await;
        assert!(!page.contains("Custom code"), "there is none");
        desk.send(json!(mine())).await;
        let version = desk.newest().await;
        let page = desk.page(&version).await;
        for said in [
            "Custom code",
            "It was sent with this version.",
            "What holds is the sandbox",
            "is new",
            "<code>src/custom/doses.rs</code> <span>7 lines</span>",
            "Zebulon &lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
            "Make a version without it",
            &version.digest,
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(!page.contains("<script>alert"), "{page}");

        let mut files = mine();
        files.remove(DOSES);
        let root = files.get_mut(ROOT).unwrap();
        *root = root.replace("mod doses;\n\n", "mod pills;\n\n").replace("doses::none", "pills::none");
        files.insert("src/custom/pills.rs".to_owned(), mine()[DOSES].clone());
        let (status, said) = desk.send(json!(files)).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        let page = desk.page(&*desk.newest().await).await;
        for said in ["doses.rs</code> is removed", "pills.rs</code> is new", "mod.rs</code> is changed"] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
}
