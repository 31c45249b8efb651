//! HC-4, CL-9, CF-1: signing, keeping and ending agreements.

use std::sync::Arc;

use control_plane::AccountId;
use control_plane::agreement::{
    AgreementError, AgreementStanding, Agreements, BAA, CountersigningKey, PrintError, Signatory, Signing,
    verify,
};
use control_plane::testing::{TestPlatform, platforms};
use safeguards::{Clock as _, StoreError, sql};
use time::Duration;
use uuid::Uuid;

fn agreements(platform: &TestPlatform) -> Agreements {
    let key = Arc::new(CountersigningKey::open(platform.folder()).unwrap());
    let operator = Signatory::new("Health Coder", "Operations", "Operator").unwrap();
    Agreements::new(platform.platform.clone(), key, operator)
}

fn signing(account: AccountId, version: &str) -> Signing {
    Signing {
        account,
        person: Uuid::from_u128(9),
        from: "203.0.113.7".parse().unwrap(),
        version: version.to_owned(),
        signatory: Signatory::new("Main St Clinic LLC", "Ada Ruiz", "Owner").unwrap(),
    }
}

/// The customer has a file that proves who signed what, when and from where; nobody else has it.
#[tokio::test]
async fn a_signed_agreement_is_kept_and_proves_itself() {
    for platform in platforms().await {
        let agreements = agreements(&platform);
        let (account, other) = (platform.account("Main St Clinic").await, platform.account("Another").await);
        let standing = |account| {
            let agreements = agreements.clone();
            let now = platform.clock.now();
            async move { agreements.facts(account).await.unwrap().standing(now) }
        };
        assert_eq!(standing(account).await, AgreementStanding::NeverSigned);
        let refused = agreements.sign(signing(account, "0.9")).await;
        assert!(matches!(refused, Err(AgreementError::Replaced("1.0"))), "{refused:?}");
        assert_eq!(agreements.signatures(account).await.unwrap(), []);

        let id = agreements.sign(signing(account, "1.0")).await.unwrap();
        assert_eq!(standing(account).await, AgreementStanding::InForce);
        assert_eq!(standing(other).await, AgreementStanding::NeverSigned);
        let file = agreements.document(account, id).await.unwrap().unwrap();
        let statement = verify(&file, Some(agreements.verifying_key())).unwrap().statement;
        assert_eq!((statement.id, statement.account), (id, account.uuid()));
        assert_eq!(statement.customer.name(), "Ada Ruiz");
        assert_eq!(statement.signed_at, platform.clock.now());
        assert_eq!(statement.signed_from.to_string(), "203.0.113.7");
        assert_eq!(statement.text(), Some(&BAA[0]));
        assert_eq!(agreements.document(other, id).await.unwrap(), None, "another's agreement is not there");
        assert_eq!(agreements.signatures(other).await.unwrap(), []);
        let listed = agreements.signatures(account).await.unwrap();
        assert_eq!((listed.len(), listed[0].id, listed[0].title.as_str()), (1, id, "Owner"));
        assert_eq!(agreements.printed(&file), Err(PrintError::NotConfigured));
    }
}

/// What was signed cannot be changed or removed, not even by the database's owner.
#[tokio::test]
async fn a_signature_is_for_ever() {
    for platform in platforms().await {
        let agreements = agreements(&platform);
        let account = platform.account("Main St Clinic").await;
        agreements.sign(signing(account, "1.0")).await.unwrap();
        for store in [&platform.store, &platform.owner] {
            for statement in [
                sql("UPDATE agreement_signatures SET name = 'Eve'"),
                sql("UPDATE agreement_signatures SET signed_at = signed_at"),
                sql("DELETE FROM agreement_signatures"),
            ] {
                let refused = statement.execute(store).await;
                assert!(
                    matches!(refused, Err(StoreError::Check { .. })),
                    "{}: {refused:?}",
                    platform.database
                );
            }
        }
        assert_eq!(agreements.signatures(account).await.unwrap()[0].name, "Ada Ruiz");
    }
}

/// An agreement ends once; what is signed afterwards is a new one.
#[tokio::test]
async fn an_agreement_ends_once_and_may_begin_anew() {
    for platform in platforms().await {
        let agreements = agreements(&platform);
        let account = platform.account("Main St Clinic").await;
        let end = || agreements.terminate(account, None, "the customer asked");
        assert!(matches!(end().await, Err(AgreementError::NotInForce)), "nothing is signed");
        agreements.sign(signing(account, "1.0")).await.unwrap();
        platform.clock.advance(Duration::seconds(1));
        end().await.unwrap();
        assert!(matches!(end().await, Err(AgreementError::NotInForce)), "it has ended");
        let standing = || async { agreements.facts(account).await.unwrap().standing(platform.clock.now()) };
        assert_eq!(standing().await, AgreementStanding::Terminated);
        platform.clock.advance(Duration::days(30));
        assert_eq!(standing().await, AgreementStanding::WindowOver);
        agreements.sign(signing(account, "1.0")).await.unwrap();
        assert_eq!(standing().await, AgreementStanding::InForce, "{}", platform.database);
    }
}
