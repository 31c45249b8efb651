//! Who is called, and who is not.

use std::time::Duration;

use models::{ApiKey, KeySource, NoKey, NotAnswered, NotAttested, Providers, Terms};
use models_double::Told;
use time::macros::datetime;

use crate::scene::{Scene, WIRES, entry, file, filled};

const ELSEWHERE: &str = "https://models.example.com";

/// HC-13, CF-23: without an attestation that says all it must, there is no provider that could be called.
#[test]
fn an_unattested_provider_is_refused() {
    let now = datetime!(2026-11-02 12:00 UTC);
    let refused = |change: &dyn Fn(&str) -> String| {
        let text = change(&file("openai", ELSEWHERE));
        let entry = Providers::read(&text).unwrap().providers.remove(0);
        entry.attest(None, now).map(drop).unwrap_err()
    };
    let without = |line: &'static str| {
        move |text: &str| {
            text.lines().filter(|one| !one.contains(line)).map(|one| format!("{one}\n")).collect::<String>()
        }
    };
    let bare = |text: &str| text.split("    attestation").next().unwrap().to_owned();
    assert_eq!(refused(&bare), NotAttested::Nobody("double".into()));
    assert!(refused(&bare).to_string().contains("add an `attestation`"));
    let unsaid = |what| NotAttested::Unsaid { provider: "double".into(), what };
    assert_eq!(refused(&without("agreement:")), unsaid("agreement"));
    for (what, said) in [
        ("agreement", "agreement: BAA 2026-0041"),
        ("zero retention", "zero retention: Amendment 2, nothing is kept"),
        ("attested by", "attested by: Ana Ruiz, privacy officer"),
    ] {
        assert_eq!(refused(&|text: &str| text.replace(said, &format!("{what}: '—'"))), unsaid(what));
    }
    assert!(matches!(
        refused(&|text: &str| text.replace("2026-10-01", "2026-12-01")),
        NotAttested::Ahead { .. }
    ));
    assert!(matches!(
        refused(&|text: &str| text.replace("2026-10-01", "2025-10-01")),
        NotAttested::Lapsed { .. }
    ));
    let until = |text: &str| format!("{text}      until: 2026-11-01\n");
    assert!(matches!(refused(&until), NotAttested::Lapsed { .. }));
    assert!(entry("openai", ELSEWHERE).attest(None, now).is_ok());
}

/// A server on one's own machine tells nobody; who runs it says that it keeps nothing.
#[test]
fn a_server_of_ones_own_needs_no_agreement() {
    let now = datetime!(2026-11-02 12:00 UTC);
    let text = file("compatible", "http://127.0.0.1:8080").replace("      agreement: BAA 2026-0041\n", "");
    let attested = Providers::read(&text).unwrap().providers.remove(0).attest(None, now).unwrap();
    assert_eq!(*attested.terms(), Terms::OwnMachine);
    let text = file("compatible", ELSEWHERE).replace("      agreement: BAA 2026-0041\n", "");
    let attested = Providers::read(&text).unwrap().providers.remove(0).attest(None, now);
    assert!(matches!(attested, Err(NotAttested::Unsaid { what: "agreement", .. })));
}

/// An attestation lapses while a program runs, too: from then on, not a byte leaves.
#[tokio::test]
async fn a_lapsed_attestation_stops_a_running_program() {
    for wire in WIRES {
        let scene = Scene::new(wire, |_| Told::fill(filled())).await;
        scene.ask().await.unwrap();
        scene.around.pass_by(Duration::from_secs(400 * 24 * 3600));
        assert!(matches!(scene.ask().await, Err(NotAnswered::NotAttested(NotAttested::Lapsed { .. }))));
        assert_eq!(scene.double.requests(), 1, "{wire}");
    }
}

/// A mistake in the file is told with its place and what to write.
#[test]
fn mistakes_in_the_file_are_told_with_their_place() {
    let text = file("openai", ELSEWHERE);
    let cases: [(&str, &str, &[&str]); 11] = [
        ("input: 3.00", "input: cheap", &["providers[0].price.input", "no amount in dollars"]),
        ("wire: openai", "wire: telegraph", &["providers[0].wire", "anthropic"]),
        ("on: 2026-10-01", "on: October", &["providers[0].attestation.on", "2026-11-02"]),
        ("key: { environment: SOME_KEY }", "key: sk-secret-key", &["providers[0].key"]),
        ("https://models", "http://models", &["providers[0].address", "https://"]),
        ("https://models", "https://me:secret@models", &["providers[0].address", "`key`"]),
        ("most output: 2_000", "most output: many", &["providers[0]", "whole number"]),
        ("most output: 2_000", "most output: 0", &["providers[0].most output"]),
        ("name: double", "nmae: double", &["providers[0]", "nmae"]),
        ("name: double", "name: double one", &["providers[0].name"]),
        ("providers:", "providers: [", &["no file of providers"]),
    ];
    for (said, instead, told) in cases {
        let error = Providers::read(&text.replace(said, instead)).unwrap_err().to_string();
        for part in told {
            assert!(error.contains(part), "{instead}: {error}");
        }
        assert!(!error.contains("secret"), "{instead}: {error}");
    }
    assert!(Providers::read("providers: []").unwrap_err().to_string().contains("nobody is named"));
    assert!(Providers::read("").is_err());
    let twice = format!("{text}{}", text.strip_prefix("providers:\n").unwrap());
    assert!(Providers::read(&twice).unwrap_err().to_string().contains("two entries"));
    // JSON is YAML.
    let json = r#"{ "providers": [{ "name": "a", "wire": "anthropic", "model": "m", "price": { "input": 3, "output": 15 } }],
        "ceiling": { "dollars": "0.25", "tokens": 5000 }, "fallback": "none" }"#;
    let read = Providers::read(json).unwrap();
    assert_eq!((read.ceiling.dollars.to_string(), read.ceiling.tokens), ("$0.25".into(), 5000));
}

/// A key comes from the environment or from a file that nobody else reads; where it is not, the way is told, not the key.
#[test]
fn keys_are_found_where_they_are_safe() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "sk-from-a-file\n").unwrap();
    let source = KeySource::File(path.clone());
    let find = |source: &KeySource| ApiKey::find("double", source, |_| None).map(drop);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = find(&source).unwrap_err();
    assert!(matches!(error, NoKey::ReadByOthers { .. }) && error.to_string().contains("chmod 600"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(find(&source).is_ok());
    let variable = KeySource::Environment("SOME_KEY".into());
    assert!(find(&variable).unwrap_err().to_string().contains("SOME_KEY, which is not set"));
    let error = ApiKey::new("double", "two words".into()).map(drop).unwrap_err();
    assert!(!error.to_string().contains("two words"));
}

/// Whoever sets up an app writes its file of providers by the types that read it.
#[test]
fn a_file_of_providers_is_read_as_it_was_written() {
    let first = Providers::read(&file("compatible", "https://models.example.com:8443/v1")).unwrap();
    let written = serde_json::to_string(&first).unwrap();
    let again = Providers::read(&written).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    let (first, again) = (&first.providers[0], &again.providers[0]);
    assert_eq!((first.price, first.most_output), (again.price, again.most_output));
    assert_eq!((first.address(), &first.attestation), (again.address(), &again.attestation));
    assert!(matches!(&again.key, Some(KeySource::Environment(name)) if name == "SOME_KEY"));
}
