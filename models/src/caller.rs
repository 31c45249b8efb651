//! One question to one provider: permitted, within the ceiling, on record, and tried again where that can help.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::{Answer, Billed};
use crate::ask::Ask;
use crate::attestation::{Attested, NotAttested};
use crate::budget::{Budget, PastCeiling, Reservation, Spent};
use crate::fault::Fault;
use crate::money::Money;
use crate::register::{Outcome, Record, Register};
use crate::seal::Seal;
use crate::surroundings::{Surroundings, Wait};
use crate::wire::{Exchange, Seen};

/// How often one question is asked at most.
const ATTEMPTS: u32 = 4;
/// The first wait between two tries; each further one is twice as long, and each is shortened by chance.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait of our own.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The longest wait that a provider may ask for; beyond it, another one is asked instead.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Asks providers. It is the only way to one.
#[derive(Clone)]
pub struct Caller {
    surroundings: Arc<dyn Surroundings>,
    register: Arc<dyn Register>,
    seal: Arc<Seal>,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// The provider may not be called.
    #[error(transparent)]
    NotAttested(#[from] NotAttested),
    /// The next call could pass the ceiling, and was not made.
    #[error("{0}")]
    PastCeiling(PastCeiling),
    /// A call could not be put on record; nothing was sent, or what came is not used.
    #[error("the register of calls cannot be written, so nobody is asked: {0}")]
    NotRecorded(io::Error),
    /// The provider has no answer.
    #[error("{fault}{}", tries(.attempts))]
    Fault {
        /// The last fault.
        fault: Fault,
        /// How often it was asked.
        attempts: u32,
    },
}

fn tries(attempts: &u32) -> String {
    if *attempts > 1 { format!(" (asked {attempts} times)") } else { String::new() }
}

/// One try.
struct Call<'a> {
    id: &'a str,
    attempt: u32,
    request: &'a [u8],
}

impl Caller {
    /// One that keeps its register here, and makes its hashes so.
    pub fn new(surroundings: Arc<dyn Surroundings>, register: Arc<dyn Register>, seal: Seal) -> Self {
        Self { surroundings, register, seal: Arc::new(seal) }
    }

    /// What surrounds it.
    pub fn surroundings(&self) -> &dyn Surroundings {
        self.surroundings.as_ref()
    }

    /// The worst that asking once can cost.
    pub fn worst(&self, provider: &Attested, ask: &Ask) -> Money {
        let wire = provider.wire();
        let request = wire.request(ask);
        provider.entry().price.cost(wire.worst(&request, ask))
    }

    /// Asks until there is an answer, nothing more can be hoped for, or the ceiling is near.
    ///
    /// # Errors
    /// [`NotAnswered`] says why there is no answer. What was spent meanwhile is in the budget.
    pub async fn ask(
        &self,
        provider: &Attested,
        ask: &Ask,
        budget: &Budget,
        seen: &mut (dyn FnMut(Seen) + Send),
    ) -> Result<Answer, NotAnswered> {
        let mut attempt = 1;
        loop {
            let fault = match self.once(provider, ask, budget, attempt, seen).await? {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let wait = self.wait(attempt, &fault);
            let Some(wait) = wait.filter(|_| attempt < ATTEMPTS) else {
                return Err(NotAnswered::Fault { fault, attempts: attempt });
            };
            self.surroundings.pass(Wait::Retry, wait).await;
            attempt += 1;
        }
    }

    /// How long to wait before the next try; none where there is nothing to hope for.
    fn wait(&self, attempt: u32, fault: &Fault) -> Option<Duration> {
        if !fault.may_pass() {
            return None;
        }
        let longest = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_WAIT);
        // Between half and all of it: so that many who failed together do not come back together.
        let half = longest / 2;
        let milliseconds = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).max(1);
        let own = half + Duration::from_millis(self.surroundings.random() % milliseconds);
        match fault.after() {
            Some(asked) if asked > LONGEST_ASKED => None,
            Some(asked) => Some(asked.max(own)),
            None => Some(own),
        }
    }

    async fn once(
        &self,
        provider: &Attested,
        ask: &Ask,
        budget: &Budget,
        attempt: u32,
        seen: &mut (dyn FnMut(Seen) + Send),
    ) -> Result<Result<Answer, Fault>, NotAnswered> {
        let permit = provider.permit(self.surroundings.now())?;
        let wire = provider.wire();
        let request = wire.request(ask);
        let worst = wire.worst(&request, ask);
        let reserved = budget.reserve(worst, provider.entry().price).map_err(NotAnswered::PastCeiling)?;
        let call = format!("{:016x}", self.surroundings.random());
        let began = self.began(Call { id: &call, attempt, request: &request }, provider, ask, &reserved);
        if let Err(error) = self.register.record(&began) {
            reserved.settle(Billed::Nothing);
            return Err(NotAnswered::NotRecorded(error));
        }
        let Exchange { text, billed } =
            wire.exchange(permit, request, ask, self.surroundings.as_ref(), seen).await;
        let cost = reserved.settle(billed);
        let answer = text.and_then(|text| {
            let value = serde_json::from_str(&text)
                .map_err(|_| Fault::NotUnderstood("the form that it filled in is no JSON".into()))?;
            Ok((value, self.seal.of(text.as_bytes())))
        });
        let outcome = match &answer {
            Ok(_) => Outcome::Answered,
            Err(fault) => Outcome::Fault(fault.word()),
        };
        let answered = answer.as_ref().ok().map(|(_, hash)| hash.clone());
        self.register
            .record(&self.ended(call, outcome, billed, cost, answered))
            .map_err(NotAnswered::NotRecorded)?;
        Ok(answer.map(|(value, _)| Answer { value, billed }))
    }

    fn began(&self, call: Call<'_>, provider: &Attested, ask: &Ask, reserved: &Reservation<'_>) -> Record {
        let entry = provider.entry();
        Record::Began {
            at: self.surroundings.now(),
            call: call.id.to_owned(),
            attempt: call.attempt,
            purpose: ask.purpose,
            provider: entry.name.clone(),
            address: entry.address().to_string(),
            wire: entry.wire.as_str(),
            model: entry.model.clone(),
            terms: provider.terms().clone(),
            attested_by: provider.attestation().attested_by.clone(),
            asked: self.seal.of(call.request),
            bytes: u64::try_from(call.request.len()).unwrap_or(u64::MAX),
            reserved: reserved.money(),
        }
    }

    fn ended(
        &self,
        call: String,
        outcome: Outcome,
        billed: Billed,
        cost: Spent,
        answered: Option<String>,
    ) -> Record {
        let usage = match billed {
            Billed::Known(usage) => Some(usage),
            Billed::Nothing | Billed::Unknown => None,
        };
        Record::Ended {
            at: self.surroundings.now(),
            call,
            outcome,
            input_tokens: usage.map(|usage| usage.input),
            output_tokens: usage.map(|usage| usage.output),
            cost: cost.at_most(),
            is_certain: billed != Billed::Unknown,
            answered,
        }
    }
}
