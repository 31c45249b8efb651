//! Part 4: memory of an idle app, and the time from the start of its process to its first answer.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use anyhow::Context;

use super::databases::Postgres;
use super::lab::{Database, Lab};
use super::results::{median, met};
use super::servers::Server;
use super::sides::{self, Safe};

const STARTS: usize = 11;
/// Long enough for what starts beside the app, the audit signer above all.
const SETTLING: Duration = Duration::from_secs(3);

pub(super) fn measure(lab: &Lab) -> anyhow::Result<String> {
    let binary = lab.app()?;
    let postgres = Postgres::start()?;
    let mut table = String::from(
        "| | resident memory, MB | of it the app's own | its audit signer, MB | start to first answer, ms |\n\
         |---|---:|---:|---:|---:|\n",
    );
    let mut goals = Vec::new();
    for database in Database::BOTH {
        let safe = Safe::prepare(lab, &binary, (database == Database::Postgres).then_some(&postgres))?;
        safe.invite()?;
        let idle = Idle::measure(|| safe.serve())?;
        writeln!(table, "| app on {} | {} |", database.name(), idle.row())?;
        let name = database.name();
        goals.push(met(&format!("the idle app on {name} under 20 MB"), idle.memory.resident < 20.0));
        goals.push(met(&format!("its first answer on {name} in under 50 ms"), idle.start < 50.0));
        let bare = Idle::measure(|| sides::bare(lab, database, &postgres))?;
        writeln!(table, "| bare on {} | {} |", database.name(), bare.row())?;
    }
    Ok(format!(
        "{table}\nVmRSS three seconds after the first answer, with no records; the app's own part is what is not the \
         program's file (RssAnon). The audit signer is a second process of the app, with its own memory. Starts are \
         medians of {STARTS}, on a database whose schema is up to date. Goals:\n\n- {}\n",
        goals.join("\n- ")
    ))
}

struct Idle {
    memory: Memory,
    signer: Option<f64>,
    /// Milliseconds.
    start: f64,
}

impl Idle {
    fn measure(serve: impl Fn() -> anyhow::Result<Server>) -> anyhow::Result<Self> {
        let mut starts = Vec::new();
        for _ in 1..STARTS {
            starts.push(serve()?.first_answer.as_secs_f64() * 1000.0);
        }
        let server = serve()?;
        starts.push(server.first_answer.as_secs_f64() * 1000.0);
        std::thread::sleep(SETTLING);
        let process = server.process();
        let signer = children(process)?.first().map(|child| Memory::of(*child)).transpose()?;
        let signer = signer.map(|memory| memory.resident);
        Ok(Self { memory: Memory::of(process)?, signer, start: median(&starts) })
    }

    fn row(&self) -> String {
        let signer = self.signer.map_or_else(|| "–".to_owned(), |signer| format!("{signer:.1}"));
        format!("{:.1} | {:.1} | {signer} | {:.0}", self.memory.resident, self.memory.anonymous, self.start)
    }
}

/// Resident memory of a process, in millions of bytes.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    pub(super) resident: f64,
    pub(super) anonymous: f64,
}

impl Memory {
    pub(super) fn of(process: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let megabytes = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kilobytes = line.and_then(|line| line.split_whitespace().next());
            Ok(kilobytes.with_context(|| format!("no {name}"))?.parse::<f64>()? * 1024.0 / 1e6)
        };
        Ok(Self { resident: megabytes("VmRSS")?, anonymous: megabytes("RssAnon")? })
    }
}

/// What any thread of the process has started.
fn children(process: u32) -> anyhow::Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("children"))?;
        children.extend(text.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(children)
}
