//! A stand-in for model providers over real HTTP, for tests: written from their published APIs.
//!
//! It speaks three wires as their providers document them: Anthropic's Messages (2023-06-01), OpenAI's Responses, and
//! chat completions as many servers speak them. Request bodies are held against the published shapes ([`Asked`] comes
//! only from one that passed; the others are answered 400 and kept as complaints), answers are streamed in pieces of odd
//! length, tokens and money are counted as a provider would, on the harsh side: what a client hung up on is billed whole.
//!
//! Whoever starts one says what is answered, request by request, and which [`Fault`] happens on the way.

mod events;
mod published;
mod server;
mod strict;

pub use server::{Asked, Fault, ModelsDouble, Price, Reply, Told, Wire};
