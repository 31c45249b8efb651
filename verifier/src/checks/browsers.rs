//! Sessions of browsers: cookies, and the forms that prove where they come from.

use crate::browser::Browser;
use crate::check::{Check, Group::Tokens, Needs};
use crate::outcome::{Outcome, Sight};
use crate::recruits::PASSWORD;
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};
use crate::wire::Reply;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "cookie-flags",
        &["CF-18", "HG-4"],
        "A session's cookie is for this app's requests alone, and no script reads it",
        Tokens,
        Needs::Instance,
        flags,
    ),
    Check::new(
        "cookie-not-fixed",
        &["HG-4"],
        "A session that somebody planted is not the one that is signed in",
        Tokens,
        Needs::Instance,
        fixation,
    ),
    Check::new(
        "cookie-ends-with-sign-out",
        &["CF-4"],
        "After signing out, a cookie opens nothing",
        Tokens,
        Needs::Instance,
        sign_out,
    ),
    Check::new(
        "cookie-twice-refused",
        &["HG-4"],
        "A cookie that stands twice, or beside a token, opens nothing",
        Tokens,
        Needs::Instance,
        twice,
    ),
    Check::new(
        "csrf-no-token",
        &["HG-4"],
        "A form without proof of where it comes from changes nothing",
        Tokens,
        Needs::Instance,
        no_token,
    ),
    Check::new(
        "csrf-other-token",
        &["HG-4"],
        "Nor does one with the proof of another session",
        Tokens,
        Needs::Instance,
        other_token,
    ),
    Check::new(
        "csrf-other-origin",
        &["HG-4"],
        "Nor does one from another origin, proof or not",
        Tokens,
        Needs::Instance,
        other_origin,
    ),
    Check::new(
        "csrf-json",
        &["HG-4"],
        "Nor does JSON that a page of another site could send",
        Tokens,
        Needs::Instance,
        json_by_cookie,
    ),
    Check::new(
        "get-changes-nothing",
        &["HG-4"],
        "No address changes anything by being opened",
        Tokens,
        Needs::Instance,
        get_changes_nothing,
    ),
];

/// A browser in which somebody is signed in who is there for this alone.
fn browser(stand: &Stand) -> Result<(Browser, Reply)> {
    let login = stand.plain_recruit()?;
    let browser = Browser::new(stand.wire());
    let reply = browser.sign_in(&login)?;
    Ok((browser, reply))
}

/// What the account's page says of the person's name.
fn name(browser: &Browser) -> Result<String> {
    let reply = browser.wire().get("/identity/profile").header("cookie", browser.cookies()).send()?;
    Ok(reply.json()["display_name"].as_str().unwrap_or_default().to_owned())
}

fn flags(trial: &Trial) -> Result<Outcome> {
    let (_, reply) = browser(trial.stand()?)?;
    let mut sight = Sight::new("read the cookies that signing in sets");
    for cookie in reply.cookies().filter(|cookie| !cookie.contains("=;")) {
        let parts: Vec<String> = cookie.split(';').map(|part| part.trim().to_lowercase()).collect();
        let has = |flag: &str| parts.iter().any(|part| part == flag);
        sight.expect(has("httponly"), || "a script may read it".to_owned());
        sight.expect(has("samesite=lax") || has("samesite=strict"), || {
            "other sites' requests carry it".to_owned()
        });
        sight.expect(has("path=/"), || "it has another path".to_owned());
        sight.expect(!parts.iter().any(|part| part.starts_with("domain=")), || {
            "other hosts get it".to_owned()
        });
        let value = parts.first().and_then(|pair| pair.split_once('=')).map_or(0, |(_, value)| value.len());
        sight.expect(value >= 32, || format!("its value has {value} letters"));
    }
    sight.end("HttpOnly, SameSite, Path=/, no domain, a long random value")
}

fn fixation(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let planted = "A".repeat(43);
    let victim = Browser::new(stand.wire());
    victim.plant("session", &planted);
    // A planted cookie also asks for the proof of a form; the victim's own page has none for it.
    let _refused = victim.send_bare("/sign-in", &[("email", &login.email), ("password", &login.password)])?;
    let mut sight = Sight::new("signed in with a cookie that an attacker chose, and looked what it opens");
    let attacker =
        stand.wire().get("/identity/session").header("cookie", format!("session={planted}")).send()?;
    sight.expect(attacker.status == 401, || format!("the attacker's cookie is answered {}", attacker.status));
    let (own, _) = browser(stand)?;
    let first = own.session();
    own.sign_in(&login)?;
    sight.expect(own.session() != first, || "the cookie stays the same over signing in".to_owned());
    sight.end("401 for the attacker, and a new cookie at each signing in")
}

fn sign_out(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let cookies = browser.cookies();
    let mut sight = Sight::new("signed out by the page, and came back with the cookie");
    let out = browser.send("/sign-out", &[])?;
    sight.expect(matches!(out.status, 200 | 204 | 303), || format!("signing out is answered {}", out.status));
    for path in ["/identity/session", "/account"] {
        let reply = browser.wire().get(path).header("cookie", &cookies).send()?;
        sight.expect(reply.status == 401, || format!("{path} is answered {}", reply.status));
    }
    sight.end("401")
}

fn twice(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let token = trial.somebody()?.tokens()?.access;
    let (name, value) = browser.session().ok_or_else(|| Trouble::unexpected("no session"))?;
    let mut sight = Sight::new("sent a session's cookie twice, and beside a token");
    let wire = browser.wire();
    let asked = || wire.get("/identity/session");
    let cases = [
        (
            "twice in one header",
            asked().header("cookie", format!("{name}={value}; {name}={}", "B".repeat(43))),
        ),
        (
            "in two headers",
            asked().header("cookie", format!("{name}={value}")).header("cookie", format!("{name}={value}")),
        ),
        ("beside a token", asked().header("cookie", format!("{name}={value}")).bearer(&token)),
    ];
    for (what, request) in cases {
        let reply = request.send()?;
        sight.expect(reply.status == 401, || format!("{what} is answered {}", reply.status));
    }
    sight.end("401: one of the two was planted")
}

fn unchanged(sight: &mut Sight, browser: &Browser, what: &str, reply: &Reply, before: &str) -> Result<()> {
    sight.expect(reply.status == 403, || format!("{what} is answered {}", reply.status));
    sight.expect(name(browser)? == before, || format!("{what} has changed the name"));
    Ok(())
}

fn no_token(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let before = name(&browser)?;
    let mut sight = Sight::new(
        "sent forms to one's account without their token, with an empty one and with made-up ones",
    );
    let fake = "0".repeat(96);
    for token in [None, Some(""), Some("x"), Some(fake.as_str())] {
        let mut fields = vec![("display_name", "Changed By Another Site")];
        fields.extend(token.map(|token| ("csrf", token)));
        let reply = browser.send_bare("/account", &fields)?;
        unchanged(&mut sight, &browser, "it", &reply, &before)?;
    }
    // That the same form with its token is taken shows that this is what was missing.
    let reply = browser.send("/account", &[("display_name", "Changed By Oneself")])?;
    sight.expect(reply.status == 303 && name(&browser)? == "Changed By Oneself", || {
        format!("with its token it is answered {}", reply.status)
    });
    sight.end("403, and nothing changed; with its token it is taken")
}

fn other_token(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let ((mine, _), (other, _)) = (browser(stand)?, browser(stand)?);
    let before = name(&mine)?;
    let token = other.form_token()?.ok_or_else(|| Trouble::unexpected("a page has no form token"))?;
    let mut sight = Sight::new("sent a form with the token of another session");
    let reply = mine.send_bare("/account", &[("csrf", &token), ("display_name", "Changed")])?;
    unchanged(&mut sight, &mine, "it", &reply, &before)?;
    sight.end("403, and nothing changed")
}

fn other_origin(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let before = name(&browser)?;
    let token = browser.form_token()?.ok_or_else(|| Trouble::unexpected("a page has no form token"))?;
    let mut sight = Sight::new("sent a form with its token from other origins");
    let host = browser.wire().host().to_owned();
    let origins = [
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", format!("https://{host}.evil.example")),
        ("origin", format!("ftp://{host}")),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
    ];
    for (header, value) in origins {
        let request =
            browser.wire().post("/account").page().header("cookie", browser.cookies()).header(header, &value);
        let reply = request.form(&[("csrf", &token), ("display_name", "Changed")]).send()?;
        unchanged(&mut sight, &browser, &format!("{header}: {value}"), &reply, &before)?;
    }
    sight.end("403, and nothing changed")
}

fn json_by_cookie(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let before = name(&browser)?;
    let mut sight = Sight::new(
        "sent JSON by a cookie alone, as JSON and as the kinds that a form of another site can send",
    );
    for kind in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let request =
            browser.wire().request("PATCH", "/identity/profile").header("cookie", browser.cookies());
        let reply = request.body(kind, "{\"display_name\":\"Changed\"}").send()?;
        unchanged(&mut sight, &browser, kind, &reply, &before)?;
        let request = browser.wire().post("/identity/password").header("cookie", browser.cookies());
        let body = format!("{{\"current\":\"{PASSWORD}\",\"new\":\"{PASSWORD}2\"}}");
        let reply = request.body(kind, body).send()?;
        sight
            .expect(reply.status == 403, || format!("a new password as {kind} is answered {}", reply.status));
    }
    sight.end("403, and nothing changed")
}

fn get_changes_nothing(trial: &Trial) -> Result<Outcome> {
    let (browser, _) = browser(trial.stand()?)?;
    let mut sight = Sight::new("opened the addresses that forms are sent to");
    let paths = [
        "/sign-out",
        "/account?display_name=Changed",
        "/account/devices/sign-out",
        "/account/second-factor/remove",
        "/identity/sign-out",
        "/account/password?new=x",
    ];
    let before = name(&browser)?;
    for path in paths {
        let _opened = browser.wire().get(path).page().header("cookie", browser.cookies()).send()?;
        let reply = browser.wire().get("/identity/session").header("cookie", browser.cookies()).send()?;
        sight.expect(reply.status == 200, || format!("{path} has ended the session"));
    }
    sight.expect(name(&browser)? == before, || "the name has changed".to_owned());
    sight.end("nothing happens")
}
