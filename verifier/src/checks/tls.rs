//! On the way: TLS, and nothing without it beyond this machine.

use crate::check::{Check, Group::Edge, Needs};
use crate::instance::Under;
use crate::live::client_with;
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Wire};

use super::edge::beside;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "no-plain-http-outside",
        &["HC-9", "CL-4"],
        "Beyond loopback nothing is served without TLS",
        Edge,
        Needs::Instance,
        no_plain_http_outside,
    ),
    Check::new(
        "tls-versions",
        &["CF-17", "HC-9", "CL-4"],
        "TLS 1.2 and 1.3 are spoken, and nothing older",
        Edge,
        Needs::Instance,
        tls_versions,
    ),
    Check::new(
        "tls-headers",
        &["CF-17"],
        "Browsers are told to use TLS, and cookies travel by it alone",
        Edge,
        Needs::Instance,
        tls_headers,
    ),
    Check::new(
        "live-tls",
        &["CF-17", "HC-9"],
        "The app in use speaks TLS, and tells browsers so",
        Edge,
        Needs::Address,
        live_tls,
    ),
];

fn no_plain_http_outside(trial: &Trial) -> Result<Outcome> {
    let place = beside(trial)?;
    let mut sight =
        Sight::new("started the app on an address that other machines reach, without a certificate");
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let mut command = place.command(&["serve"], Under::Cores);
        command.env("LISTEN", listen);
        let served = place.serve_as(command);
        sight.expect(served.is_err(), || format!("it serves on {listen}"));
    }
    sight.end("it refuses to start")
}

/// The app under TLS, with a certificate for `localhost` that was made for it.
fn under_tls<T>(trial: &Trial, look: impl FnOnce(&Wire, &rustls::RootCertStore) -> Result<T>) -> Result<T> {
    let place = beside(trial)?;
    let trouble = |error: rcgen::Error| Trouble::unexpected(error.to_string());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(trouble)?;
    let (certificate, key) = (place.path("tls.pem"), place.path("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).map_err(Trouble::file(&certificate))?;
    std::fs::write(&key, made.signing_key.serialize_pem()).map_err(Trouble::file(&key))?;
    let mut command = place.command(&["serve"], Under::Cores);
    command.env("TLS_CERTIFICATE", &certificate).env("TLS_KEY", &key);
    let serving = place.serve_as(command)?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).map_err(|error| Trouble::unexpected(error.to_string()))?;
    look(&serving.wire(), &roots)
}

fn tls_wire(
    plain: &Wire,
    roots: &rustls::RootCertStore,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<Wire> {
    let config = std::sync::Arc::new(client_with(roots.clone(), versions)?);
    let name =
        rustls::pki_types::ServerName::try_from("localhost").map_err(|_| Trouble::unexpected("a name"))?;
    let host = format!("localhost:{}", plain.address().port());
    Ok(Wire::tls(plain.address(), &host, name, config))
}

/// The beginning of a handshake by which a client offers no more than this version.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(&[0, 0, 6, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 1, 0]);
    let length = |bytes: usize| u16::try_from(bytes).unwrap_or(0).to_be_bytes();
    let mut handshake = vec![1, 0];
    handshake.extend_from_slice(&length(hello.len()));
    handshake.extend_from_slice(&hello);
    let mut record = vec![22, 3, 1];
    record.extend_from_slice(&length(handshake.len()));
    record.extend_from_slice(&handshake);
    record
}

fn tls_versions(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("began handshakes of TLS 1.3, 1.2, 1.1 and 1.0, and spoke without any");
    under_tls(trial, |plain, roots| {
        for (name, version) in [("1.3", &rustls::version::TLS13), ("1.2", &rustls::version::TLS12)] {
            let reply = tls_wire(plain, roots, &[version])?.get("/healthz").send();
            sight
                .expect(reply.is_ok_and(|reply| reply.status == 200), || format!("TLS {name} is not spoken"));
        }
        for (name, minor) in [("1.1", 2), ("1.0", 1)] {
            let answer = plain.raw(&old_hello(minor))?;
            // A handshake record (22) would be a server's hello; an alert (21), or nothing, is a refusal.
            sight.expect(answer.first() != Some(&22), || format!("TLS {name} is spoken"));
        }
        let clear = plain.raw(&plain.get("/healthz").bytes())?;
        sight.expect(Reply::parse(&clear).is_none_or(|reply| !reply.is_success()), || {
            "plain HTTP is answered on the same port".to_owned()
        });
        Ok(())
    })?;
    sight.end("1.3 and 1.2 are spoken, and nothing else")
}

fn tls_headers(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read headers and cookies of an instance under TLS");
    under_tls(trial, |plain, roots| {
        let wire = tls_wire(plain, roots, rustls::ALL_VERSIONS)?;
        let page = wire.get("/sign-in").page().send()?;
        let strict = page.header("strict-transport-security").unwrap_or_default().to_owned();
        let age =
            strict.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
        sight.expect(age.is_some_and(|age| age >= 31_536_000), || format!("HSTS is {strict:?}"));
        let out = wire.post("/sign-in").page().form(&[("email", "a@b.example"), ("password", "x")]).send()?;
        for cookie in out.cookies() {
            sight.expect(cookie.starts_with("__Host-") && cookie.contains("Secure"), || {
                "a cookie that travels without TLS".to_owned()
            });
        }
        Ok(())
    })?;
    sight.end("HSTS of a year or more; cookies with `__Host-` and `Secure`")
}

fn live_tls(trial: &Trial) -> Result<Outcome> {
    let wire = trial.wire();
    if !wire.is_tls() {
        return Outcome::not_applicable("this is plain HTTP on loopback");
    }
    let mut sight = Sight::new("asked the app by TLS, and read what it tells browsers");
    let page = wire.get("/sign-in").page().send()?;
    let strict = page.header("strict-transport-security").unwrap_or_default();
    sight.expect(strict.contains("max-age="), || format!("HSTS is {strict}"));
    sight.end("HSTS on every page")
}
