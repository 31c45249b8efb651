//! Part 3: requests a second and p99 of both sides, in turns, and what each safeguard costs.

use std::fmt::Write;
use std::net::SocketAddr;

use super::client::{Measured, drive, request};
use super::databases::Postgres;
use super::fill::{Records, fill, patient};
use super::idle::Memory;
use super::lab::{Database, Lab};
use super::results::{median, met};
use super::servers::Server;
use super::sides::{self, Safe, Session};

/// One of the two apps, as the client sees it.
pub(super) struct Side {
    server: Server,
    session: Option<Session>,
}

impl Side {
    /// The generated app, with somebody signed in.
    pub(super) fn safe(server: Server, session: Session) -> Self {
        Self { server, session: Some(session) }
    }

    pub(super) fn process(&self) -> u32 {
        self.server.process()
    }

    pub(super) fn name(&self) -> &'static str {
        if self.session.is_some() { "generated" } else { "bare" }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.token.as_str())
    }

    pub(super) fn path(&self, path: &str) -> String {
        if self.session.is_some() { format!("/api{path}") } else { path.to_owned() }
    }

    /// Records without a value that is sealed.
    pub(super) fn practitioners(&self) -> &'static str {
        if self.session.is_some() { "/practitioner-records" } else { "/practitioners" }
    }

    pub(super) async fn renew(&mut self) -> anyhow::Result<()> {
        match &mut self.session {
            Some(session) => session.renew().await,
            None => Ok(()),
        }
    }
}

/// What the client asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Health,
    Open,
    Coalesced,
    Audited,
    List,
    Create,
}

impl Load {
    const ALL: [Self; 6] =
        [Self::Health, Self::Open, Self::Coalesced, Self::Audited, Self::List, Self::Create];

    fn about(self) -> &'static str {
        match self {
            Self::Health => "`/healthz`: no session, no record",
            Self::Open => "read of a record with nothing sealed",
            Self::Coalesced => "read of a patient, coalesced",
            Self::Audited => "read of a patient, each audited",
            Self::List => "list of 50 patients",
            Self::Create => "create of a patient",
        }
    }

    /// The share of the bare app's requests a second that it should reach.
    fn goal(self) -> Option<f64> {
        match self {
            Self::Health | Self::Open => None,
            Self::Coalesced | Self::List => Some(0.70),
            Self::Audited | Self::Create => Some(0.60),
        }
    }

    fn count(self) -> usize {
        match self {
            Self::List => 600,
            Self::Create => 1_500,
            _ => 4_000,
        }
    }

    /// The requests of one round. A patient that is read for `Audited` is read once in all rounds; a few hundred
    /// are read again and again for `Coalesced`, so that within a minute their reads are counted, not written.
    fn requests(self, side: &Side, records: &Records, round: usize) -> Vec<Vec<u8>> {
        let get = |path: String| request("GET", &path, side.token(), None);
        // A prime, so that neighbours in time are not neighbours in the database.
        let scattered = |number: usize| &records.patients[(number * 7_919) % records.patients.len()];
        (0..self.count())
            .map(|number| match self {
                Self::Health => request("GET", "/healthz", None, None),
                Self::Open => {
                    let id = &records.practitioners[number % records.practitioners.len()];
                    get(side.path(&format!("{}/{id}", side.practitioners())))
                }
                Self::Coalesced => get(side.path(&format!("/patients/{}", scattered(number % 400)))),
                Self::Audited => {
                    let fresh = 400 + round * self.count() + number;
                    get(side.path(&format!("/patients/{}", scattered(fresh))))
                }
                Self::List => {
                    let page = number % 20;
                    let query = match side.session {
                        Some(_) => format!("page={}", page + 1),
                        None => format!("limit=50&offset={}", page * 50),
                    };
                    get(side.path(&format!("/patients?{query}")))
                }
                Self::Create => {
                    let body = patient(records.patients.len() + round * self.count() + number);
                    request("POST", &side.path("/patients"), side.token(), Some(&body))
                }
            })
            .collect()
    }
}

/// The rounds of one load on both sides.
struct Rounds {
    load: Load,
    bare: Vec<Measured>,
    safe: Vec<Measured>,
}

impl Rounds {
    fn ratio(&self) -> f64 {
        let pairs = self.safe.iter().zip(&self.bare);
        median(&pairs.map(|(safe, bare)| safe.per_second / bare.per_second).collect::<Vec<_>>())
    }
}

fn middle(rounds: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    median(&rounds.iter().map(of).collect::<Vec<_>>())
}

/// Measures both databases.
pub(super) fn measure(lab: &Lab, count: usize, rounds: usize) -> anyhow::Result<String> {
    let binary = lab.app()?;
    let postgres = Postgres::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut text = format!(
        "{count} distinct patients on each side, written through its API. 16 connections kept alive, each request on the \
         heels of the one before; client and database on the same machine; {rounds} rounds in turns, medians. Both sides: \
         SQLite with WAL and `synchronous=FULL`, PostgreSQL with `fsync` on and 10 connections. \
         The generated app's rates are raised by its own settings, and nothing else is changed: signed in, policy, sealed \
         fields, row-level security, audit, log.\n"
    );
    for database in Database::BOTH {
        let server = (database == Database::Postgres).then_some(&postgres);
        let safe = Safe::prepare(lab, &binary, server)?;
        let link = safe.invite()?;
        let server = safe.serve()?;
        let session = runtime.block_on(Session::open(server.address, &link))?;
        let mut safe = Side::safe(server, session);
        let mut bare = Side { server: sides::bare(lab, database, &postgres)?, session: None };
        let measured = runtime.block_on(in_turns(&mut bare, &mut safe, count, rounds))?;
        if database == Database::Postgres {
            // A checkpoint now is one less in the middle of what is measured next.
            postgres.execute("postgres", "CHECKPOINT")?;
        }
        let memory = (Memory::of(bare.server.process())?, Memory::of(safe.server.process())?);
        section(&mut text, database, &measured, memory)?;
    }
    Ok(text)
}

async fn in_turns(
    bare: &mut Side,
    safe: &mut Side,
    count: usize,
    rounds: usize,
) -> anyhow::Result<Vec<Rounds>> {
    let bare_records = fill(bare, count).await?;
    let safe_records = fill(safe, count).await?;
    let mut measured = Vec::new();
    for load in Load::ALL {
        let mut each = Rounds { load, bare: Vec::new(), safe: Vec::new() };
        // The round before the first warms caches and opens the windows of coalesced reads.
        for round in 0..=rounds {
            let bare_round = one(bare, &bare_records, load, round).await?;
            let safe_round = one(safe, &safe_records, load, round).await?;
            if round > 0 {
                each.bare.push(bare_round);
                each.safe.push(safe_round);
            }
        }
        eprintln!("bench: {}: {:.0}% of the bare app", load.about(), 100.0 * each.ratio());
        measured.push(each);
    }
    Ok(measured)
}

async fn one(side: &mut Side, records: &Records, load: Load, round: usize) -> anyhow::Result<Measured> {
    side.renew().await?;
    drive(side.address(), load.requests(side, records, round), |_, _| {}).await
}

fn section(
    text: &mut String,
    database: Database,
    measured: &[Rounds],
    memory: (Memory, Memory),
) -> std::fmt::Result {
    write!(
        text,
        "\n### {}\n\n| | bare, requests/s | app, requests/s | ratio | bare p50 / p99, ms | app p50 / p99, ms | goal |\n\
         |---|---:|---:|---:|---:|---:|---|\n",
        database.name()
    )?;
    for rounds in measured {
        let ratio = rounds.ratio();
        let goal = rounds.load.goal().map(|goal| met(&format!("{:.0}%", goal * 100.0), ratio >= goal));
        let (bare, safe) = (&rounds.bare, &rounds.safe);
        writeln!(
            text,
            "| {} | {:.0} | {:.0} | {:.0}% | {:.1} / {:.1} | {:.1} / {:.1} | {} |",
            rounds.load.about(),
            middle(bare, |each| each.per_second),
            middle(safe, |each| each.per_second),
            ratio * 100.0,
            middle(bare, |each| each.p50),
            middle(bare, |each| each.p99),
            middle(safe, |each| each.p50),
            middle(safe, |each| each.p99),
            goal.unwrap_or_else(|| "–".to_owned()),
        )?;
    }
    writeln!(
        text,
        "\nResident memory after it all: bare {:.0} MB, app {:.0} MB.\n",
        memory.0.resident, memory.1.resident
    )?;
    costs(text, measured)
}

/// Time of the machine for one request, by which the two sides differ, step by step. The client's own time is in both.
fn costs(text: &mut String, measured: &[Rounds]) -> std::fmt::Result {
    let microseconds = |rounds: &[Measured]| 1e6 / middle(rounds, |each| each.per_second);
    let more = |load: Load| {
        let rounds = measured.iter().find(|rounds| rounds.load == load);
        rounds.map_or(f64::NAN, |rounds| microseconds(&rounds.safe) - microseconds(&rounds.bare))
    };
    let edge = more(Load::Health);
    let (open, coalesced) = (more(Load::Open), more(Load::Coalesced));
    let lines = [
        ("the edge: limits, proof of origin, headers, the line in the log", edge),
        (
            "session, policy in SQL, encrypted file or row-level security, counted audit: a read with nothing sealed",
            open - edge,
        ),
        ("sealed fields: the same with seven of eight fields to open", coalesced - open),
        ("the audit row: written, chained and durable before the answer", more(Load::Audited) - coalesced),
        ("a list of 50 in all", more(Load::List)),
        ("a create in all: sealing, blind indexes, the audit row in the transaction", more(Load::Create)),
    ];
    text.push_str("| what the safeguards add to a request | µs |\n|---|---:|\n");
    for (about, cost) in lines {
        writeln!(text, "| {about} | {cost:+.0} |")?;
    }
    Ok(())
}
