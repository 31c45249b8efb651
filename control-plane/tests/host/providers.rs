//! HC-5, HC-13, CF-23: a hosted app calls its AI provider as its owner has set it, from within its sandbox, through the door and by
//! TLS from end to end; and nobody else.
//!
//! The app is the clinic of these tests, which asks as generated apps do, by the files that the platform made; the provider is the
//! stand-in that speaks a provider's wire, behind TLS under a host name of the internet. So it is with signing in.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use control_plane::Secret;
use control_plane::accounts::{Owned, Owner};
use control_plane::environments::Environment;
use control_plane::host::outward::{Addresses, Destination, Outside};
use control_plane::host::supervisor::Manner;
use control_plane::lifecycle::StepUp;
use control_plane::outward::{self, NewHost};
use control_plane::providers::{self, Settings};
use control_plane::seams::EnvironmentKind;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use models_double::{ModelsDouble, Price, Told};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use safeguards::axum::routing::get;
use safeguards::axum::{Json, Router};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::lab::manner;
use crate::orders::host_in;
use crate::road::Founder;

const SPEC: &str = include_str!("../../../tests/system/specs/scribe.yaml");
const HOST: &str = "api.models.example";

/// An internet of a few hosts, which stand on this machine; every other name leads to the first.
#[derive(Debug)]
struct Town(Vec<(&'static str, SocketAddr)>);

impl Outside for Town {
    fn addresses<'a>(&'a self, to: &'a Destination) -> Addresses<'a> {
        let known = self.0.iter().find(|(name, _)| *name == to.host.as_str()).unwrap_or(&self.0[0]);
        Box::pin(async move { Ok(vec![known.1]) })
    }
}

/// What stands behind TLS under this name; and the certificate by which it does (PEM).
async fn behind_tls(name: &str, plain: &str) -> io::Result<(SocketAddr, String)> {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let behind = plain.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(mut from) = acceptor.accept(stream).await else { return };
                let Ok(mut to) = TcpStream::connect(behind).await else { return };
                let _ended = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    Ok((address, made.cert.pem()))
}

/// A founder whose app serves as a preview in this internet, its owner, and the preview.
async fn serving(folder: &Path, town: Town, spec: &str) -> (Founder, Owner, Owned<Environment>) {
    let outside: Arc<dyn Outside> = Arc::new(town);
    let verifier = Path::new("/usr/bin/true");
    let host = host_in(folder, None, verifier, Manner { outside, ..manner() }).await;
    let founder = Founder::by(host, folder).await;
    founder.submit(spec).await;
    founder.reach_preview().await;
    let owner = founder.member.owner().unwrap();
    let id = (founder.project(), EnvironmentKind::Preview);
    let preview = owner.owned(&founder.platform, id).await.unwrap();
    (founder, owner, preview)
}

/// How often a text is in the files below a folder.
fn found_below(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(found_below(&path, text));
        } else if path.is_file()
            && std::fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_calls_its_provider_as_its_owner_has_set_it_and_nobody_else() {
    let price = Price { input: 3_000, output: 15_000 };
    let double = ModelsDouble::start(price, |_| Told::fill(json!({ "subjective": "tired" }))).await.unwrap();
    let (address, authority) = behind_tls(HOST, double.url()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (founder, owner, preview) = serving(folder.path(), Town(vec![(HOST, address)]), SPEC).await;
    let platform = &founder.platform;
    let ask = async || founder.ask("GET", &preview, "/ask").await;
    let knock = async |host: &str| {
        let request = Request::get("/knock").header("host", &preview.host_name).header("x-host", host);
        founder.send(&preview.host_name, request.body(Full::new(Bytes::new())).unwrap()).await.2
    };
    assert_eq!(ask().await, (200, "nobody is set".to_owned()));
    assert_eq!(knock(HOST).await, "there is no door");

    let new = NewHost { processor: "model vendor", address: HOST, agreement: "BAA 1" };
    outward::attest(platform, &*founder.host, &owner, &preview, &new, &StepUp::in_a_test()).await.unwrap();
    let set = async |wire: &str, key: &str| {
        let settings: Settings = serde_json::from_value(json!({
            "kind": "model", "processor": "model vendor", "wire": wire, "address": format!("https://{HOST}"),
            "model": "some-model-1", "input_price": "3", "output_price": 15, "authority": authority,
        }))
        .unwrap();
        let (key, proof) = (Secret::new(key), StepUp::in_a_test());
        providers::set(platform, &*founder.host, &owner, &preview, &settings, Some(&key), &proof).await
    };
    for wire in ["anthropic", "openai", "compatible"] {
        set(wire, double.key()).await.unwrap();
        let (status, said) = ask().await;
        assert_eq!((status, said.as_str()), (200, r#"{"subjective":"tired"}"#), "{wire}");
    }
    assert_eq!(double.requests(), 3);
    assert!(double.complaints().is_empty(), "{:?}", double.complaints());
    let sent = String::from_utf8_lossy(&double.outbound().concat()).into_owned();
    assert!(sent.contains("quillmark"), "{sent}");

    // What is not attested is not reached, whatever the app asks for.
    assert_eq!(knock(HOST).await, "it opens");
    for other in ["evil.example", "models.example", "x.api.models.example", "127.0.0.1", "169.254.169.254"] {
        assert_eq!(knock(other).await, "it stays shut", "{other}");
    }

    // The key lies where the app's user reads it, and nowhere else of the host or of the platform.
    let keys = folder.path().join("keys").join(preview.id.uuid().simple().to_string());
    let laid = keys.join("providers/model-model-vendor.key");
    assert_eq!(found_below(folder.path(), double.key()), [laid.clone()]);
    assert_eq!(found_below(platform.folder(), double.key()), Vec::<std::path::PathBuf>::new());
    let said = founder.host.logs(preview.id, 300).await.unwrap().join("\n");
    assert!(!said.contains(double.key()) && !said.contains("quillmark"), "{said}");

    // Replaced: from then on it is the other key that is used.
    set("anthropic", "sk-of-another-day").await.unwrap();
    let (_, said) = ask().await;
    assert!(!said.contains("tired"), "{said}");
    assert_eq!(found_below(folder.path(), double.key()), Vec::<std::path::PathBuf>::new());
    assert_eq!(found_below(folder.path(), "sk-of-another-day"), [laid]);

    // A preview that begins anew keeps its provider; a host that is withdrawn takes it along.
    set("anthropic", double.key()).await.unwrap();
    founder.submit(&SPEC.replace("about: A practice", "about: A larger practice")).await;
    founder.reach_preview().await;
    assert_eq!(ask().await, (200, r#"{"subjective":"tired"}"#.to_owned()), "it was brought up anew");
    let way = outward::list(platform, preview.id).await.unwrap().remove(0);
    outward::withdraw(platform, &*founder.host, &owner, &preview, way.id, &StepUp::in_a_test())
        .await
        .unwrap();
    assert_eq!(ask().await, (200, "nobody is set".to_owned()));
    assert_eq!(knock(HOST).await, "there is no door");
    assert_eq!(found_below(folder.path(), double.key()), Vec::<std::path::PathBuf>::new());
    assert!(providers::list(platform, preview.id).await.unwrap().is_empty());

    // What ends with its environment ends before its records do.
    outward::attest(platform, &*founder.host, &owner, &preview, &new, &StepUp::in_a_test()).await.unwrap();
    set("anthropic", double.key()).await.unwrap();
    assert!(keys.join("providers").exists());
    founder.host.destroy_keys(preview.id).await.unwrap();
    assert!(!keys.join("providers").exists() && !keys.join("root.key").exists());
    founder.serving.abort();
}

/// CF-14: people are sent to the identity provider that the owner has set, whose documents the app reads through the door.
#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_by_the_identity_provider_that_its_owner_has_set() {
    const PROVIDER: &str = "idp.example";
    let published = Json(json!({
        "issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token", "jwks_uri": "https://idp.example/keys",
    }));
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || published))
        .route("/keys", get(async || Json(json!({ "keys": [] }))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { safeguards::axum::serve(listener, router).await });
    let (address, authority) = behind_tls(PROVIDER, &plain).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spec = format!("{SPEC}\nsecurity: {{ sso: oidc }}\n");
    let (founder, owner, preview) = serving(folder.path(), Town(vec![(PROVIDER, address)]), &spec).await;
    let platform = &founder.platform;
    let begun = async || {
        let request = Request::get("/sign-in/sso").header("host", &preview.host_name);
        let request = request.header("accept", "text/html").body(Full::new(Bytes::new())).unwrap();
        let (_, headers, _) = founder.send(&preview.host_name, request).await;
        headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    assert!(!begun().await.contains(PROVIDER), "nobody is set");

    let new = NewHost { processor: outward::SIGN_IN, address: PROVIDER, agreement: "our own directory" };
    outward::attest(platform, &*founder.host, &owner, &preview, &new, &StepUp::in_a_test()).await.unwrap();
    let settings: Settings = serde_json::from_value(json!({
        "kind": "sign-in", "issuer": "https://idp.example", "client_id": "app-7", "roles": "managers=owner",
        "authority": authority,
    }))
    .unwrap();
    let (key, proof) = (Secret::new("quillmark-of-the-app"), StepUp::in_a_test());
    let set = providers::set(platform, &*founder.host, &owner, &preview, &settings, Some(&key), &proof);
    let id = set.await.unwrap();
    let to = begun().await;
    assert!(to.starts_with("https://idp.example/authorize?") && to.contains("client_id=app-7"), "{to}");
    let keys = folder.path().join("keys").join(preview.id.uuid().simple().to_string());
    assert_eq!(found_below(folder.path(), key.expose()), [keys.join("providers/sign-in.env")]);

    providers::withdraw(platform, &*founder.host, &owner, &preview, id, &proof).await.unwrap();
    assert!(!begun().await.contains(PROVIDER), "withdrawn");
    assert_eq!(found_below(folder.path(), key.expose()), Vec::<std::path::PathBuf>::new());
    founder.serving.abort();
}
