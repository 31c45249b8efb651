//! A fault for every call of KMS: what passes is ridden out, what lasts is said, and neither is taken for the other.

use control_plane::host::key_agent::RootKeys;
use safeguards::crypto::{KeyError, KeyService, WrappedKey};

use crate::cloud::Fault;
use crate::keys::{ONE, Scene, place};

const LASTING: usize = 99;

async fn ask(key: &dyn KeyService, operation: &str, wrapped: &WrappedKey) -> Result<(), KeyError> {
    let at = place(ONE, 7);
    match operation {
        "GenerateDataKey" => key.generate(&at).await.map(drop),
        "Decrypt" => key.unwrap(&at, wrapped).await.map(drop),
        "ReEncrypt" => key.rewrap(&at, wrapped).await.map(drop),
        "RotateKeyOnDemand" => key.rotate_root().await,
        "DescribeKey" => key.describe().await.map(drop),
        other => panic!("{other}"),
    }
}

const CALLS: [&str; 5] = ["GenerateDataKey", "Decrypt", "ReEncrypt", "RotateKeyOnDemand", "DescribeKey"];

/// Busy, gone, silent or broken off for a moment: nobody notices.
#[tokio::test]
async fn what_passes_is_ridden_out() {
    let scene = Scene::new().await;
    let key = scene.key(ONE).await;
    let (_, wrapped) = key.generate(&place(ONE, 7)).await.unwrap();
    for operation in CALLS {
        for fault in [
            Fault::Answer(400, "ThrottlingException"),
            Fault::Answer(500, "KMSInternalException"),
            Fault::Cut,
            Fault::Silence,
        ] {
            scene.cloud.spoil(operation, fault, 1);
            let asked = ask(&*key, operation, &wrapped).await;
            assert!(asked.is_ok(), "{operation}, {fault:?}: {asked:?}");
        }
    }
}

/// Busy or gone for longer is silence, which held keys bridge; denied and disabled is a refusal, which they do not. No
/// text of an answer is passed on.
#[tokio::test]
async fn silence_and_refusal_are_told_apart() {
    let scene = Scene::new().await;
    let key = scene.key(ONE).await;
    let (_, wrapped) = key.generate(&place(ONE, 7)).await.unwrap();
    let cases = [
        (Fault::Answer(400, "ThrottlingException"), "asked too much"),
        (Fault::Answer(500, "KMSInternalException"), "does not answer"),
        (Fault::Answer(400, "KeyUnavailableException"), "does not answer"),
        (Fault::Cut, "does not answer"),
        (Fault::Answer(400, "AccessDeniedException"), "denies"),
        (Fault::Answer(400, "UnrecognizedClientException"), "denies"),
        (Fault::Answer(400, "DisabledException"), "is disabled"),
        (Fault::Answer(400, "ValidationException"), "refuses"),
    ];
    for operation in CALLS {
        for (fault, said) in cases {
            scene.cloud.spoil(operation, fault, LASTING);
            let error = ask(&*key, operation, &wrapped).await.unwrap_err();
            let bridged = matches!(error, KeyError::Unavailable(_));
            assert_eq!(bridged, said == "asked too much" || said == "does not answer", "{fault:?}: {error}");
            let words = error.to_string();
            assert!(words.contains(said) && !words.contains("secret"), "{operation}, {fault:?}: {words}");
            scene.cloud.mend();
        }
        scene.cloud.spoil(operation, Fault::Answer(400, "NotFoundException"), LASTING);
        let missing = ask(&*key, operation, &wrapped).await;
        assert!(matches!(missing, Err(KeyError::Missing)), "{operation}: {missing:?}");
        scene.cloud.mend();
    }
}

/// The calls of an environment's beginning and end: each may fail, and asking again goes on from there.
#[tokio::test]
async fn beginning_and_end_go_on_after_a_refusal() {
    let scene = Scene::new().await;
    let denied = Fault::Answer(400, "AccessDeniedException");
    for operation in ["DescribeKey", "CreateKey", "CreateAlias", "EnableKeyRotation"] {
        scene.cloud.spoil(operation, denied, 1);
        let refused = scene.roots.create(ONE).await;
        assert!(matches!(refused, Err(KeyError::Refused(_))), "{operation}: {refused:?}");
    }
    scene.roots.create(ONE).await.unwrap();
    assert_eq!(scene.cloud.heard("CreateKey").len(), 2, "the refused one, and one");
    for (operation, fault) in
        [("DescribeKey", denied), ("ScheduleKeyDeletion", denied), ("ScheduleKeyDeletion", Fault::Cut)]
    {
        scene.cloud.spoil(operation, fault, 3);
        let refused = scene.roots.destroy(ONE).await;
        assert!(refused.is_err(), "{operation}: {refused:?}");
        scene.cloud.mend();
        scene.roots.open(ONE).await.unwrap();
    }
    scene.roots.destroy(ONE).await.unwrap();
    assert!(matches!(scene.roots.open(ONE).await.map(drop), Err(KeyError::Destroying(_))));
}
