//! HC-13, CF-23: the one way out of an app leads to the hosts that were attested for its environment, and nowhere else.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use control_plane::host::outward::{Addresses, Destination, Outside};
use control_plane::host::provided::Reach;
use control_plane::host::supervisor::Manner;
use control_plane::host::{DatabaseKind, HostName};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use uuid::Uuid;

use crate::lab::{Lab, manner};

/// A host of the internet that stands on this machine; every other name leads to one that is not public.
#[derive(Debug)]
struct Town(SocketAddr);

impl Outside for Town {
    fn addresses<'a>(&'a self, to: &'a Destination) -> Addresses<'a> {
        let found = if to.host.as_str() == "inside.example" { Vec::new() } else { vec![self.0] };
        Box::pin(async move { Ok(found) })
    }
}

fn to(host: &str) -> Destination {
    Destination { host: HostName::parse(host).unwrap(), port: 443 }
}

/// The beginning of a handshake that names this host.
fn hello(name: &str) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut said = Vec::new();
    client.write_tls(&mut said).unwrap();
    said
}

/// What somebody inside does at the door: asks, and goes on if they may; what came back in all.
async fn knock(door: &PathBuf, question: &str, then: &[u8]) -> io::Result<String> {
    let mut stream = UnixStream::connect(door).await?;
    stream.write_all(question.as_bytes()).await?;
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await?;
    if answer.ends_with(b" 200") {
        let mut rest = Vec::new();
        while !rest.ends_with(b"\r\n\r\n") {
            rest.push(stream.read_u8().await?);
        }
        stream.write_all(then).await?;
        let mut back = vec![0; 6];
        let read = stream.read_exact(&mut back).await.map_or(0, |read| read);
        answer.extend_from_slice(&back[..read]);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn connect(host: &str, port: u16) -> String {
    format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")
}

/// Whoever is reached answers `REACH!` to whatever begins.
async fn reached() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut part = [0; 64];
                if stream.read(&mut part).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"REACH!").await;
                }
                let _ = stream.read(&mut part).await;
            });
        }
    });
    address
}

fn doors(lab: &Lab, id: Uuid) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(lab.folders.run(id)).unwrap().flatten().map(|entry| entry.path());
    let door = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("outward-");
    let mut found: Vec<PathBuf> = folder.filter(door).map(|path| path.join("socket")).collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_opens_to_what_is_attested_and_to_nothing_else() {
    let outside: Arc<dyn Outside> = Arc::new(Town(reached().await));
    let lab = Lab::with(Manner { outside, ..manner() }).await;
    let id = lab.environment("clinic", DatabaseKind::Sqlite).await;
    assert_eq!(lab.get("clinic", "/outward").await, (200, "there is none".to_owned()));
    assert_eq!(doors(&lab, id), Vec::<PathBuf>::new(), "nobody opened one");

    lab.supervisor
        .set_outward(id, vec![to("api.models.example"), to("inside.example")].into())
        .await
        .unwrap();
    assert_eq!(
        lab.get("clinic", "/outward").await,
        (200, "it is there".to_owned()),
        "the app is started anew with it"
    );
    let door = doors(&lab, id).pop().expect("a door");
    let good = hello("api.models.example");
    let passed = knock(&door, &connect("api.models.example", 443), &good).await.unwrap();
    assert_eq!(passed, "HTTP/1.1 200REACH!");

    let refused = [
        ("another host", connect("evil.example", 443)),
        ("another port", connect("api.models.example", 22)),
        ("this machine", connect("127.0.0.1", 443)),
        ("this machine by name", connect("localhost", 443)),
        ("the cloud's metadata", connect("169.254.169.254", 80)),
        ("a name below it", connect("x.api.models.example", 443)),
        ("a name that leads inside", connect("inside.example", 443)),
    ];
    for (what, question) in refused {
        let answer = knock(&door, &question, &good).await.unwrap();
        assert_eq!(answer, "HTTP/1.1 403", "{what}");
    }
    for (what, question) in [
        ("an address of six, which is no name", connect("[::1]", 443)),
        ("no CONNECT", "GET http://api.models.example/ HTTP/1.1\r\n\r\n".to_owned()),
        ("two lines in one", "CONNECT api.models.example:443\r\nX HTTP/1.1\r\n\r\n".to_owned()),
        ("without an end", "A".repeat(600)),
    ] {
        let answer = knock(&door, &question, &good).await.unwrap_or_default();
        assert!(!answer.contains("200"), "{what}: {answer}");
    }
    let others: [(&str, Vec<u8>); 3] = [
        ("a handshake with another", hello("evil.example")),
        ("no handshake", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_vec()),
        ("a handshake with nobody", hello("127.0.0.1")),
    ];
    for (what, began) in others {
        let answer = knock(&door, &connect("api.models.example", 443), &began).await.unwrap_or_default();
        assert!(!answer.contains("REACH"), "{what}: {answer}");
    }

    // Withdrawn: what is open is cut, and nothing is opened.
    let mut open = UnixStream::connect(&door).await.unwrap();
    open.write_all(connect("api.models.example", 443).as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    open.read_exact(&mut answer).await.unwrap();
    lab.supervisor.set_outward(id, Reach::default()).await.unwrap();
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest).await;
    assert!(
        UnixStream::connect(&door).await.is_err()
            || knock(&door, &connect("api.models.example", 443), &good).await.is_err()
    );
    assert_eq!(lab.get("clinic", "/outward").await, (200, "there is none".to_owned()));
}
