//! Who came by a provider shows there that it is still them, since they have no password here.

use axum::http::{StatusCode, header};
use safeguards::Clock as _;
use safeguards::sql;
use serde_json::{Value, json};
use time::Duration;

use super::{Begun, Came, Directory};

impl Directory {
    /// Whether the newest session was proved within the last ten minutes.
    async fn is_proved(&self) -> bool {
        let row =
            sql("SELECT proved_at FROM sessions WHERE ended_at IS NULL ORDER BY started_at DESC LIMIT 1")
                .fetch_one(&self.clinic.database.owner)
                .await
                .unwrap();
        let proved = row.optional_timestamp("proved_at").unwrap();
        proved.is_some_and(|at| self.clinic.clock.now() - at <= Duration::minutes(10))
    }

    /// Goes to the provider with this session, and comes back with these claims in the place of the usual ones.
    async fn prove(&self, session: &str, changes: Value) -> Came {
        let (begun, to) = self.begin_at("/account/proof/sso?to=/chart", session).await;
        assert!(to.contains("prompt=login") && to.contains("max_age=0"), "it is told to ask: {to}");
        let mut claims = self.claims(&begun);
        claims["auth_time"] = json!(self.clinic.clock.now().unix_timestamp());
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let cookie = format!("{session}; {}", begun.cookie);
        self.come_back(&Begun { cookie, ..begun }, self.key.signed(&claims)).await
    }
}

/// CF-13: what wants a fresh proof leads who came by the provider there, and back; the provider must say that it asked.
#[tokio::test]
async fn the_provider_asks_anew_whoever_came_by_it() {
    for directory in Directory::both().await {
        let session = directory.enter(json!({})).await.session;
        directory.clinic.clock.advance(Duration::minutes(11));
        assert!(!directory.is_proved().await);
        let page = directory.came("/account/proof?to=/chart", &session).await;
        assert!(page.says.contains("Go on by Directory") && !page.says.contains("password"), "{page:?}");

        let before = directory.clinic.clock.now().unix_timestamp() - 3_600;
        for (changes, why) in [
            (json!({ "auth_time": null }), "did not ask who you are"),
            (json!({ "auth_time": before }), "did not ask who you are"),
            (json!({ "sub": "subject-2" }), "somebody else signed in"),
            (json!({ "nonce": "another" }), "cannot be believed"),
        ] {
            let came = directory.prove(&session, changes.clone()).await;
            assert_eq!((came.status, came.session.as_str()), (StatusCode::FORBIDDEN, ""), "{changes}");
            assert!(came.says.to_lowercase().contains(why), "{changes}: {}", came.says);
            assert!(!directory.is_proved().await, "{changes}");
        }
        assert_eq!(directory.people().await, 1, "nobody was made on the way");

        let came = directory.prove(&session, json!({})).await;
        assert_eq!((came.status, came.to.as_str()), (StatusCode::SEE_OTHER, "/chart"), "{came:?}");
        assert!(came.session.is_empty(), "it is the same session");
        assert!(directory.is_proved().await);
        let events = directory.clinic.events("login").await;
        assert!(events.len() == 2, "signed in, and proved again: {}", events.len());
    }
}

/// CF-13: what was begun for one session proves no other, and none that has ended.
#[tokio::test]
async fn a_proof_is_of_the_session_that_went_for_it() {
    for directory in Directory::both().await {
        let session = directory.enter(json!({})).await.session;
        directory.clinic.clock.advance(Duration::minutes(11));
        let (begun, _) = directory.begin_at("/account/proof/sso", &session).await;
        let mut claims = directory.claims(&begun);
        claims["auth_time"] = json!(directory.clinic.clock.now().unix_timestamp());
        assert_eq!(directory.send("/sign-out", "", &session).await.status(), StatusCode::SEE_OTHER);
        let came = directory.come_back(&begun, directory.key.signed(&claims)).await;
        assert_eq!((came.status, came.session.as_str()), (StatusCode::FORBIDDEN, ""), "{came:?}");
        let proved = "SELECT count(*) AS n FROM sessions WHERE proved_at > started_at";
        assert_eq!(directory.clinic.count(sql(proved)).await, 0);
        let alone = directory.ask("/account/proof/sso", "").await;
        assert_ne!(alone.status(), StatusCode::SEE_OTHER, "who is not signed in has nothing to prove");
    }
}

/// CF-14: who goes on for another purpose is still somebody of the provider: signed out there, they are signed out here.
#[tokio::test]
async fn a_session_that_goes_on_is_still_of_the_provider() {
    for directory in Directory::both().await {
        let session = directory.enter(json!({})).await.session;
        let form = format!("organisation={}&purpose=payment", directory.clinic.id);
        let switched = directory.send("/account/work", &form, &session).await;
        assert_eq!(switched.status(), StatusCode::SEE_OTHER);
        let cookie = switched.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        assert!(directory.came("/account", cookie).await.says.contains("payment"));
        directory.clinic.clock.advance(Duration::minutes(11));
        assert_eq!(directory.prove(cookie, json!({})).await.to, "/chart");

        let now = directory.clinic.clock.now().unix_timestamp();
        let out = json!({
            "iss": directory.liar.issuer(), "aud": "app", "iat": now, "exp": now + 120, "jti": "one", "sid": "there-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(directory.told(&directory.key.signed(&out)).await, StatusCode::OK);
        let open = "SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL";
        assert_eq!(directory.clinic.count(sql(open)).await, 0);
    }
}
