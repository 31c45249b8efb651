//! HC-13, CF-23: an app reaches the companies that its spec names and its owner has attested, and nobody else.

use control_plane::accounts::Owned;
use control_plane::builds;
use control_plane::environments::Environment;
use control_plane::lifecycle::StepUp;
use control_plane::outward::{self, NewHost};
use control_plane::seams::{EnvironmentKind, HostError};
use control_plane::testing::platforms;
use control_plane::versions;

use crate::builds::begun;

const NAMED: &str = "sub-processors:\n  clever models: { for: [ai], attested by: clinic owner }\n";

#[tokio::test]
async fn whom_an_app_may_reach_is_named_by_its_spec_and_attested_by_its_owner() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        let (text, _) = versions::read(&platform, &begun.version(&platform).await).await.unwrap();
        let project = begun.project(&platform).await;
        versions::submit(&platform, &project, &format!("{text}{NAMED}")).await.unwrap();
        let version = begun.version(&platform).await;
        let digest = version.digest.clone();
        builds::approve(&platform, &project, &version, &digest, None).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        let owner = begun.member.owner().unwrap();
        let preview: Owned<Environment> =
            owner.owned(&platform, (begun.project, EnvironmentKind::Preview)).await.unwrap();
        let attest = async |processor: &str, address: &str, agreement: &str| {
            let new = NewHost { processor, address, agreement };
            outward::attest(&platform, &*host, &owner, &preview, &new, &StepUp::in_a_test())
                .await
                .map_err(|refused| refused.to_string())
        };
        let told = || host.asked().into_iter().rfind(|asked| asked.starts_with("outward"));

        for (processor, address, agreement) in [
            ("some friend", "api.models.example", "BAA 1"),
            ("sign-in", "idp.example", "BAA 1"),
            ("clever models", "169.254.169.254", "BAA 1"),
            ("clever models", "localhost", "BAA 1"),
            ("clever models", "https://api.models.example", "BAA 1"),
            ("clever models", "api.models.example", " "),
        ] {
            assert!(
                attest(processor, address, agreement).await.is_err(),
                "{processor} {address} {agreement}"
            );
        }
        assert_eq!(told(), None, "nobody was told of anybody");

        attest("clever models", "API.models.example", "BAA 1").await.unwrap();
        attest("clever models", "eu.models.example:8443", "BAA 1").await.unwrap();
        let both = "outward [api.models.example:443, eu.models.example:8443]";
        assert_eq!(told().as_deref(), Some(both));

        // Closed before it is written down: a host that does not answer leaves it attested.
        let first = outward::list(&platform, preview.id).await.unwrap().remove(0);
        host.fail("outward", HostError::Unavailable("The host is away.".into()));
        assert!(
            outward::withdraw(&platform, &*host, &owner, &preview, first.id, &StepUp::in_a_test())
                .await
                .is_err()
        );
        assert_eq!(outward::list(&platform, preview.id).await.unwrap().len(), 2);
        outward::withdraw(&platform, &*host, &owner, &preview, first.id, &StepUp::in_a_test()).await.unwrap();
        assert_eq!(told().as_deref(), Some("outward [eu.models.example:8443]"));
        assert!(
            outward::withdraw(&platform, &*host, &owner, &preview, first.id, &StepUp::in_a_test())
                .await
                .is_err(),
            "it is withdrawn"
        );

        // What was cut off between the register and the host is made good by the next start.
        outward::tell_all(&platform, &*host).await.unwrap();
        assert_eq!(told().as_deref(), Some("outward [eu.models.example:8443]"));
    }
}
