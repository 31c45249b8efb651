//! CF-2, CF-12: what is and what is not an access token, in the manner of Wycheproof's JWS tests.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn ring() -> AccessTokens {
    let retired = vec![SigningKey::new("k1", &OLD)];
    AccessTokens::new(
        SigningKey::new("k2", &NEW),
        retired,
        "https://app.example",
        "api",
        Duration::minutes(5),
    )
}

fn ids() -> (SessionId, PersonId) {
    (SessionId::new(Uuid::from_u128(7)), PersonId::new(Uuid::from_u128(9)))
}

fn issued() -> String {
    let (session, person) = ids();
    ring().issue(session, person, Uuid::from_u128(11), now()).unwrap()
}

fn good_header() -> Value {
    json!({ "typ": "at+jwt", "alg": "HS256", "kid": "k2" })
}

fn good_claims() -> Value {
    let at = now().unix_timestamp();
    json!({
        "iss": "https://app.example", "aud": "api", "sub": Uuid::from_u128(9), "sid": Uuid::from_u128(7), "jti": Uuid::from_u128(11),
        "iat": at, "nbf": at, "exp": at + 300,
    })
}

fn sign(header: &Value, claims: &Value, algorithm: hmac::Algorithm, key: &[u8]) -> String {
    let body = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let tag = hmac::sign(&hmac::Key::new(algorithm, key), body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

fn with(mut value: Value, name: &str, new: Value) -> Value {
    value[name] = new;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

fn refused(token: &str, why: &str) {
    assert_eq!(ring().verify(token, now()), Err(InvalidToken), "{why}");
}

/// The control of the tests below: made by hand the same way, an honest token is taken.
#[test]
fn a_token_made_by_hand_is_taken() {
    let (session, person) = ids();
    let whom = |token: &str| ring().verify(token, now()).map(|claims| (claims.session(), claims.person()));
    let by_hand = sign(&good_header(), &good_claims(), hmac::HMAC_SHA256, &NEW);
    assert_eq!(whom(&by_hand), Ok((session, person)));
    assert_eq!(whom(&issued()), Ok((session, person)));
}

#[test]
fn a_retired_key_still_verifies_and_a_dropped_one_does_not() {
    let old = sign(&with(good_header(), "kid", json!("k1")), &good_claims(), hmac::HMAC_SHA256, &OLD);
    assert!(ring().verify(&old, now()).is_ok());
    let rotated = AccessTokens::new(
        SigningKey::new("k3", &[3; 32]),
        vec![SigningKey::new("k2", &NEW)],
        "https://app.example",
        "api",
        Duration::minutes(5),
    );
    assert_eq!(rotated.verify(&old, now()), Err(InvalidToken));
    assert!(rotated.verify(&issued(), now()).is_ok());
}

#[test]
fn no_other_algorithm_is_taken() {
    for algorithm in [
        "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256",
        "HS256 ",
    ] {
        let header = with(good_header(), "alg", json!(algorithm));
        refused(&sign(&header, &good_claims(), hmac::HMAC_SHA256, &NEW), algorithm);
        let unsigned = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(good_claims().to_string())
        );
        refused(&unsigned, "unsigned");
    }
    // Honest signatures of the neighbours, under the right key.
    refused(
        &sign(&with(good_header(), "alg", json!("HS384")), &good_claims(), hmac::HMAC_SHA384, &NEW),
        "HS384",
    );
    refused(
        &sign(&with(good_header(), "alg", json!("HS512")), &good_claims(), hmac::HMAC_SHA512, &NEW),
        "HS512",
    );
    refused(
        &sign(&good_header(), &good_claims(), hmac::HMAC_SHA512, &NEW),
        "the wrong hash under the right name",
    );
}

#[test]
fn only_a_key_on_the_ring_signs() {
    refused(
        &sign(&good_header(), &good_claims(), hmac::HMAC_SHA256, &OLD),
        "the right id over another key of the ring",
    );
    refused(&sign(&good_header(), &good_claims(), hmac::HMAC_SHA256, b""), "an empty key");
    refused(
        &sign(&with(good_header(), "kid", json!("k9")), &good_claims(), hmac::HMAC_SHA256, &NEW),
        "an unknown id",
    );
    refused(
        &sign(&with(good_header(), "kid", json!("")), &good_claims(), hmac::HMAC_SHA256, &NEW),
        "an empty id",
    );
    refused(
        &sign(&with(good_header(), "kid", json!("../k2")), &good_claims(), hmac::HMAC_SHA256, &NEW),
        "a path as id",
    );
    refused(&sign(&without(good_header(), "kid"), &good_claims(), hmac::HMAC_SHA256, &NEW), "no id");
}

#[test]
fn a_header_brings_no_key_and_no_extension() {
    let secret = URL_SAFE_NO_PAD.encode(NEW);
    for (name, value) in [
        ("jwk", json!({ "kty": "oct", "k": secret })),
        ("jku", json!("https://attacker.example/keys")),
        ("x5u", json!("https://attacker.example/chain")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("b64", json!(false)),
        ("typ", json!("JWT")),
    ] {
        refused(&sign(&with(good_header(), name, value), &good_claims(), hmac::HMAC_SHA256, &NEW), name);
    }
}

#[test]
fn every_claim_is_needed_and_judged() {
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
        refused(&sign(&good_header(), &without(good_claims(), name), hmac::HMAC_SHA256, &NEW), name);
        refused(
            &sign(&good_header(), &with(good_claims(), name, Value::Null), hmac::HMAC_SHA256, &NEW),
            name,
        );
    }
    let at = now().unix_timestamp();
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("web")),
        ("aud", json!(["api", "web"])),
        ("sub", json!("owner")),
        ("exp", json!(at)),
        ("exp", json!(at - 1)),
        ("exp", json!(i64::MAX)),
        ("exp", json!((at + 300).to_string())),
        ("exp", json!(at as f64 + 300.5)),
        ("nbf", json!(at + 1)),
        ("iat", json!(at + 1)),
        ("iat", json!(i64::MIN)),
        ("role", json!("owner")),
    ] {
        refused(&sign(&good_header(), &with(good_claims(), name, value), hmac::HMAC_SHA256, &NEW), name);
    }
}

#[test]
fn it_lives_five_minutes_by_our_clock() {
    let token = issued();
    assert!(ring().verify(&token, now() + Duration::seconds(299)).is_ok());
    assert_eq!(ring().verify(&token, now() + Duration::seconds(300)), Err(InvalidToken));
    assert_eq!(ring().verify(&token, now() - Duration::seconds(1)), Err(InvalidToken));
}

#[test]
fn what_is_malformed_is_refused() {
    let token = issued();
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, tag) = (parts[0], parts[1], parts[2]);
    let tag_bytes = URL_SAFE_NO_PAD.decode(tag).unwrap();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{tag}"),
        format!(".{claims}.{tag}"),
        format!("{token}."),
        format!("{token}.{tag}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{header}.{claims}.{}", STANDARD.encode(&tag_bytes)),
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&tag_bytes[..16])),
        format!("{header}.{claims}.{}", &tag[..tag.len() - 1]),
        format!("{header}.{header}.{tag}"),
        json!({ "protected": header, "payload": claims, "signature": tag }).to_string(),
        "a".repeat(1_000_000),
    ] {
        refused(&bad, &bad[..bad.len().min(80)]);
    }
    // Two members of the same name: which one counts must not be a matter of taste.
    let twice = r#"{"typ":"at+jwt","alg":"none","alg":"HS256","kid":"k2"}"#;
    let body = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(twice));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &NEW), body.as_bytes());
    refused(&format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())), "a member twice");
}

proptest! {
    /// Any one changed character spoils it; so does any text at all.
    #[test]
    fn one_changed_character_spoils_it(at in 0_usize..10_000, to in "[A-Za-z0-9_.-]") {
        let token = issued();
        let at = at % token.len();
        prop_assume!(token[at..=at] != to);
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(ring().verify(&changed, now()), Err(InvalidToken));
    }

    #[test]
    fn any_text_is_refused_without_panic(text in "\\PC{0,300}") {
        prop_assert_eq!(ring().verify(&text, now()), Err(InvalidToken));
    }
}

#[test]
fn debug_shows_no_key() {
    assert!(!format!("{:?}", ring()).contains("EncodingKey"));
    assert!(format!("{:?}", SigningKey::new("k1", &OLD)).ends_with("[secret])"));
}
