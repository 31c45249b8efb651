//! What a change of an app deletes or opens is said before it is approved, and typed where people's records are.

use control_plane::accounts::Owned;
use control_plane::agreement::{AgreementText, Signatory, Signing};
use control_plane::billing::Billing;
use control_plane::builds;
use control_plane::changes::{self, Compared};
use control_plane::seams::EnvironmentKind;
use control_plane::testing::{TestPlatform, platforms};
use control_plane::versions::{self, Version};
use safeguards::Clock as _;

use crate::builds::{Begun, begun};

/// The next version: without what is measured second, and with nurses who see all readings.
async fn less_and_wider(platform: &TestPlatform, begun: &Begun) -> Owned<Version> {
    let (text, _) = versions::read(platform, &begun.version(platform).await).await.unwrap();
    let mut document = spec::read(&text).document;
    let reading = document.entities.iter_mut().find(|(name, _)| name.as_str() == "reading");
    let (_, reading) = reading.expect("readings are kept");
    reading.fields.retain(|name, _| name.as_str() != "diastolic");
    let access = reading.access.as_mut().expect("it says who may do what");
    access.insert("nurse".parse().unwrap(), "view in organisation".parse().unwrap());
    versions::submit(platform, &begun.project(platform).await, &document.to_yaml()).await.unwrap();
    begun.version(platform).await
}

async fn compared(platform: &TestPlatform, version: &Owned<Version>) -> Option<Compared> {
    changes::of(platform, version).await.unwrap()
}

async fn open_production(platform: &TestPlatform, begun: &Begun, payments: &Billing) {
    let (site, _) = platform.site();
    payments.grant(begun.member.account(), None).await.unwrap();
    let signing = Signing {
        account: begun.member.account(),
        person: begun.member.person().uuid(),
        from: "203.0.113.7".parse().unwrap(),
        version: AgreementText::newest(platform.clock.now()).version.to_owned(),
        signatory: Signatory::new("Clinic LLC", "Olga Owner", "Owner").unwrap(),
    };
    site.agreements.sign(signing).await.unwrap();
}

#[tokio::test]
async fn what_a_change_deletes_or_opens_is_typed_where_people_have_records() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        let first = begun.version(&platform).await;
        assert!(compared(&platform, &first).await.is_none(), "there is nothing to compare a first plan with");
        begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());

        // Beside a preview, whose records are made up, it is said and not typed.
        let next = less_and_wider(&platform, &begun).await;
        let said = compared(&platform, &next).await.unwrap();
        assert_eq!((said.with, said.serves), (1, Some(EnvironmentKind::Preview)));
        let lost = said.difference.losses.join(" ");
        assert!(lost.contains("Diastolic of readings is removed"), "{lost}");
        let opened: Vec<String> = said.difference.opened().collect();
        assert!(opened.iter().any(|opened| opened.starts_with("nurse may view reading")), "{opened:?}");
        assert!(!said.wants_confirmation());

        let payments = Billing::new(platform.platform.clone(), None);
        open_production(&platform, &begun, &payments).await;
        let (project, production) = (begun.project(&platform).await, EnvironmentKind::Production);
        let first: Owned<Version> = begun.member.owned(&platform, (begun.project, first.id)).await.unwrap();
        builds::again(&platform, &payments, &project, &first, production, None).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());

        let said = compared(&platform, &next).await.unwrap();
        assert!(said.serves == Some(production) && said.wants_confirmation());
        let digest = next.digest.clone();
        for typed in [None, Some(""), Some("yes"), Some("Another app")] {
            let refused =
                builds::approve(&platform, &project, &next, &digest, typed).await.unwrap_err().to_string();
            assert!(refused.contains("Type the app's name") && refused.contains("Diastolic"), "{refused}");
        }
        builds::approve(&platform, &project, &next, &digest, Some(&said.app)).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());

        let deployed = || host.asked().iter().filter(|asked| *asked == "deploy").count();
        let before = deployed();
        let next = begun.version(&platform).await;
        assert!(builds::again(&platform, &payments, &project, &next, production, None).await.is_err());
        let typed = Some(said.app.as_str());
        builds::again(&platform, &payments, &project, &next, production, typed).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(deployed(), before + 1);
        assert!(compared(&platform, &next).await.is_none(), "it serves");
    }
}
