//! Part 5: an app under load for minutes. What is kept for each request would show as memory that grows.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::client::{drive, request};
use super::databases::Postgres;
use super::fill::{Records, fill, patient};
use super::idle::Memory;
use super::lab::{Database, Lab};
use super::load::Side;
use super::results::{median, met};
use super::sides::{Safe, Session};

const PATIENTS: usize = 2_000;
/// Reads, lists and creates between two looks at the memory.
const ROUND: [usize; 3] = [1_200, 40, 200];

pub(super) fn measure(lab: &Lab, minutes: u64) -> anyhow::Result<String> {
    let binary = lab.app()?;
    let postgres = Postgres::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut table = String::from(
        "| | requests | first third, MB | second third, MB | last third, MB | most, MB |\n|---|---:|---:|---:|---:|---:|\n",
    );
    let mut goals = Vec::new();
    for database in Database::BOTH {
        let safe = Safe::prepare(lab, &binary, (database == Database::Postgres).then_some(&postgres))?;
        let link = safe.invite()?;
        let server = safe.serve()?;
        let session = runtime.block_on(Session::open(server.address, &link))?;
        let mut side = Side::safe(server, session);
        let soaked = runtime.block_on(soak(&mut side, Duration::from_secs(60 * minutes)))?;
        let thirds = soaked.thirds();
        let most = soaked.memory.iter().copied().fold(0.0, f64::max);
        writeln!(
            table,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {most:.1} |",
            database.name(),
            soaked.requests,
            thirds[0],
            thirds[1],
            thirds[2]
        )?;
        let goal = format!("on {} the last third within a tenth and 4 MB of the second", database.name());
        goals.push(met(&goal, thirds[2] <= thirds[1] * 1.1 + 4.0));
    }
    Ok(format!(
        "{minutes} minutes on each database: reads of patients, lists of 50 and creates, 16 at a time, each on the heels of \
         the one before. RssAnon of the app, medians of each third.\n\n{table}\nGoals:\n\n- {}\n",
        goals.join("\n- ")
    ))
}

struct Soaked {
    requests: usize,
    /// Millions of bytes, after each round.
    memory: Vec<f64>,
}

impl Soaked {
    fn thirds(&self) -> [f64; 3] {
        let third = (self.memory.len() / 3).max(1);
        let part = |number: usize| {
            median(&self.memory.iter().skip(number * third).take(third).copied().collect::<Vec<_>>())
        };
        [part(0), part(1), part(2)]
    }
}

async fn soak(side: &mut Side, time: Duration) -> anyhow::Result<Soaked> {
    let Records { patients, .. } = fill(side, PATIENTS).await?;
    let mut soaked = Soaked { requests: 0, memory: Vec::new() };
    let began = Instant::now();
    while began.elapsed() < time || soaked.memory.len() < 3 {
        side.renew().await?;
        let [reads, lists, creates] = ROUND;
        let round = soaked.memory.len();
        let get = |path: String| request("GET", &side.path(&path), side.token(), None);
        let read =
            (0..reads).map(|number| get(format!("/patients/{}", patients[(number * 7 + round) % PATIENTS])));
        let list = (0..lists).map(|number| get(format!("/patients?page={}", number % 20 + 1)));
        let create = (0..creates).map(|number| {
            let body = patient(PATIENTS + round * creates + number);
            request("POST", &side.path("/patients"), side.token(), Some(&body))
        });
        let requests: Vec<_> = read.chain(list).chain(create).collect();
        soaked.requests += requests.len();
        drive(side.address(), requests, |_, _| {}).await?;
        soaked.memory.push(Memory::of(side.process())?.anonymous);
    }
    Ok(soaked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_medians_of_their_rounds() {
        let soaked = Soaked { requests: 0, memory: vec![1.0, 9.0, 2.0, 5.0, 5.0, 5.0, 7.0, 8.0, 9.0] };
        assert_eq!(soaked.thirds(), [2.0, 5.0, 8.0]);
    }
}
