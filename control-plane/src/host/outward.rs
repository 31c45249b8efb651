//! The one way out of an app's sandbox: to the hosts of companies that its owner has attested, and to no other (HC-13, CF-23).
//!
//! An app has no network. Where its environment names destinations, its supervisor hands it a socket, at which it asks for a
//! connection as of a proxy (`CONNECT`, RFC 9110, section 9.3.6). What is passed on has to hold, each time anew:
//!
//! | what | against |
//! |---|---|
//! | host and port stand on the list of this environment, as it is now | any other host; what was withdrawn |
//! | every address that the name has is a public one, and the connection goes to the address that was looked at | the host's own services, its neighbours, the cloud's metadata; a name that is given another address meanwhile |
//! | what is spoken begins with a TLS handshake that names the same host | another service behind the same address; plain text |
//! | so many at once, so long, so many bytes | a door that is kept open, or carries everything away |
//!
//! TLS ends in the app, so that the host sees whom the app speaks to and how much, and no word of it. A line is logged for each
//! connection, of typed fields. Without the socket nothing passes, since there is no network behind the app.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::Acceptor;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::HostName;
use super::environment::Register;

/// How many connections an environment has at once.
const AT_ONCE: usize = 32;
/// The longest question, in bytes.
const QUESTION: usize = 512;
/// The longest beginning of a TLS handshake, in bytes.
const HELLO: usize = 16 * 1024;
/// How long the app may take to say where, and to begin its handshake.
const BEGINNING: Duration = Duration::from_secs(10);
/// How long a host may take to take a connection.
const REACHING: Duration = Duration::from_secs(10);
/// How long a connection lasts at most; a model thinks for ten minutes.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How many bytes go either way at most.
const BYTES: u64 = 64 << 20;

/// A host that an app may reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Its name.
    pub host: HostName,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It was passed on, with so many bytes there and back.
    Passed {
        /// From the app.
        sent: u64,
        /// To the app.
        received: u64,
    },
    /// It was no question of this door.
    NoQuestion,
    /// The destination is not on the environment's list.
    NotListed,
    /// The name has an address that is not public, or none.
    NotPublic,
    /// The handshake names another host, or is none.
    AnotherName,
    /// Nobody answers there.
    Unreachable,
    /// It took too long, or carried too much, and was cut.
    Cut,
}

impl Passage {
    fn word(self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::NoQuestion => "no-question",
            Self::NotListed => "not-listed",
            Self::NotPublic => "not-public",
            Self::AnotherName => "another-name",
            Self::Unreachable => "unreachable",
            Self::Cut => "cut",
        }
    }
}

/// What is looked up, later.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// What lies outside: where a name leads. Tests stand a host of their own there.
pub trait Outside: fmt::Debug + Send + Sync {
    /// The addresses that may be reached under this name; none where one of them may not be.
    fn addresses<'a>(&'a self, to: &'a Destination) -> Addresses<'a>;
}

/// The public internet, by the machine's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Internet;

impl Outside for Internet {
    fn addresses<'a>(&'a self, to: &'a Destination) -> Addresses<'a> {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((to.host.as_str(), to.port)).await?.collect();
            Ok(if found.iter().all(|address| is_public(address.ip())) { found } else { Vec::new() })
        })
    }
}

/// The door of one environment, for as long as this value is held.
pub(in crate::host) struct Door {
    answering: tokio::task::JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// What a door asks, each time somebody knocks.
#[derive(Clone)]
pub(in crate::host) struct Doorkeeper {
    pub(in crate::host) environment: Uuid,
    pub(in crate::host) register: Arc<Register>,
    pub(in crate::host) outside: Arc<dyn Outside>,
}

impl Door {
    /// Answers at a socket that one environment alone is shown.
    pub(in crate::host) fn open(listener: UnixListener, keeper: Doorkeeper) -> Self {
        let answering = tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(AT_ONCE));
            let mut passing = JoinSet::new();
            loop {
                while passing.try_join_next().is_some() {}
                // Who finds no place waits for one, at the app's own cost.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let keeper = keeper.clone();
                passing.spawn(async move {
                    keeper.answer(stream).await;
                    drop(place);
                });
            }
        });
        Self { answering }
    }
}

impl Doorkeeper {
    async fn answer(&self, app: UnixStream) {
        let mut to = None;
        let passing = tokio::time::timeout(LONGEST, self.pass(app, &mut to)).await;
        let passage = passing.unwrap_or(Passage::Cut);
        let (sent, received) = match passage {
            Passage::Passed { sent, received } => (sent, received),
            _ => (0, 0),
        };
        // What an app asked for and may not have is the app's own text, and is not repeated.
        let to = to.map(|to: Destination| to.to_string());
        let (environment, outcome) = (self.environment, passage.word());
        tracing::info!(event = "outward", %environment, to, outcome, sent, received);
    }

    async fn pass(&self, mut app: UnixStream, to: &mut Option<Destination>) -> Passage {
        let asked = tokio::time::timeout(BEGINNING, question(&mut app)).await;
        let Some(asked) = asked.ok().flatten() else {
            return refuse(&mut app, "400 Bad Request", Passage::NoQuestion).await;
        };
        let listed = self.register.environment(self.environment).map(|known| known.outward);
        if !listed.is_some_and(|listed| listed.contains(&asked)) {
            return refuse(&mut app, "403 Forbidden", Passage::NotListed).await;
        }
        let asked = to.insert(asked).clone();
        let found = tokio::time::timeout(REACHING, self.outside.addresses(&asked)).await;
        let addresses = found.ok().and_then(Result::ok).unwrap_or_default();
        if addresses.is_empty() {
            return refuse(&mut app, "403 Forbidden", Passage::NotPublic).await;
        }
        if app.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await.is_err() {
            return Passage::NoQuestion;
        }
        let Ok(Some(hello)) = tokio::time::timeout(BEGINNING, hello(&mut app, &asked.host)).await else {
            return Passage::AnotherName;
        };
        // To the addresses that were looked at: the name is not asked again.
        let reached = tokio::time::timeout(REACHING, TcpStream::connect(addresses.as_slice())).await;
        let Ok(Ok(mut host)) = reached else { return Passage::Unreachable };
        if host.write_all(&hello).await.is_err() {
            return Passage::Unreachable;
        }
        let begun = hello.len() as u64;
        let (reads, writes) = app.split();
        let (from_host, to_host) = host.split();
        let mut app_side = tokio::io::join(reads.take(BYTES), writes);
        let mut host_side = tokio::io::join(from_host.take(BYTES), to_host);
        match copy_bidirectional(&mut app_side, &mut host_side).await {
            Ok((sent, received)) if sent < BYTES && received < BYTES => {
                Passage::Passed { sent: begun + sent, received }
            }
            Ok(_) => Passage::Cut,
            Err(_) => Passage::Unreachable,
        }
    }
}

async fn refuse(app: &mut UnixStream, status: &str, passage: Passage) -> Passage {
    // Whoever does not wait for the answer has it anyway.
    let _ = app.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    passage
}

/// `CONNECT host:port HTTP/1.1`, and nothing else that is asked.
async fn question(app: &mut UnixStream) -> Option<Destination> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= QUESTION {
            return None;
        }
        head.push(app.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let line = head.split("\r\n").next()?;
    let (host, port) = line.strip_prefix("CONNECT ")?.strip_suffix(" HTTP/1.1")?.rsplit_once(':')?;
    if host.contains(':') {
        return None;
    }
    Some(Destination { host: HostName::parse(host)?, port: port.parse().ok()? })
}

/// The beginning of a TLS handshake that names this host, as it came; none of any other.
async fn hello(app: &mut UnixStream, host: &HostName) -> Option<Vec<u8>> {
    let (mut acceptor, mut came) = (Acceptor::default(), Vec::new());
    loop {
        let mut part = [0; 4096];
        let read = app.read(&mut part).await.ok()?;
        if read == 0 || came.len() + read > HELLO {
            return None;
        }
        came.extend_from_slice(&part[..read]);
        let mut unread = &part[..read];
        while !unread.is_empty() {
            acceptor.read_tls(&mut unread).ok()?;
        }
        if let Some(accepted) = acceptor.accept().ok()? {
            let named = accepted.client_hello().server_name().map(str::to_ascii_lowercase);
            return (named.as_deref() == Some(host.as_str())).then_some(came);
        }
    }
}

/// Whether an address is one of the public internet: neither of this machine, nor of a network around it, nor of a service of the
/// cloud that it stands in (IANA's registries of special-purpose addresses, RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        // Shared by carriers (RFC 6598), protocol assignments, relays, benchmarks, and what is reserved.
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second))
        || first >= 240;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in other clothes is judged as what it is (mapped, NAT64, 6to4).
    let [first, second, third, ..] = address.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return inner(address.segments()[6], address.segments()[7]);
    }
    if first == 0x2002 {
        return inner(second, third);
    }
    // Global unicast is 2000::/3; without Teredo, benchmarks, ORCHID and documentation.
    let special =
        (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || (first == 0x3fff && second < 0x1000);
    (first & 0xe000) == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let inside = [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "fec0::1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "9.9.9.9",
            "172.32.0.1",
            "100.128.0.1",
            "2620:fe::fe",
            "2a00:1450::1",
            "64:ff9b::909:909",
            "::ffff:9.9.9.9",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    /// A name that leads to this machine is listed by somebody who meant well, or not: nothing is reached by it.
    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        let to = Destination { host: HostName::parse("localhost").unwrap(), port: 443 };
        assert_eq!(Internet.addresses(&to).await.unwrap_or_default(), Vec::new());
    }
}
