//! The wires: how each kind of provider is asked, and how its answer comes.
//!
//! [`Wire`] is the seam. Three wires are HTTP with server-sent events ([`streamed`]) and differ in their words alone
//! (`anthropic`, `responses`, `completions`). One that signs its requests and frames its answers in another way, as
//! Bedrock does, implements [`Wire`] in a crate of its own and comes in through [`crate::Entry::attest_over`].

mod anthropic;
mod completions;
mod connection;
mod refusals;
mod responses;
mod streamed;

use std::pin::Pin;
use std::time::Duration;

use crate::answer::{Billed, Usage};
use crate::ask::Ask;
use crate::attestation::Permit;
use crate::entry::{Entry, WireKind};
use crate::fault::Fault;
use crate::key::ApiKey;
use crate::surroundings::Surroundings;

use connection::Way;
use streamed::{Format, Streamed};

/// A call under way.
pub type Exchanging<'a> = Pin<Box<dyn Future<Output = Exchange> + Send + 'a>>;

/// How one call ended: the text of the filled form or why there is none, and what it cost.
pub struct Exchange {
    /// The filled form, as JSON text.
    pub text: Result<String, Fault>,
    /// What the provider will bill.
    pub billed: Billed,
}

/// What is seen of an answer while it comes: how much of it there is. The text itself is nobody's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A connection stands and the question is sent.
    Asked,
    /// So many bytes of the answer are here.
    Answering {
        /// Bytes of the form so far.
        bytes: usize,
    },
}

/// A way to ask a kind of provider. The seam for those that are no HTTP with server-sent events.
pub trait Wire: Send + Sync {
    /// The request as it will be sent: what is hashed for the register, and weighed.
    fn request(&self, ask: &Ask) -> Vec<u8>;

    /// The most tokens that a request can be read as. A token is at least one byte of what is sent; what a provider adds
    /// of its own to a form is in the margin.
    fn weight(&self, request: &[u8]) -> u64 {
        const MARGIN: u64 = 2_048;
        u64::try_from(request.len()).unwrap_or(u64::MAX).saturating_add(MARGIN)
    }

    /// The worst case of a call.
    fn worst(&self, request: &[u8], ask: &Ask) -> Usage {
        Usage { input: self.weight(request), output: u64::from(ask.most_output) }
    }

    /// Asks once. It ends in bounded time, by the given clock; what `seen` is told may be shown to whoever waits.
    fn exchange<'a>(
        &'a self,
        permit: Permit<'a>,
        request: Vec<u8>,
        ask: &'a Ask,
        surroundings: &'a dyn Surroundings,
        seen: &'a mut (dyn FnMut(Seen) + Send),
    ) -> Exchanging<'a>;
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the first byte of an answer. Models think before they speak.
    pub first: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For the whole answer.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            whole: Duration::from_secs(600),
        }
    }
}

/// The wire of an entry.
pub fn wire_of(entry: &Entry, key: Option<ApiKey>) -> Box<dyn Wire> {
    let format: Box<dyn Format> = match entry.wire {
        WireKind::Anthropic => Box::new(anthropic::Messages),
        WireKind::Openai => Box::new(responses::Responses),
        WireKind::Compatible => Box::new(completions::Completions),
    };
    let way = Way { address: entry.address(), authority: entry.authority.clone() };
    Box::new(Streamed::new(format, way, entry.model.clone(), key, Limits::default()))
}
