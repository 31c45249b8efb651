//! What a password must be, and what changing it does.

use serde_json::json;

use crate::check::{Check, Group::Identity, Needs};
use crate::outcome::{Outcome, Sight};
use crate::people::{Login, Tokens, first_step, sign_in};
use crate::recruits::{OTHER_PASSWORD, PASSWORD};
use crate::trial::{Stand, Trial};
use crate::trouble::Result;

use super::sessions::{opens, renew};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "password-length",
        &["CF-16"],
        "Fifteen characters where there is no second factor",
        Identity,
        Needs::Instance,
        length,
    ),
    Check::new(
        "password-classes",
        &["CF-16"],
        "Three kinds of characters",
        Identity,
        Needs::Instance,
        classes,
    ),
    Check::new("password-sequences", &["CF-16"], "No obvious sequence", Identity, Needs::Instance, sequences),
    Check::new(
        "password-user-name",
        &["CF-16"],
        "No part of one's own address",
        Identity,
        Needs::Instance,
        user_name,
    ),
    Check::new(
        "password-common",
        &["CL-5", "CF-16"],
        "None of those that leaked everywhere, however decorated",
        Identity,
        Needs::Instance,
        common,
    ),
    Check::new(
        "password-long",
        &["CF-16", "HG-4"],
        "A long one is taken whole; an endless one is refused",
        Identity,
        Needs::Instance,
        long,
    ),
    Check::new(
        "password-needs-current",
        &["CF-16", "HG-4"],
        "A new one wants the current one",
        Identity,
        Needs::Instance,
        current,
    ),
    Check::new(
        "password-change-ends-sessions",
        &["CF-12", "HG-4"],
        "A new one ends all other sessions, and the old one opens nothing",
        Identity,
        Needs::Instance,
        ends_sessions,
    ),
];

/// Somebody who is signed in, and changes their password.
struct Changing<'s> {
    stand: &'s Stand,
    login: std::rc::Rc<Login>,
    tokens: Tokens,
}

impl<'s> Changing<'s> {
    fn new(trial: &'s Trial) -> Result<Self> {
        let stand = trial.stand()?;
        let login = stand.plain_recruit()?;
        let tokens = sign_in(stand.wire(), &login)?;
        Ok(Self { stand, login, tokens })
    }

    fn change(&self, current: &str, new: &str) -> Result<u16> {
        let wire = self.stand.wire().elsewhere();
        let body = json!({ "current": current, "new": new });
        Ok(wire.post("/identity/password").bearer(&self.tokens.access).json(&body).send()?.status)
    }

    /// Whether a password is taken; the account has it then.
    fn refused(&self, new: &str) -> Result<u16> {
        self.change(PASSWORD, new)
    }
}

fn each_refused(trial: &Trial, did: &str, passwords: &[&str]) -> Result<Outcome> {
    let changing = Changing::new(trial)?;
    let mut sight = Sight::new(did);
    for password in passwords {
        let status = changing.refused(password)?;
        let letters = password.chars().count();
        sight.expect(status == 422, || format!("one of {letters} characters is answered {status}"));
    }
    let still = first_step(changing.stand.wire(), &changing.login)?;
    sight.expect(still.is_success(), || "the password has changed".to_owned());
    sight.end("422, and the password stays")
}

fn length(trial: &Trial) -> Result<Outcome> {
    each_refused(
        trial,
        "chose passwords of 1 to 14 characters",
        &["", "K", "Kest%62", "Kestrel%62O", "Kestrel%62Ovat"],
    )
}

fn classes(trial: &Trial) -> Result<Outcome> {
    each_refused(
        trial,
        "chose long passwords of one and two kinds of characters",
        &[
            "kestrelovationplumtower",
            "KESTRELOVATIONPLUM",
            "kestrel62ovation85plum",
            "KestrelOvationPlumTower",
        ],
    )
}

fn sequences(trial: &Trial) -> Result<Outcome> {
    each_refused(
        trial,
        "chose passwords with runs of letters, digits and keys in them",
        &[
            "Kestrel%1234Ovation",
            "Kestrel%abcdOvat62",
            "Kestrel%aaaaOvat62",
            "Kestrel%qwerOvat62",
            "Kestrel%4321Ovation",
        ],
    )
}

fn user_name(trial: &Trial) -> Result<Outcome> {
    let changing = Changing::new(trial)?;
    let name = changing.login.email.split('@').next().unwrap_or_default().to_owned();
    let mut sight = Sight::new("chose passwords with the own user name in them");
    for password in [format!("Kestrel%62{name}"), format!("{}%62Kestrel", name.to_uppercase())] {
        let status = changing.refused(&password)?;
        sight.expect(status == 422, || format!("it is answered {status}"));
    }
    sight.end("422")
}

fn common(trial: &Trial) -> Result<Outcome> {
    each_refused(
        trial,
        "chose words that leaked everywhere, with digits and signs around them",
        &[
            "Password!!!2026!!!",
            "!!!P@ssw0rd!!!2026",
            "Welcome!!!!!!2026",
            "Sunshine!!!!!!!99",
            "Dragon!!!!!!!!!!99",
        ],
    )
}

fn long(trial: &Trial) -> Result<Outcome> {
    let changing = Changing::new(trial)?;
    let mut sight = Sight::new("chose a password of 100 characters, and one of 100,000");
    let endless = format!("Kestrel%62{}", "Ovation plum tower ".repeat(6_000));
    let status = changing.refused(&endless)?;
    sight.expect(matches!(status, 413 | 422), || format!("the endless one is answered {status}"));
    let whole =
        "Kestrel 62 ovation plüm tower marzipan gondola fjord harbour lantern meadow quartz thimble orbit";
    let status = changing.refused(whole)?;
    sight.expect(status == 204, || format!("the long one is answered {status}"));
    let cut: String = whole.chars().take(72).collect();
    let mut login = Login {
        role: String::new(),
        email: changing.login.email.clone(),
        password: cut,
        authenticator: None,
    };
    sight.expect(!first_step(changing.stand.wire(), &login)?.is_success(), || {
        "its first 72 characters are enough".to_owned()
    });
    login.password = whole.to_owned();
    sight.expect(first_step(changing.stand.wire(), &login)?.is_success(), || "it does not open".to_owned());
    sight.end("the long one is taken to its last character; the endless one is refused")
}

fn current(trial: &Trial) -> Result<Outcome> {
    let changing = Changing::new(trial)?;
    let mut sight = Sight::new("changed a password without the current one");
    for current in ["", "Wrong%Guess77Tower", OTHER_PASSWORD] {
        let status = changing.change(current, OTHER_PASSWORD)?;
        sight.expect(matches!(status, 401 | 403 | 422), || format!("it is answered {status}"));
    }
    let still = first_step(changing.stand.wire(), &changing.login)?;
    sight.expect(still.is_success(), || "the password has changed".to_owned());
    sight.end("refused, and the password stays")
}

fn ends_sessions(trial: &Trial) -> Result<Outcome> {
    let changing = Changing::new(trial)?;
    let wire = changing.stand.wire();
    let other = sign_in(wire, &changing.login)?;
    let mut sight = Sight::new("changed a password beside another session");
    let status = changing.change(PASSWORD, OTHER_PASSWORD)?;
    sight.expect(status == 204, || format!("it is answered {status}"));
    sight.expect(!opens(wire, &other)?, || "the other session still opens".to_owned());
    sight.expect(!renew(wire, &other.refresh)?.is_success(), || "the other session is renewed".to_owned());
    sight.expect(!first_step(wire, &changing.login)?.is_success(), || {
        "the old password still opens".to_owned()
    });
    let new = Login {
        role: String::new(),
        email: changing.login.email.clone(),
        password: OTHER_PASSWORD.into(),
        authenticator: None,
    };
    sight.expect(first_step(wire, &new)?.is_success(), || "the new password does not open".to_owned());
    sight.end("401 for the other session and the old password")
}
