//! The headers of every answer, whatever it is.

use crate::check::{Check, Group::Edge, Needs};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::Reply;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "header-content-security-policy",
        &["CF-18", "CC-9"],
        "Nothing from elsewhere, nothing inline and no string runs on a page",
        Edge,
        Needs::Address,
        content_security_policy,
    ),
    Check::new(
        "header-frame-options",
        &["CF-18"],
        "No other page can frame this one",
        Edge,
        Needs::Address,
        |trial| exactly(trial, "x-frame-options", "DENY"),
    ),
    Check::new(
        "header-referrer-policy",
        &["CF-18"],
        "Addresses are not told to other sites",
        Edge,
        Needs::Address,
        |trial| exactly(trial, "referrer-policy", "strict-origin-when-cross-origin"),
    ),
    Check::new(
        "header-no-sniffing",
        &["CF-18"],
        "A browser takes no answer for something else than it says",
        Edge,
        Needs::Address,
        |trial| exactly(trial, "x-content-type-options", "nosniff"),
    ),
    Check::new(
        "header-cross-origin",
        &["CF-18"],
        "Other sites can neither hold this window nor load from it",
        Edge,
        Needs::Address,
        cross_origin,
    ),
    Check::new(
        "header-permissions-policy",
        &["CF-18"],
        "No page may use camera, microphone, place, payment and the like",
        Edge,
        Needs::Address,
        permissions,
    ),
    Check::new(
        "header-server-silent",
        &["HG-4"],
        "No answer says which software made it",
        Edge,
        Needs::Address,
        server_silent,
    ),
    Check::new(
        "header-no-store",
        &["HC-8", "CL-1"],
        "What may be health data is kept by no cache on the way",
        Edge,
        Needs::Address,
        no_store,
    ),
    Check::new(
        "header-no-cors",
        &["CC-9", "HG-4"],
        "No other origin may read answers",
        Edge,
        Needs::Address,
        no_cors,
    ),
    Check::new(
        "header-request-id",
        &["HG-4"],
        "Each answer has an id of its own, by which it is found in the log",
        Edge,
        Needs::Address,
        request_id,
    ),
];

/// Answers of every kind: pages and JSON, good and bad, signed in and not.
pub(super) fn answers(trial: &Trial) -> Result<Vec<(String, Reply)>> {
    let wire = trial.wire();
    let sign_in = wire.get("/sign-in").page().send()?;
    let mut answers = Vec::new();
    let mut keep = |name: &str, reply: Reply| answers.push((name.to_owned(), reply));
    keep("the page before signing in", wire.get("/").page().send()?);
    keep("the API before signing in", wire.get("/").send()?);
    keep("a page that is not there", wire.get("/nowhere/at-all").page().send()?);
    keep("an API route that is not there", wire.get("/api/nowhere").send()?);
    keep("health", wire.get("/healthz").send()?);
    keep("a wrong method", wire.request("PUT", "/sign-in").send()?);
    keep("a malformed body", wire.post("/identity/sign-in").body("application/json", "{").send()?);
    if let Some(path) = stylesheet(&sign_in.text()) {
        keep("the stylesheet", wire.get(path).send()?);
    }
    keep("the page of signing in", sign_in);
    if let Ok(person) = trial.somebody() {
        keep("the API of somebody who is signed in", person.get("/identity/session")?);
        keep("a page of somebody who is signed in", person.page("/")?);
        keep("a record that is not there", person.get(format!("/api/nowhere/{}", crate::clock::id()))?);
    }
    Ok(answers)
}

/// The path of a page's stylesheet.
fn stylesheet(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("rel=\"stylesheet\"")?;
    let (_, rest) = rest.split_once("href=\"")?;
    rest.split('"').next().map(str::to_owned)
}

/// Tries something on every kind of answer: it says what is wrong, if anything is.
fn every(
    trial: &Trial,
    did: &str,
    expected: &str,
    wrong: impl Fn(&Reply) -> Option<String>,
) -> Result<Outcome> {
    let mut sight = Sight::new(did);
    for (name, reply) in answers(trial)? {
        let found = wrong(&reply);
        sight.expect(found.is_none(), || format!("{name}: {}", found.unwrap_or_default()));
    }
    sight.end(expected)
}

/// The one value of a header that must stand once.
fn exactly(trial: &Trial, name: &'static str, value: &'static str) -> Result<Outcome> {
    every(trial, &format!("read `{name}` of every kind of answer"), &format!("`{name}: {value}`"), |reply| {
        let found: Vec<&str> = reply
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (found != [value]).then(|| format!("{found:?}"))
    })
}

fn content_security_policy(trial: &Trial) -> Result<Outcome> {
    let expected = "default-src 'none', nothing but 'self' beside it, no framing, no foreign form, no base";
    every(trial, "read the content security policy of every kind of answer", expected, |reply| {
        let policy = reply.header("content-security-policy").unwrap_or_default();
        let directive =
            |name: &str| policy.split(';').find_map(|part| part.trim().strip_prefix(name).map(str::trim));
        let wanted = [
            ("default-src", "'none'"),
            ("frame-ancestors", "'none'"),
            ("base-uri", "'none'"),
            ("form-action", "'self'"),
        ];
        let lacks = wanted.iter().find(|(name, value)| directive(name) != Some(*value));
        let lawful = ["'none'", "'self'", "'script'", "sandbox"];
        let foreign = policy
            .split(';')
            .flat_map(|part| part.split_whitespace().skip(1))
            .find(|source| !lawful.contains(source));
        match (lacks, foreign) {
            (Some((name, value)), _) => Some(format!("no `{name} {value}` in {policy:?}")),
            (None, Some(source)) => Some(format!("it allows {source}")),
            (None, None) => None,
        }
    })
}

fn cross_origin(trial: &Trial) -> Result<Outcome> {
    every(trial, "read the cross-origin policies", "both `same-origin`", |reply| {
        let names = ["cross-origin-opener-policy", "cross-origin-resource-policy"];
        let wrong = names.into_iter().find(|name| reply.header(name) != Some("same-origin"));
        wrong.map(|name| format!("{name} is {:?}", reply.header(name)))
    })
}

fn permissions(trial: &Trial) -> Result<Outcome> {
    const CLOSED: [&str; 8] =
        ["camera", "microphone", "geolocation", "payment", "usb", "bluetooth", "display-capture", "midi"];
    every(trial, "read the permissions policy", "each of these features is closed", |reply| {
        let policy = reply.header("permissions-policy").unwrap_or_default();
        let closed = |feature: &str| policy.split(',').any(|part| part.trim() == format!("{feature}=()"));
        CLOSED.into_iter().find(|feature| !closed(feature)).map(|feature| format!("{feature} is open"))
    })
}

fn server_silent(trial: &Trial) -> Result<Outcome> {
    every(trial, "looked for headers that name software", "none", |reply| {
        ["server", "x-powered-by", "via", "x-aspnet-version", "x-generator"]
            .into_iter()
            .find_map(|name| reply.header(name).map(|value| format!("{name}: {value}")))
    })
}

fn no_store(trial: &Trial) -> Result<Outcome> {
    every(trial, "read `cache-control` of every kind of answer", "no-store, or a file of our own", |reply| {
        let control = reply.header("cache-control").unwrap_or_default();
        let kind = reply.header("content-type").unwrap_or_default();
        let own_file = reply.status == 200
            && ["text/css", "text/javascript", "image/svg+xml"].iter().any(|known| kind.starts_with(known));
        (!own_file && !control.contains("no-store")).then(|| format!("{control:?} on {kind}"))
    })
}

fn no_cors(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("asked as a page of another origin, by preflight and outright");
    let wire = trial.wire();
    let evil = "https://evil.example";
    for path in ["/", "/identity/session", "/sign-in", "/healthz"] {
        let preflight = wire
            .request("OPTIONS", path)
            .header("origin", evil)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
            .send()?;
        let outright = wire.get(path).header("origin", evil).send()?;
        for (name, reply) in [("preflight", preflight), ("outright", outright)] {
            let opened = reply.headers.iter().find(|(name, _)| name.starts_with("access-control-allow"));
            sight.expect(opened.is_none(), || format!("{name} of {path}: {opened:?}"));
        }
    }
    sight.end("no header allows another origin anything")
}

fn request_id(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read `x-request-id` of every kind of answer");
    let mut seen = std::collections::BTreeSet::new();
    for (name, reply) in answers(trial)? {
        let id = reply.header("x-request-id").unwrap_or_default().to_owned();
        let is_new = uuid::Uuid::try_parse(&id).is_ok() && seen.insert(id.clone());
        sight.expect(is_new, || format!("{name} has {id:?}"));
    }
    let chosen = crate::clock::id().to_string();
    let reply = trial.wire().get("/sign-in").header("x-request-id", &chosen).send()?;
    sight.expect(reply.header("x-request-id") != Some(chosen.as_str()), || {
        "a caller chooses the id under which it stands in the log".to_owned()
    });
    sight.end("an id that nothing had before, and none that a caller chose")
}
