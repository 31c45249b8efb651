//! HC-13: a company that is not on the register, or with whom no agreement is attested, is not called.

use control_plane::processors::{self, Data, NotPermitted};
use control_plane::testing::platforms;

#[tokio::test]
async fn nobody_is_called_whom_the_register_does_not_permit() {
    for platform in platforms().await {
        let ask =
            async |key: &str, data| processors::permit(&platform, key, data).await.map(|permit| permit.key());
        assert_eq!(ask("stripe", Data::Account).await, Ok("stripe"));
        assert!(matches!(ask("stripe", Data::Health).await, Err(NotPermitted::TooMuch(_))));
        assert!(matches!(ask("segment", Data::Account).await, Err(NotPermitted::Unknown(_))));
        assert!(matches!(ask("aws", Data::Health).await, Err(NotPermitted::NotAttested(..))));
        processors::attest(&platform, "aws", "AWS BAA of 2 March 2026", false).await.unwrap();
        assert_eq!(ask("aws", Data::Health).await, Ok("aws"));
        processors::attest(&platform, "aws", "AWS BAA of 3 March 2026", false).await.unwrap();
        let lines = processors::register(&platform).await.unwrap();
        let attested = lines.iter().find_map(|line| line.attestation.as_ref()).unwrap();
        assert_eq!(attested.agreement, "AWS BAA of 3 March 2026");
        processors::withdraw(&platform, "aws").await.unwrap();
        assert!(matches!(ask("aws", Data::Health).await, Err(NotPermitted::NotAttested(..))));
        assert!(processors::attest(&platform, "aws", " ", false).await.is_err());
        assert!(processors::attest(&platform, "segment", "x", true).await.is_err());
    }
}
