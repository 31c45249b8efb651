//! HC-10: support sees a tenant's records by the owner's grant, while it stands, and in no other way.

use std::sync::Arc;

use control_plane::accounts::{Owned, Owner};
use control_plane::error::Refusal;
use control_plane::ids::GrantId;
use control_plane::lifecycle::StepUp;
use control_plane::seams::{EnvironmentKind, HostError};
use control_plane::support::door::{self, Wanted};
use control_plane::support::{self, Asked, Grant, Outcome, Reason, Support};
use control_plane::testing::{SHOWN, ScriptedHost, TestPlatform, platforms};
use safeguards::audit;
use safeguards::sql;
use safeguards::web::{self, Connections};
use serde_json::Value;
use time::Duration;
use tokio::net::UnixListener;

use crate::builds::{Begun, begun};

const REASON: &str = "A reading of Zebulon is missing";

/// A preview that serves, and a grant of four hours for it.
struct Desk {
    begun: Begun,
    owner: Owner,
    host: Arc<ScriptedHost>,
    grant: GrantId,
}

impl Desk {
    async fn on(platform: &TestPlatform) -> Self {
        let begun = begun(platform, "olga@example.org").await;
        begun.approve(platform).await;
        let (_, host) = platform.site();
        assert!(platform.builder(&host).drain().await.unwrap());
        let owner = begun.member.owner().unwrap();
        let preview = owner.owned(platform, (begun.project, EnvironmentKind::Preview)).await.unwrap();
        let reason = Reason::parse(REASON).unwrap();
        let proof = StepUp::in_a_test();
        let grant = support::grant(platform, &owner, &preview, &reason, 4, &proof).await.unwrap();
        Self { begun, owner, host, grant }
    }

    async fn owned(&self, platform: &TestPlatform) -> Owned<Grant> {
        self.owner.owned(platform, (self.begun.project, self.grant)).await.unwrap()
    }

    async fn look(&self, platform: &TestPlatform, grant: GrantId) -> Result<String, Refusal> {
        let kim = Support::parse("Kim Doe").unwrap();
        let asked = Asked { entity: "reading".into(), record: None };
        let shown = support::look(platform, &*self.host, &kim, grant, &asked).await;
        shown.map(|shown| shown.reveal().to_owned())
    }

    /// How often the app was asked.
    fn asked(&self) -> usize {
        self.host.asked().iter().filter(|asked| asked.starts_with("look")).count()
    }

    async fn outcomes(&self, platform: &TestPlatform) -> Vec<Outcome> {
        let looks = support::looks(platform, &self.owned(platform).await).await.unwrap();
        looks.iter().map(|look| look.outcome).collect()
    }
}

#[tokio::test]
async fn hc_10_a_grant_lets_support_look_and_its_owner_is_told() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        assert_eq!(desk.look(&platform, desk.grant).await.unwrap(), SHOWN);
        let asked = desk.host.asked().pop().unwrap();
        let request: Value = serde_json::from_str(asked.strip_prefix("look ").unwrap()).unwrap();
        assert_eq!(request["grant"], desk.grant.to_string());
        assert_eq!((&request["reason"], &request["support"]), (&REASON.into(), &"Kim Doe".into()));
        assert!(request["until"].as_str().unwrap().starts_with("2026-11-26T13:"), "{request}");
        let looks = support::looks(&platform, &desk.owned(&platform).await).await.unwrap();
        assert_eq!((looks.len(), looks[0].support.as_str(), looks[0].one), (1, "Kim Doe", false));
        assert_eq!(looks[0].outcome, Outcome::Shown);

        // The platform's own log says the same, to the same account.
        let account = desk.owner.account().uuid();
        let seen = audit::activity(&platform.store, account, None, None, 100).await.unwrap();
        let told = seen.iter().filter(|seen| seen.entity.as_deref() == Some("support grant"));
        assert_eq!(told.clone().count(), 2, "given, and looked");
        assert!(
            told.clone().any(|seen| seen.actor == "system:platform-support"
                && seen.recipient.as_deref() == Some("Kim Doe"))
        );
    }
}

/// Nothing is shown by a grant that was never given, has expired or was revoked: the app is not even asked.
#[tokio::test]
async fn hc_10_without_a_grant_that_stands_nobody_is_asked() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let forbidden = |refused: Result<String, Refusal>, when: &str| {
            assert!(
                matches!(refused, Err(Refusal::Forbidden(_))),
                "{}, {when}: {refused:?}",
                platform.database
            );
        };
        forbidden(desk.look(&platform, GrantId::new(platform.ids.next())).await, "never given");
        // It stood when the list of grants was read, and ends before the look.
        platform.clock.advance(Duration::hours(4));
        forbidden(desk.look(&platform, desk.grant).await, "expired");
        let again = Desk { grant: regranted(&platform, &desk).await, ..desk };
        support::revoke(&platform, &again.owner, &again.owned(&platform).await).await.unwrap();
        forbidden(again.look(&platform, again.grant).await, "revoked");
        let twice = support::revoke(&platform, &again.owner, &again.owned(&platform).await).await;
        assert!(matches!(twice, Err(Refusal::Conflict(_))), "{twice:?}");
        assert_eq!(again.asked(), 0);
        assert_eq!(again.outcomes(&platform).await, []);
        let denied = audit::activity(&platform.store, uuid::Uuid::nil(), None, None, 100).await.unwrap();
        assert_eq!(denied.iter().filter(|seen| seen.action == audit::Action::Denied).count(), 3);
    }
}

async fn regranted(platform: &TestPlatform, desk: &Desk) -> GrantId {
    let preview = desk.owner.owned(platform, (desk.begun.project, EnvironmentKind::Preview)).await.unwrap();
    let (reason, proof) = (Reason::parse(REASON).unwrap(), StepUp::in_a_test());
    support::grant(platform, &desk.owner, &preview, &reason, 1, &proof).await.unwrap()
}

/// Revoked or expired while the app is at it: the app may have written its log, and nobody is shown anything.
#[tokio::test]
async fn hc_10_a_grant_that_ends_meanwhile_shows_nothing() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let clock = platform.clock.clone();
        desk.host.meanwhile(move || {
            clock.advance(Duration::hours(4));
            Box::pin(async { Ok(()) })
        });
        let expired = desk.look(&platform, desk.grant).await;
        assert!(
            matches!(expired, Err(Refusal::Forbidden(why)) if why.contains("ended while")),
            "{expired:?}"
        );
        assert_eq!(desk.outcomes(&platform).await, [Outcome::Withheld]);

        let desk = Desk { grant: regranted(&platform, &desk).await, ..desk };
        let (inner, owner, grant) =
            (platform.platform.clone(), desk.owner.clone(), desk.owned(&platform).await);
        desk.host.meanwhile(move || {
            Box::pin(async move {
                support::revoke(&inner, &owner, &grant).await.unwrap();
                Ok(())
            })
        });
        let revoked = desk.look(&platform, desk.grant).await;
        assert!(
            matches!(revoked, Err(Refusal::Forbidden(why)) if why.contains("ended while")),
            "{revoked:?}"
        );
        assert_eq!(desk.outcomes(&platform).await, [Outcome::Withheld]);
        assert_eq!(desk.asked(), 2);
    }
}

/// The logs come first: without the app's own nothing is shown, and without the platform's the app is not asked.
#[tokio::test]
async fn hc_10_without_a_log_nothing_is_shown() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let why = "the app's `support-look` failed: the audit log cannot be written";
        desk.host.fail("look", HostError::Version(why.into()));
        let refused = desk.look(&platform, desk.grant).await;
        assert!(matches!(&refused, Err(Refusal::Conflict(words)) if words.contains(why)), "{refused:?}");
        assert_eq!(desk.outcomes(&platform).await, [Outcome::Failed]);

        let breaking = if platform.database == "postgres" {
            "ALTER TABLE audit_identities ADD CONSTRAINT broken CHECK (false) NOT VALID"
        } else {
            "CREATE TRIGGER broken BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END"
        };
        let breaking: &'static str = breaking;
        sql(breaking).execute(&platform.owner).await.unwrap();
        let refused = desk.look(&platform, desk.grant).await;
        assert!(matches!(refused, Err(Refusal::Audit(_))), "{refused:?}");
        assert_eq!(desk.asked(), 1, "only by the look before");
        let revoked = support::revoke(&platform, &desk.owner, &desk.owned(&platform).await).await;
        assert!(matches!(revoked, Err(Refusal::Audit(_))), "{revoked:?}");
    }
}

/// HC-6: what an owner writes may name somebody, so it lies sealed and stands in no line.
#[tokio::test]
async fn hc_10_the_reason_is_sealed_and_never_printed() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let row = sql("SELECT reason FROM support_grants").fetch_one(&platform.store).await.unwrap();
        let kept = row.bytes("reason").unwrap();
        assert!(!kept.windows(7).any(|window| window == b"Zebulon"));
        let grant = desk.owned(&platform).await;
        let reason = support::reason(&platform, &grant).await.unwrap().unwrap();
        assert_eq!(reason.reveal(), REASON);
        assert!(!format!("{reason:?} {:?}", Grant::clone(&grant)).contains("Zebulon"));
        desk.look(&platform, desk.grant).await.unwrap();
        assert!(!platform.log.all().join("\n").contains("Zebulon"));
        assert!(Reason::parse("  \n ").is_err() && Reason::parse(&"a".repeat(501)).is_err());
    }
}

/// People of the platform come in by a socket of the machine, where they see the grants that stand and look by them.
#[tokio::test]
async fn hc_10_support_comes_in_by_a_socket_of_the_machine() {
    for platform in platforms().await {
        let desk = Desk::on(&platform).await;
        let socket = platform.folder().join("support.sock");
        let routes = door::routes(platform.platform.clone(), desk.host.clone());
        let listener = UnixListener::bind(&socket).unwrap();
        let serving =
            tokio::spawn(web::serve(listener, routes, Connections::default(), std::future::pending()));
        let grants = door::ask(&socket, "/grants", None).await.unwrap();
        assert_eq!(
            (&grants[0]["reason"], &grants[0]["kind"]),
            (&REASON.into(), &"preview".into()),
            "{grants}"
        );
        let asked = Asked { entity: "reading".into(), record: Some(platform.ids.next()) };
        let wanted = Wanted { support: "Kim Doe".into(), asked };
        let path = format!("/grants/{}/looks", desk.grant);
        let shown = door::ask(&socket, &path, Some(&wanted)).await.unwrap();
        assert_eq!(shown, serde_json::from_str::<Value>(SHOWN).unwrap());
        let nobody = Wanted { support: " ".into(), ..wanted };
        let refused = door::ask(&socket, &path, Some(&nobody)).await.unwrap_err().to_string();
        assert!(refused.contains("Say who looks"), "{refused}");
        support::revoke(&platform, &desk.owner, &desk.owned(&platform).await).await.unwrap();
        assert_eq!(door::ask(&socket, "/grants", None).await.unwrap(), Value::Array(Vec::new()));
        let wanted = Wanted { support: "Kim Doe".into(), ..nobody };
        let refused = door::ask(&socket, &path, Some(&wanted)).await.unwrap_err().to_string();
        assert!(refused.contains("No such grant stands"), "{refused}");
        serving.abort();
        let away = door::ask(&platform.folder().join("none.sock"), "/grants", None).await.unwrap_err();
        assert!(away.to_string().contains("does not run"), "{away}");
    }
}
