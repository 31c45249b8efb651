//! The header `Stripe-Signature`: `t=1700000000,v1=…,v1=…`.

use aws_lc_rs::hmac;
use control_plane::billing::WebhookError;
use time::OffsetDateTime;

use control_plane::Secret;

/// How old a signature may be, and how far ahead its clock, in seconds: Stripe's own libraries take five minutes.
const TOLERANCE: i64 = 300;

/// More signatures than this are not tried: Stripe sends one a secret.
const MOST_SIGNATURES: usize = 8;

/// Judges a webhook. Which of the secrets fits is not told.
pub(crate) fn judge(
    header: &str,
    body: &[u8],
    secrets: &[Secret],
    now: OffsetDateTime,
) -> Result<(), WebhookError> {
    let mut at: Option<&str> = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", _)) if at.is_some() => return Err(WebhookError::Unsigned),
            Some(("t", text)) => at = Some(text),
            Some(("v1", text)) if signatures.len() < MOST_SIGNATURES => {
                signatures.push(bytes(text).ok_or(WebhookError::Unsigned)?);
            }
            // Other schemes than v1 are for Stripe's own tests, and prove nothing.
            _ => {}
        }
    }
    let at = at.ok_or(WebhookError::Unsigned)?;
    let seconds: i64 = at.parse().map_err(|_| WebhookError::Unsigned)?;
    if signatures.is_empty() {
        return Err(WebhookError::Unsigned);
    }
    let signed = [at.as_bytes(), b".", body].concat();
    let fits = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        signatures.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok())
    });
    if !fits {
        return Err(WebhookError::Forged);
    }
    if now.unix_timestamp().abs_diff(seconds) > TOLERANCE.unsigned_abs() {
        return Err(WebhookError::Stale);
    }
    Ok(())
}

/// 32 bytes from hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stripe_double::StripeDouble;
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 9:00 UTC);
    const BODY: &str = r#"{"id":"evt_1"}"#;

    fn secrets() -> Vec<Secret> {
        vec![Secret::new("whsec_old"), Secret::new("whsec_new\n")]
    }

    fn signed(secret: &str, at: OffsetDateTime) -> String {
        StripeDouble::sign(secret, at.unix_timestamp(), BODY)
    }

    /// HC-14: what is believed, and what is not.
    #[test]
    fn only_a_fresh_signature_by_our_secret_is_believed() {
        let good = signed("whsec_new", NOW);
        let old = signed("whsec_old", NOW);
        let (_, other) =
            signed("whsec_other", NOW).split_once(',').map(|(t, v)| (t.to_owned(), v.to_owned())).unwrap();
        let zeros = "0".repeat(64);
        let table = [
            ("by our secret", good.clone(), Ok(())),
            ("by the secret that is rolled out", old, Ok(())),
            ("with others beside it", format!("{good},{other},v0={zeros}"), Ok(())),
            ("with spaces", good.replace(',', ", "), Ok(())),
            ("by somebody else's secret", signed("whsec_other", NOW), Err(WebhookError::Forged)),
            ("an empty secret", signed("", NOW), Err(WebhookError::Forged)),
            ("another time than was signed", good.replacen("t=17", "t=16", 1), Err(WebhookError::Forged)),
            ("five minutes old", signed("whsec_new", NOW - Duration::minutes(5)), Ok(())),
            ("older", signed("whsec_new", NOW - Duration::seconds(301)), Err(WebhookError::Stale)),
            ("from the future", signed("whsec_new", NOW + Duration::seconds(301)), Err(WebhookError::Stale)),
            ("empty", String::new(), Err(WebhookError::Unsigned)),
            ("without a time", other, Err(WebhookError::Unsigned)),
            ("without a signature", format!("t={}", NOW.unix_timestamp()), Err(WebhookError::Unsigned)),
            (
                "only a test scheme",
                format!("t={},v0={zeros}", NOW.unix_timestamp()),
                Err(WebhookError::Unsigned),
            ),
            ("two times", format!("t=1,{good}"), Err(WebhookError::Unsigned)),
            ("a short signature", good[..good.len() - 2].to_owned(), Err(WebhookError::Unsigned)),
        ];
        for (what, header, wanted) in table {
            assert_eq!(judge(&header, BODY.as_bytes(), &secrets(), NOW), wanted, "{what}: {header}");
        }
        assert_eq!(judge(&good, b"{}", &secrets(), NOW), Err(WebhookError::Forged), "another body");
        assert_eq!(judge(&good, BODY.as_bytes(), &[], NOW), Err(WebhookError::Forged), "no secret at all");
    }

    /// RFC 4231, test case 2 shows that HMAC is what it says; this shows that the header is read as Stripe writes it.
    #[test]
    fn the_scheme_is_the_published_one() {
        // Computed by `printf '%s' '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret`.
        let header = "t=1492774577,v1=799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f";
        let at = OffsetDateTime::from_unix_timestamp(1_492_774_577).unwrap();
        assert_eq!(judge(header, BODY.as_bytes(), &[Secret::new("whsec_test_secret")], at), Ok(()));
    }

    proptest! {
        /// HC-14: any header and any body are judged, and none that was not signed is believed.
        #[test]
        fn any_header_is_judged(header in ".{0,120}", body in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(judge(&header, &body, &secrets(), NOW).is_err());
        }
    }
}
