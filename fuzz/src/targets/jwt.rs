//! Whatever comes as an access token is taken only if it is, letter for letter, one that was issued.

use std::sync::LazyLock;

use safeguards::identity::access_token::{AccessTokens, SigningKey};
use safeguards::identity::{PersonId, SessionId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

static TOKENS: LazyLock<AccessTokens> = LazyLock::new(|| {
    let retired = vec![SigningKey::new("1", &[1; 32])];
    AccessTokens::new(
        SigningKey::new("2", &[2; 32]),
        retired,
        "https://app.example",
        "api",
        Duration::minutes(5),
    )
});

static ISSUED: LazyLock<String> = LazyLock::new(|| {
    let (session, person) = (SessionId::new(Uuid::from_u128(7)), PersonId::new(Uuid::from_u128(9)));
    TOKENS.issue(session, person, Uuid::from_u128(11), now()).expect("it is issued")
});

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a moment")
}

/// What a run is given.
pub type Input = (String, usize, usize);

/// One run; what must not be, panics.
pub fn run(input: Input) {
    let (text, from, to) = input;
    // By itself, and in the place of any part of one that was issued.
    let issued = ISSUED.as_str();
    let (from, to) = (from % (issued.len() + 1), to % (issued.len() + 1));
    let spliced = format!("{}{text}{}", &issued[..from.min(to)], &issued[from.max(to)..]);
    for token in [text, spliced] {
        assert!(TOKENS.verify(&token, now()).is_err() || token == issued, "{token}");
    }
}
