//! Two tenants side by side: what one of them has learnt of the other opens nothing there. By host header it is tried in
//! `doors`, by the name of an archive in `integration/lifecycle`.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use control_plane::host::{DatabaseKind, Work};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::lab::Lab;

/// Two clinics with the same made-up people in them, one on each database.
struct Neighbours {
    lab: Lab,
    one: Uuid,
    two: Uuid,
}

impl Neighbours {
    async fn new() -> Self {
        let lab = Lab::new().await;
        let one = lab.environment("one", DatabaseKind::Sqlite).await;
        let two = lab.environment("two", DatabaseKind::Postgres).await;
        for id in [one, two] {
            lab.supervisor.work(id, Work::Seed, &[]).await.unwrap();
        }
        Self { lab, one, two }
    }

    /// Asks who is signed in, by a field of the request.
    async fn who(&self, at: &str, (name, value): (&str, &str)) -> u16 {
        let request = Request::get("/identity/session")
            .header("host", format!("{at}.example"))
            .header("accept", "application/json")
            .header(name, value);
        let request = request.body(Full::new(Bytes::new())).unwrap();
        self.lab.send(&format!("{at}.example"), request).await.0
    }

    /// Signs the made-up patient in.
    async fn sign_in(
        &self,
        at: &str,
        path: &str,
        kind: &str,
        body: String,
    ) -> (u16, hyper::HeaderMap, String) {
        let request = Request::post(path)
            .header("host", format!("{at}.example"))
            .header("origin", format!("https://{at}.example"))
            .header("content-type", kind)
            .body(Full::new(Bytes::from(body)));
        self.lab.send(&format!("{at}.example"), request.unwrap()).await
    }

    /// What the app of one makes of a path of the host.
    async fn reach(&self, path: &Path) -> String {
        let request =
            Request::get("/reach").header("host", "one.example").header("x-path", path.to_str().unwrap());
        let request = request.body(Full::new(Bytes::new())).unwrap();
        self.lab.send("one.example", request).await.2
    }
}

const PASSWORD: &str = "Plum-orbit-91-lantern";

/// The two have the same person with the same password, and still a session is a row of one database.
#[tokio::test]
async fn tenants_do_not_reach_each_other_by_cookie() {
    let neighbours = Neighbours::new().await;
    for (at, elsewhere) in [("one", "two"), ("two", "one")] {
        let form = format!("email=made-up%40clinic.example&password={PASSWORD}");
        let (status, headers, body) =
            neighbours.sign_in(at, "/sign-in", "application/x-www-form-urlencoded", form).await;
        assert_eq!(status, 303, "{body}");
        let cookies = headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let cookie = cookies
            .filter_map(|cookie| cookie.split(';').next())
            .find(|cookie| cookie.strip_prefix("__Host-session=").is_some_and(|token| !token.is_empty()));
        let cookie = ("cookie", cookie.expect("they are signed in"));
        assert_eq!(neighbours.who(at, cookie).await, 200, "{at}");
        assert_eq!(neighbours.who(elsewhere, cookie).await, 401, "the cookie of {at}, at {elsewhere}");
    }
}

#[tokio::test]
async fn tenants_do_not_reach_each_other_by_token() {
    let neighbours = Neighbours::new().await;
    for (at, elsewhere) in [("one", "two"), ("two", "one")] {
        let credentials = json!({ "email": "made-up@clinic.example", "password": PASSWORD }).to_string();
        let (status, _, body) =
            neighbours.sign_in(at, "/identity/sign-in", "application/json", credentials).await;
        assert_eq!(status, 200, "{body}");
        let step: Value = serde_json::from_str(&body).unwrap();
        let bearer = format!("Bearer {}", step["access_token"].as_str().unwrap());
        assert_eq!(neighbours.who(at, ("authorization", &bearer)).await, 200, "{at}");
        assert_eq!(
            neighbours.who(elsewhere, ("authorization", &bearer)).await,
            401,
            "of {at}, at {elsewhere}"
        );
        // Nor is a token renewed where it was not issued.
        let refresh = json!({ "refresh_token": step["refresh_token"] }).to_string();
        let (status, ..) =
            neighbours.sign_in(elsewhere, "/identity/refresh", "application/json", refresh).await;
        assert_eq!(status, 401, "the refresh token of {at}, at {elsewhere}");
    }
}

/// Every path below a folder, the folder too.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = waiting.pop() {
        if next.is_dir() && !next.is_symlink() {
            waiting
                .extend(std::fs::read_dir(&next).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        found.push(next);
    }
    found
}

/// Sockets are files: an app sees those that it was handed, and none of another's, nor the key agent's or the gateway's.
#[tokio::test]
async fn tenants_do_not_reach_each_other_by_socket() {
    let neighbours = Neighbours::new().await;
    let folders = &neighbours.lab.folders;
    assert_eq!(neighbours.lab.get("two", "/version").await.0, 200, "its socket is there");
    let all = everything(&folders.root().join("run"));
    let sockets: Vec<_> = all
        .into_iter()
        .filter(|path| std::fs::symlink_metadata(path).is_ok_and(|of| of.file_type().is_socket()))
        .collect();
    assert!(sockets.iter().any(|socket| socket.starts_with(folders.run(neighbours.two))), "{sockets:?}");
    for socket in sockets {
        let made_of_it = neighbours.reach(&socket).await;
        assert!(
            !made_of_it.contains("done") && made_of_it.contains("connect: refused"),
            "{socket:?}: {made_of_it}"
        );
    }
    // What it was handed itself stands at names of the sandbox, and there is nothing of the neighbour's beside it.
    let seen = neighbours.reach(Path::new("/run")).await;
    assert!(seen.contains("list: done"), "the control: {seen}");
}

#[tokio::test]
async fn tenants_do_not_reach_each_other_by_path() {
    let neighbours = Neighbours::new().await;
    let (folders, two) = (&neighbours.lab.folders, neighbours.two);
    let own = neighbours.reach(Path::new("/data/app.db")).await;
    assert!(own.contains("read: done") && own.contains("link: done"), "the control: {own}");
    let folders = [
        folders.environment(two),
        folders.keys(two),
        folders.witness(two),
        folders.programs(two),
        folders.run(two),
        // Nor its own keys, by the host's name of them.
        folders.keys(neighbours.one),
    ];
    for path in folders.iter().flat_map(|folder| everything(folder)) {
        let made_of_it = neighbours.reach(&path).await;
        assert!(!made_of_it.contains("done"), "{path:?}: {made_of_it}");
        assert_eq!(made_of_it.lines().count(), 6, "{made_of_it}");
    }
    // A path of a request is a path within the app that the host name chose, however it is written.
    for path in ["/../two/patients", "//two.example/patients", "/%2e%2e/%2e%2e/two/patients"] {
        let (status, body) = neighbours.lab.get("one", path).await;
        assert!(status >= 400, "{path}: {status} {body}");
    }
}

/// What an app writes for its operator is kept by its environment, and nothing of it under another's.
#[tokio::test]
async fn tenants_do_not_reach_each_other_by_log() {
    let neighbours = Neighbours::new().await;
    let lab = &neighbours.lab;
    assert_eq!(lab.get("one", "/headers").await.0, 200);
    assert_eq!(lab.get("two", "/version").await.0, 200);
    let said = async |id: Uuid| lab.supervisor.status(id).await.unwrap().said.join("\n");
    crate::lab::until("the lines were read", async || {
        said(neighbours.one).await.contains("/headers") && said(neighbours.two).await.contains("/version")
    })
    .await;
    assert!(!said(neighbours.two).await.contains("/headers"), "{}", said(neighbours.two).await);
    assert!(!said(neighbours.one).await.contains("/version"), "{}", said(neighbours.one).await);
    // A line that pretends to be another environment's stays its writer's: what is kept are the fields of a request.
    let (status, _) = lab.get("one", &format!("/headers?environment={}", neighbours.two)).await;
    assert_eq!(status, 200);
    assert!(!said(neighbours.two).await.contains("/headers"));
}
