//! What a scanner finds at the two doors that speak TLS: an app's own, and the gateway's (HC-9, CF-17).

use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

use crate::healthcoder::{Ended, ended};
use crate::project::Project;
use crate::served::Served;
use crate::serving::{Database, Place};

const SSLSCAN: &str = "/usr/bin/sslscan";

/// One scan: everything that sslscan tries, from SSL 2 on, with every cipher that it knows.
struct Scan(String);

impl Scan {
    fn of(name: &str, port: u16) -> Self {
        let mut scan = Command::new(SSLSCAN);
        scan.args([
            "--no-colour",
            "--show-times",
            "--xml=-",
            &format!("--sni-name={name}"),
            &format!("127.0.0.1:{port}"),
        ]);
        let Ended { code, output, errors } = ended(&mut scan);
        assert_eq!(code, Some(0), "{errors}");
        Self(output)
    }

    /// The elements of a name, each with its attributes.
    fn elements<'s>(&'s self, name: &str) -> Vec<&'s str> {
        let start = format!("<{name} ");
        self.0.lines().map(str::trim).filter(|line| line.starts_with(&start)).collect()
    }

    /// What nobody is to find: an old protocol, a cipher without forward secrecy or without authentication of what it
    /// encrypts, a leak, compression, a renegotiation that is not bound to the first.
    fn is_good(&self) {
        let enabled = |kind: &str, version: &str| {
            let protocol = format!("type=\"{kind}\" version=\"{version}\"");
            let all = self.elements("protocol");
            let line = all.iter().find(|line| line.contains(&protocol));
            line.unwrap_or_else(|| panic!("{kind} {version} was not tried: {}", self.0))
                .contains("enabled=\"1\"")
        };
        let tried =
            [("ssl", "2"), ("ssl", "3"), ("tls", "1.0"), ("tls", "1.1"), ("tls", "1.2"), ("tls", "1.3")];
        let found: Vec<_> = tried.into_iter().filter(|(kind, version)| enabled(kind, version)).collect();
        assert_eq!(found, [("tls", "1.2"), ("tls", "1.3")], "{}", self.0);

        let ciphers = self.elements("cipher");
        assert!(ciphers.len() >= 4, "{}", self.0);
        for cipher in ciphers {
            let name = attribute(cipher, "cipher");
            let secret = name.starts_with("TLS_") || name.starts_with("ECDHE-");
            let authenticated = ["GCM", "CHACHA20", "POLY1305"].iter().any(|kind| name.contains(kind));
            // The scanner calls AES-128-GCM strong in TLS 1.2 and acceptable in 1.3: what counts is that it is neither weak
            // nor worse.
            let strength = attribute(cipher, "strength");
            assert!(secret && authenticated && ["strong", "acceptable"].contains(&strength), "{cipher}");
        }
        for leak in self.elements("heartbleed") {
            assert_eq!(attribute(leak, "vulnerable"), "0", "{leak}");
        }
        for compression in self.elements("compression") {
            assert_eq!(attribute(compression, "supported"), "0", "{compression}");
        }
        for renegotiation in self.elements("renegotiation") {
            let supported = attribute(renegotiation, "supported") == "1";
            assert!(!supported || attribute(renegotiation, "secure") == "1", "{renegotiation}");
        }
    }
}

fn attribute<'e>(element: &'e str, name: &str) -> &'e str {
    let after = element.split_once(&format!(" {name}=\"")).map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or_else(|| panic!("no {name} in {element}"))
}

/// The head of the answer to a request for the first page.
fn head(name: &str, port: u16) -> String {
    let mut request = tempfile::tempfile().expect("a temporary file can be made");
    write!(request, "GET / HTTP/1.1\r\nhost: {name}:{port}\r\nconnection: close\r\n\r\n")
        .and_then(|()| request.rewind())
        .expect("a file can be written");
    let mut client = Command::new("/usr/bin/openssl");
    client.args([
        "s_client",
        "-quiet",
        "-ign_eof",
        "-servername",
        name,
        "-connect",
        &format!("127.0.0.1:{port}"),
    ]);
    let Ended { output, errors, .. } = ended(client.stdin(request));
    let (head, _) = output.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {output}\n{errors}"));
    head.to_lowercase()
}

/// A certificate that nobody but this test believes.
fn certify(folder: &Path) -> [(String, String); 2] {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut openssl = Command::new("/usr/bin/openssl");
    openssl.args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        &path("key"),
        "-out",
        &path("certificate"),
    ]);
    let made = ended(&mut openssl);
    assert_eq!(made.code, Some(0), "{}", made.errors);
    [("TLS_CERTIFICATE".to_owned(), path("certificate")), ("TLS_KEY".to_owned(), path("key"))]
}

#[test]
fn an_app_speaks_nothing_old_or_weak() {
    let project = Project::of_prompt("home-bp");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = Place::with(&project.build(), Database::Sqlite, certify(folder.path()).into());
    let serving = place.serve();
    let port = serving.address().port();
    Scan::of("localhost", port).is_good();
    let head = head("localhost", port);
    assert!(head.contains("strict-transport-security: max-age=63072000"), "{head}");
}

#[test]
fn the_gateway_speaks_nothing_old_or_weak() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let served = Served::on(data.path(), &std::collections::HashMap::new());
    let address = served.origin.strip_prefix("https://").expect("the gateway speaks TLS");
    let (name, port) = address.trim_end_matches('/').rsplit_once(':').expect("it has a port");
    let port = port.parse().expect("a port is a number");
    Scan::of(name, port).is_good();
    let head = head(name, port);
    assert!(head.contains("strict-transport-security: max-age="), "{head}");
}

/// The scan is worth something: it finds what is old and weak where there is.
#[test]
fn the_scan_finds_what_is_weak() {
    let scan = Scan(
        "<protocol type=\"tls\" version=\"1.1\" enabled=\"1\" />\n<cipher status=\"accepted\" cipher=\"AES128-SHA\" strength=\"weak\" />"
            .to_owned(),
    );
    assert!(std::panic::catch_unwind(|| scan.is_good()).is_err());
}
