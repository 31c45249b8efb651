//! What a connection is, and what it is not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use models::testing::{InMemory, Rehearsal};
use models::{Answer, Budget, Caller, Ceiling, Entry, Fault, NotAnswered, Seal, Surroundings, Wait, Waiting};
use models_double::{Fault as Happens, ModelsDouble, Told};
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::scene::{PRICE, ask, entry, fault, filled};

async fn asked(around: Arc<dyn Surroundings>, address: &str, key: &str) -> Result<Answer, NotAnswered> {
    asked_of(around, entry("anthropic", address), key).await
}

async fn asked_of(around: Arc<dyn Surroundings>, entry: Entry, key: &str) -> Result<Answer, NotAnswered> {
    let key = models::ApiKey::new("double", key.into()).unwrap();
    let provider = entry.attest(Some(key), around.now()).unwrap();
    let caller = Caller::new(around, Arc::new(InMemory::default()), Seal::new(&[1; 32]));
    let budget = Budget::new(Ceiling { money: "10".parse().unwrap(), tokens: 10_000_000 });
    caller.ask(&provider, &ask(), &budget, &mut |_| {}).await
}

/// What ends TLS for 127.0.0.1, and the certificate by which it does (PEM).
fn certified() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(configuration)), made.cert.pem())
}

/// HC-9: a server behind an authority of its own is believed by that authority, and by no other.
#[tokio::test]
async fn a_server_is_believed_by_the_authority_that_its_entry_names() {
    let double = ModelsDouble::start(PRICE, |_| Told::fill(filled())).await.unwrap();
    let behind = double.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let (acceptor, pem) = certified();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(mut from) = acceptor.accept(stream).await else { return };
                let mut to = tokio::net::TcpStream::connect(behind).await.unwrap();
                let _ended = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        Entry { authority: Some(path), ..entry("anthropic", &address) }
    };
    let ask = async |entry| asked_of(Arc::new(Rehearsal::new(1)), entry, double.key()).await;
    assert_eq!(ask(named("its.pem", &pem)).await.unwrap().value, filled());
    for (name, pem) in [("other.pem", certified().1), ("none.pem", "no certificate".to_owned())] {
        let Fault::Unreachable(_) = fault(ask(named(name, &pem)).await) else { panic!("{name}") };
    }
    assert_eq!(double.requests(), 1);
    serving.abort();
}

/// HC-9: a server whose certificate nobody vouches for is told nothing, not even a key.
#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_told_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let (acceptor, _) = certified();
    let read = Arc::new(Mutex::new(Vec::new()));
    let reads = read.clone();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut bytes = Vec::new();
                let _ended = stream.read_to_end(&mut bytes).await;
                reads.lock().unwrap().extend(bytes);
            }
        }
    });
    let Fault::Unreachable(why) = fault(asked(Arc::new(Rehearsal::new(1)), &address, "sk-key").await) else {
        panic!("it was reached")
    };
    assert!(why.contains("no TLS"), "{why}");
    assert!(read.lock().unwrap().is_empty());
    serving.abort();
}

/// Whoever listens on the way hears a greeting and no more.
#[tokio::test]
async fn what_is_sent_before_tls_stands_is_a_greeting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 16 * 1024];
        let length = stream.read(&mut bytes).await.unwrap();
        bytes.truncate(length);
        bytes
    });
    let error = asked(Arc::new(Rehearsal::new(1)), &address, "sk-key-of-nobody").await.map(drop).unwrap_err();
    assert!(matches!(error, NotAnswered::Fault { fault: Fault::Unreachable(_), .. }), "{error}");
    let heard = heard.await.unwrap();
    // A handshake's record, and a hello in it (RFC 8446, sections 5.1 and 4).
    assert_eq!((heard[0], heard[5]), (22, 1));
    let heard = String::from_utf8_lossy(&heard).into_owned();
    for said in ["clinic", "sk-key", "messages", "some-model"] {
        assert!(!heard.contains(said), "{said}");
    }
}

/// Surroundings in which the time for a whole answer runs out once the other side falls silent, and no other does.
struct LateNight {
    clock: Rehearsal,
    hung: tokio::sync::watch::Receiver<u64>,
}

impl Surroundings for LateNight {
    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    fn pass(&self, _: Wait, duration: Duration) -> Waiting<'_> {
        Box::pin(async move {
            let mut hung = self.hung.clone();
            if duration < Duration::from_secs(600) || hung.wait_for(|count| *count > 0).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn random(&self) -> u64 {
        self.clock.random()
    }
}

/// An answer that drips for ever ends, and is not asked for again: it would drip again.
#[tokio::test]
async fn an_answer_that_drips_for_ever_ends() {
    let double =
        ModelsDouble::start(PRICE, |_| Told::fill(filled()).but(Happens::HangAfter(300))).await.unwrap();
    let around = LateNight { clock: Rehearsal::new(1), hung: double.hung() };
    let ended = fault(asked(Arc::new(around), double.url(), double.key()).await);
    assert_eq!(ended, Fault::TooSlow(Duration::from_secs(600)));
    assert_eq!(double.requests(), 1);
}
