//! Access tokens that nobody issued.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::check::{Check, Group::Tokens, Needs};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::wire::{base64url, from_base64url};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "jwt-none",
        &["CF-2"],
        "A token without a signature opens nothing",
        Tokens,
        Needs::Address,
        none,
    ),
    Check::new(
        "jwt-other-key",
        &["CF-2"],
        "A token signed by another key opens nothing",
        Tokens,
        Needs::Address,
        other_key,
    ),
    Check::new(
        "jwt-algorithm",
        &["CF-2"],
        "A token that names another algorithm opens nothing",
        Tokens,
        Needs::Address,
        algorithm,
    ),
    Check::new(
        "jwt-claims",
        &["CF-2"],
        "A token whose claims were changed opens nothing",
        Tokens,
        Needs::Address,
        claims,
    ),
    Check::new(
        "jwt-key-id",
        &["CF-2"],
        "A token's key id leads to no other key, file or query",
        Tokens,
        Needs::Address,
        key_id,
    ),
    Check::new(
        "jwt-brings-no-key",
        &["CF-2"],
        "A token that brings a key of its own opens nothing",
        Tokens,
        Needs::Address,
        brings_key,
    ),
    Check::new(
        "jwt-parts",
        &["CF-2"],
        "A token of other parts, or spelt otherwise, opens nothing",
        Tokens,
        Needs::Address,
        parts,
    ),
    Check::new(
        "jwt-lifetime",
        &["CF-12", "CF-4"],
        "A token lives fifteen minutes at most",
        Tokens,
        Needs::Address,
        lifetime,
    ),
    Check::new(
        "jwt-tells-nothing",
        &["CF-2", "CL-1"],
        "A token carries no name, address or role",
        Tokens,
        Needs::Address,
        tells_nothing,
    ),
    Check::new(
        "token-only-as-bearer",
        &["CF-2"],
        "A token counts in its header alone: not in an address, a cookie or another scheme",
        Tokens,
        Needs::Address,
        only_as_bearer,
    ),
    Check::new(
        "tokens-are-not-mixed",
        &["CF-2", "CF-12"],
        "Tickets and refresh tokens are no access tokens, nor the other way round",
        Tokens,
        Needs::Instance,
        not_mixed,
    ),
];

/// A real token, taken apart.
struct Taken {
    header: Value,
    claims: Value,
    parts: [String; 3],
}

fn taken(trial: &Trial) -> Result<Taken> {
    let access = trial.somebody()?.tokens()?.access;
    let parts: Vec<&str> = access.split('.').collect();
    let wrong = || Trouble::Absent("access tokens are no JWT".to_owned());
    let [header, claims, signature] = parts[..] else { return Err(wrong()) };
    let read = |part: &str| from_base64url(part).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(Taken {
        header: read(header).ok_or_else(wrong)?,
        claims: read(claims).ok_or_else(wrong)?,
        parts: [header, claims, signature].map(str::to_owned),
    })
}

/// Tries tokens: none may open anything.
fn refused(trial: &Trial, did: &str, tokens: Vec<(String, String)>) -> Result<Outcome> {
    let mut sight = Sight::new(did);
    let person = trial.somebody()?;
    let real = person.get("/identity/session")?;
    if real.status != 200 {
        return Err(Trouble::unexpected("a real token is refused, so nothing can be compared with it"));
    }
    for (name, token) in tokens {
        let reply = trial
            .wire()
            .get("/identity/session")
            .header("authorization", format!("Bearer {token}"))
            .send()?;
        sight.expect(matches!(reply.status, 400 | 401), || format!("{name} is answered {}", reply.status));
    }
    sight.end("401")
}

fn part(value: &Value) -> String {
    base64url(value.to_string().as_bytes())
}

fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    format!("{text}.{}", base64url(tag.as_ref()))
}

fn none(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let mut tokens = Vec::new();
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let mut header = taken.header.clone();
        header["alg"] = json!(name);
        for signature in ["", taken.parts[2].as_str(), "AA"] {
            tokens.push((
                format!("alg {name:?} with {} letters of signature", signature.len()),
                format!("{}.{}.{signature}", part(&header), taken.parts[1]),
            ));
        }
    }
    tokens.push(("no signature".to_owned(), format!("{}.{}.", taken.parts[0], taken.parts[1])));
    tokens.push(("two parts".to_owned(), format!("{}.{}", taken.parts[0], taken.parts[1])));
    refused(trial, "said that there is no algorithm, and left the signature out", tokens)
}

fn other_key(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let app = trial.app().to_owned();
    let zero = [0_u8; 32];
    let keys: [(&str, &[u8]); 8] = [
        ("an empty key", b""),
        ("zeros", &zero),
        ("`secret`", b"secret"),
        ("`changeme`", b"changeme"),
        ("the app's name", app.as_bytes()),
        ("the key's id", taken.header["kid"].as_str().unwrap_or_default().as_bytes()),
        ("`safeguards`", b"safeguards"),
        ("another key", b"another key of thirty-two letters"),
    ];
    let tokens =
        keys.iter().map(|(name, key)| ((*name).to_owned(), signed(&taken.header, &taken.claims, key)));
    refused(
        trial,
        "signed a real token's claims by keys that can be guessed, and by one that cannot",
        tokens.collect(),
    )
}

fn algorithm(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let names = ["HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "hs256", "A256GCM", "dir"];
    let tokens = names.iter().map(|name| {
        let mut header = taken.header.clone();
        header["alg"] = json!(name);
        ((*name).to_owned(), format!("{}.{}.{}", part(&header), taken.parts[1], taken.parts[2]))
    });
    refused(trial, "named other algorithms over a real signature", tokens.collect())
}

fn claims(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let later = taken.claims["exp"].as_i64().unwrap_or(0) + 86_400;
    let changes = [
        ("sub", json!(crate::clock::id())),
        ("sid", json!(crate::clock::id())),
        ("exp", json!(later)),
        ("iat", json!(0)),
        ("nbf", json!(0)),
        ("iss", json!("https://evil.example")),
        ("aud", json!("*")),
        ("jti", json!(crate::clock::id())),
        ("role", json!("owner")),
    ];
    let mut tokens = Vec::new();
    for (name, value) in changes {
        let mut claims = taken.claims.clone();
        claims[name] = value;
        tokens.push((
            format!("another {name}"),
            format!("{}.{}.{}", taken.parts[0], part(&claims), taken.parts[2]),
        ));
        if let Some(object) = claims.as_object_mut() {
            object.remove(name);
        }
        tokens
            .push((format!("no {name}"), format!("{}.{}.{}", taken.parts[0], part(&claims), taken.parts[2])));
    }
    // Removing a claim that was never there gives the real token back.
    tokens.retain(|(_, token)| token.split('.').nth(1) != Some(taken.parts[1].as_str()));
    refused(trial, "changed and removed each claim under a real signature", tokens)
}

fn key_id(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let ids = [
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("' UNION SELECT '' --"),
        json!(""),
        json!("0"),
        json!(0),
        json!(null),
        json!([]),
        json!("a".repeat(5_000)),
    ];
    let tokens = ids.iter().map(|id| {
        let mut header = taken.header.clone();
        header["kid"] = id.clone();
        (
            format!("kid {}", id.to_string().chars().take(20).collect::<String>()),
            signed(&header, &taken.claims, b""),
        )
    });
    let mut tokens: Vec<_> = tokens.collect();
    let mut bare = taken.header.clone();
    if let Some(object) = bare.as_object_mut() {
        object.remove("kid");
    }
    tokens.push(("no kid".to_owned(), format!("{}.{}.{}", part(&bare), taken.parts[1], taken.parts[2])));
    refused(trial, "named keys by paths, queries, nothing and other kinds", tokens)
}

fn brings_key(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let key = b"a key that the token brings itself";
    let additions = [
        ("jwk", json!({ "kty": "oct", "k": base64url(key), "alg": "HS256" })),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/c")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("typ", json!("JWT")),
    ];
    let mut tokens = Vec::new();
    for (name, value) in additions {
        let mut header = taken.header.clone();
        header[name] = value;
        tokens.push((name.to_owned(), signed(&header, &taken.claims, key)));
        tokens.push((
            format!("{name} over a real signature"),
            format!("{}.{}.{}", part(&header), taken.parts[1], taken.parts[2]),
        ));
    }
    refused(trial, "put keys, addresses of keys and extensions into the header", tokens)
}

fn parts(trial: &Trial) -> Result<Outcome> {
    let taken = taken(trial)?;
    let [header, claims, signature] = &taken.parts;
    let whole = format!("{header}.{claims}.{signature}");
    let flipped: String = signature
        .chars()
        .enumerate()
        .map(|(at, letter)| if at == 3 { if letter == 'A' { 'B' } else { 'A' } } else { letter })
        .collect();
    let standard = whole.replace('-', "+").replace('_', "/");
    let mut tokens = vec![
        ("one letter changed".to_owned(), format!("{header}.{claims}.{flipped}")),
        ("cut".to_owned(), whole[..whole.len() - 2].to_owned()),
        ("longer".to_owned(), format!("{whole}AA")),
        ("a fourth part".to_owned(), format!("{whole}.{signature}")),
        ("padded".to_owned(), format!("{header}.{claims}.{signature}=")),
        ("swapped".to_owned(), format!("{claims}.{header}.{signature}")),
        ("only dots".to_owned(), "..".to_owned()),
        ("empty".to_owned(), String::new()),
        ("endless".to_owned(), "A".repeat(30_000)),
        ("with a blank".to_owned(), format!("{whole} x")),
    ];
    if standard != whole {
        tokens.push(("the other base64".to_owned(), standard));
    }
    refused(trial, "cut, joined, swapped and respelt a real token", tokens)
}

fn lifetime(trial: &Trial) -> Result<Outcome> {
    let claims = taken(trial)?.claims;
    let seconds = claims["exp"].as_i64().unwrap_or(i64::MAX) - claims["iat"].as_i64().unwrap_or(0);
    let mut sight = Sight::new("read how long a token lives");
    sight.expect((1..=900).contains(&seconds), || format!("{seconds} seconds"));
    let left = claims["exp"].as_i64().unwrap_or(0) - crate::clock::seconds();
    sight.expect(left <= 900, || format!("{left} seconds from now"));
    sight.end_saying(format!("{seconds} seconds"), "fifteen minutes at most")
}

fn tells_nothing(trial: &Trial) -> Result<Outcome> {
    let (taken, person) = (taken(trial)?, trial.somebody()?);
    let text = format!("{} {}", taken.header, taken.claims).to_lowercase();
    let mut sight = Sight::new("read the claims of a token");
    let roles = trial
        .model()
        .map(|model| model.roles.iter().map(|role| role.name.as_str().to_lowercase()).collect::<Vec<_>>())
        .unwrap_or_default();
    let secrets = [person.login.email.to_lowercase()].into_iter().chain(roles);
    for word in secrets.filter(|word| word.len() > 3) {
        sight.expect(!text.contains(&format!("\"{word}")), || format!("it holds `{word}`"));
    }
    for name in ["name", "email", "role", "roles", "scope", "phone"] {
        sight.expect(taken.claims.get(name).is_none(), || format!("it has the claim {name}"));
    }
    sight.end("ids and times only")
}

fn only_as_bearer(trial: &Trial) -> Result<Outcome> {
    let token = trial.somebody()?.tokens()?.access;
    let wire = trial.wire();
    let mut sight = Sight::new("gave a real token in addresses, cookies, forms, other schemes, and twice");
    let mut closed = |name: &str, status: u16| {
        sight.expect(matches!(status, 400 | 401 | 403 | 404), || format!("{name} is answered {status}"));
    };
    for path in [
        format!("/identity/session?access_token={token}"),
        format!("/identity/session?token={token}"),
        format!("/identity/session?jwt={token}"),
    ] {
        closed("in the address", wire.get(path).send()?.status);
    }
    for name in ["session", "__Host-session", "access_token", "token", "jwt"] {
        closed(
            "as a cookie",
            wire.get("/identity/session").header("cookie", format!("{name}={token}")).send()?.status,
        );
    }
    for scheme in ["Basic", "Token", "JWT", "Bearer:", "Digest"] {
        closed(
            scheme,
            wire.get("/identity/session").header("authorization", format!("{scheme} {token}")).send()?.status,
        );
    }
    closed("without a scheme", wire.get("/identity/session").header("authorization", &token).send()?.status);
    closed("twice", wire.get("/identity/session").bearer(&token).bearer(&token).send()?.status);
    closed(
        "in another header",
        wire.get("/identity/session").header("x-access-token", &token).send()?.status,
    );
    sight.end("refused")
}

fn not_mixed(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let tokens = trial.somebody()?.tokens()?;
    let mut sight =
        Sight::new("used tickets and refresh tokens as access tokens, and access tokens as refresh tokens");
    let mut tried =
        vec![("a refresh token", tokens.refresh.clone()), ("a session's id", tokens.session.clone())];
    if let Some(login) = stand.people().iter().find(|login| login.authenticator.is_some()) {
        let ticket =
            crate::people::first_step(stand.wire(), login)?.json()["ticket"].as_str().map(str::to_owned);
        tried.extend(ticket.map(|ticket| ("a ticket", ticket)));
    }
    for (name, token) in tried {
        let reply = stand.wire().get("/identity/session").bearer(&token).send()?;
        sight.expect(reply.status == 401, || format!("{name} opens a session: {}", reply.status));
        let cookie =
            stand.wire().get("/identity/session").header("cookie", format!("session={token}")).send()?;
        sight.expect(cookie.status == 401, || format!("{name} is a cookie: {}", cookie.status));
    }
    for (name, token) in [("an access token", &tokens.access), ("a session's id", &tokens.session)] {
        let reply = crate::people::step(stand.wire(), "refresh", &json!({ "refresh_token": token }))?;
        sight.expect(reply.status == 401, || format!("{name} is renewed: {}", reply.status));
    }
    sight.end("401")
}
