//! Organisation keys in their table, on both databases.

use safeguards::crypto::{Binding, FileKeyService, KeyError, KeyService, Keys, Purpose};
use safeguards::{ManualClock, Store, sql, testing};
use std::sync::Arc;
use time::macros::datetime;
use uuid::Uuid;

const CLINIC: Uuid = Uuid::from_u128(2);

fn place() -> Binding {
    let id = Uuid::from_u128;
    Binding { environment: id(1), organisation: CLINIC, entity: 1, field: 1, row: id(5) }
}

fn keys(service: &Arc<FileKeyService>, store: &Store) -> Keys {
    let clock = Arc::new(ManualClock::at(datetime!(2026-11-23 12:00 UTC)));
    Keys::new(Uuid::from_u128(1), Arc::clone(service) as Arc<dyn KeyService>, store.clone(), clock)
}

/// CF-5: a second process opens what the first sealed, before and after a rotation.
#[tokio::test]
async fn a_ring_is_shared_through_its_table() {
    for database in testing::both().await {
        let folder = tempfile::tempdir().unwrap();
        let service = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
        let (one, two) = (keys(&service, &database.store), keys(&service, &database.store));
        assert!(matches!(one.ring(CLINIC).await, Err(KeyError::Missing)));
        let ring = one.create(CLINIC).await.unwrap();
        let again = two.create(CLINIC).await.unwrap();
        let index = |ring: &safeguards::crypto::KeyRing| ring.blind_index(1, 1, "x").unwrap();
        assert_eq!(index(&ring), index(&again), "the second creation kept the first keys");
        let old = ring.seal(Purpose::Field, &place(), b"old").unwrap();
        assert_eq!(
            &two.ring(CLINIC).await.unwrap().open(Purpose::Field, &place(), &old).unwrap()[..],
            b"old"
        );

        assert_eq!(one.rotate(CLINIC).await.unwrap(), 2);
        let new = one.ring(CLINIC).await.unwrap().seal(Purpose::Field, &place(), b"new").unwrap();
        let stale = two.ring(CLINIC).await.unwrap();
        assert!(matches!(stale.open(Purpose::Field, &place(), &new), Err(KeyError::UnknownGeneration(2))));
        let fresh = two.reload(CLINIC).await.unwrap();
        assert_eq!(&fresh.open(Purpose::Field, &place(), &new).unwrap()[..], b"new");
        assert_eq!(&fresh.open(Purpose::Field, &place(), &old).unwrap()[..], b"old");
    }
}

/// CF-5: rotating the root rewraps keys and touches no data; destroying an organisation's keys ends its data.
#[tokio::test]
async fn keys_are_rewrapped_and_destroyed_by_the_owner() {
    for database in testing::both().await {
        let folder = tempfile::tempdir().unwrap();
        let service = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
        let owner = keys(&service, &database.owner);
        let sealed = owner.create(CLINIC).await.unwrap().seal(Purpose::Field, &place(), b"x").unwrap();
        let wrapped = || async {
            let rows =
                sql("SELECT wrapped FROM organisation_keys ORDER BY purpose").fetch_all(&database.store);
            rows.await.unwrap().iter().map(|row| row.bytes("wrapped").unwrap()).collect::<Vec<_>>()
        };
        let before = wrapped().await;
        service.rotate().unwrap();
        assert_eq!(owner.rewrap().await.unwrap(), 2);
        let after = wrapped().await;
        assert!(before.iter().zip(&after).all(|(old, new)| old[..5] != new[..5]));
        let opened = keys(&service, &database.store).ring(CLINIC).await.unwrap();
        assert_eq!(&opened.open(Purpose::Field, &place(), &sealed).unwrap()[..], b"x");

        owner.destroy(CLINIC).await.unwrap();
        assert!(matches!(owner.ring(CLINIC).await, Err(KeyError::Missing)));
    }
}

/// CL-6: the app's own role on PostgreSQL can neither replace nor remove a key.
#[tokio::test]
async fn the_app_cannot_destroy_keys() {
    let database = testing::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let service = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
    let app = keys(&service, &database.store);
    app.create(CLINIC).await.unwrap();
    assert!(matches!(app.destroy(CLINIC).await, Err(KeyError::Store(safeguards::StoreError::Forbidden))));
    assert!(matches!(app.rewrap().await, Err(KeyError::Store(safeguards::StoreError::Forbidden))));
    assert!(app.ring(CLINIC).await.is_ok());
}
