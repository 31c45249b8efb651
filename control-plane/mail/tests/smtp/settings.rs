//! What the operator tells is judged at the start, and no secret is printed.

use std::sync::Arc;

use control_plane::processors::{self, Data, Permit};
use control_plane::seams::{NoticeError, Notices};
use control_plane::testing::platform_on;
use control_plane_mail::{Secret, Settings, SettingsError, Smtp};

use crate::sink::Sink;
use crate::telling::notice;

pub(crate) async fn permit() -> Permit {
    let platform = platform_on("sqlite").await;
    processors::permit(&platform.platform, "mail", Data::Account).await.unwrap()
}

#[tokio::test]
async fn settings_are_judged_at_the_start() {
    let permit = permit().await;
    let make = |settings: &Settings| Smtp::new(settings, &permit).map(drop);
    let lawful = Settings::new("smtp.example.org", "no-reply@example.org");
    assert_eq!(make(&lawful), Ok(()));
    for host in ["", "smtp.example.org:587", "https://smtp.example.org", "smtp example"] {
        let wrong = Settings { host: host.into(), ..lawful.clone() };
        assert_eq!(make(&wrong), Err(SettingsError::Host(host.into())));
    }
    for from in ["", "nobody", "a@b@c"] {
        let wrong = Settings { from: from.into(), ..lawful.clone() };
        assert_eq!(make(&wrong), Err(SettingsError::From(from.into())));
    }
    let wrong = Settings { authority: Some("no certificate".into()), ..lawful.clone() };
    assert_eq!(make(&wrong), Err(SettingsError::Authority));
    // HC-9: no password goes over a wire in the clear.
    for host in ["localhost", "127.0.0.1", "::1"] {
        let user = Some(("ada".to_owned(), Secret::new("heron-violin-77")));
        let wrong = Settings { host: host.into(), user, ..lawful.clone() };
        assert_eq!(make(&wrong), Err(SettingsError::PasswordInTheClear));
        assert!(!format!("{wrong:?}").contains("heron"), "{wrong:?}");
    }
}

/// HC-13: another company's permit opens nothing here.
#[tokio::test]
async fn hc_13_another_permit_is_refused() {
    let platform = platform_on("sqlite").await;
    let other = processors::permit(&platform.platform, "stripe", Data::Account).await.unwrap();
    let settings = Settings::new("smtp.example.org", "no-reply@example.org");
    assert_eq!(Smtp::new(&settings, &other).map(drop), Err(SettingsError::Permit));
}

/// HC-9: nothing is told to a server without TLS, or to one whose certificate is another's or nobody's; the notice waits,
/// and no message was taken.
#[tokio::test]
async fn hc_9_nothing_is_told_without_tls_to_the_right_server() {
    let (permit, secure) = (permit().await, Sink::secure().await);
    let (clear, stranger) = (Sink::clear().await, Sink::certified_for("other.example").await);
    // A server in the clear, of which TLS is expected.
    let stripped = Settings { authority: secure.authority.clone(), ..clear.settings() };
    // A certificate for another name, and one of an authority that nobody trusts.
    let other_name = stranger.settings();
    let untrusted = Settings { authority: stranger.authority.clone(), ..secure.settings() };
    for settings in [stripped, other_name, untrusted] {
        let smtp: Arc<dyn Notices> = Arc::new(Smtp::new(&settings, &permit).unwrap());
        let told = smtp.send(&notice("departure-1-30-0")).await;
        assert!(matches!(told, Err(NoticeError::Later(_))), "{settings:?}: {told:?}");
    }
    for sink in [&secure, &clear, &stranger] {
        assert_eq!(sink.messages(), Vec::<String>::new());
    }
    // A wrong password is the operator's to mend: the notice waits for that.
    let mut settings = secure.settings();
    settings.user = Some(("healthcoder".into(), Secret::new("wrong")));
    let told = Smtp::new(&settings, &permit).unwrap().send(&notice("departure-1-30-0")).await;
    let Err(NoticeError::Later(words)) = told else { panic!("{told:?}") };
    assert_eq!(words, "the mail server answered 535");
    // The control: with the right ones it is taken, on loopback in the clear too.
    for sink in [&secure, &clear] {
        let smtp = Smtp::new(&sink.settings(), &permit).unwrap();
        smtp.send(&notice("departure-1-30-0")).await.unwrap();
        assert_eq!(sink.messages().len(), 1);
    }
}
