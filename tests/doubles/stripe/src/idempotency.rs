//! Idempotency keys: the first answer to a key is the answer, and the same key with other parameters is an error.

use std::collections::HashMap;

use serde_json::Value;

use crate::errors::ApiError;

/// The answers that were given under keys.
#[derive(Debug, Default)]
pub(crate) struct Idempotency {
    answers: HashMap<String, (String, u16, Value)>,
}

impl Idempotency {
    /// The answer that was given before, if this is the same request.
    pub(crate) fn replay(&self, key: &str, request: &str) -> Result<Option<(u16, Value)>, ApiError> {
        match self.answers.get(key) {
            None => Ok(None),
            Some((known, status, body)) if known == request => Ok(Some((*status, body.clone()))),
            Some(_) => Err(ApiError::idempotency(key)),
        }
    }

    /// Remembers an answer. What was refused before it was begun is not remembered, as at Stripe.
    pub(crate) fn remember(&mut self, key: &str, request: &str, status: u16, body: &Value) {
        if !matches!(status, 400 | 401 | 404 | 409 | 429) {
            self.answers.insert(key.to_owned(), (request.to_owned(), status, body.clone()));
        }
    }
}
