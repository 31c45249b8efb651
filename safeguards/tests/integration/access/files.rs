//! CL-4, CF-5: files in sealed pieces, on both databases.

use super::world::{self, CLINIC, PATIENT, World};
use axum::body::Bytes;
use futures_util::{Stream, StreamExt};
use safeguards::access::{CHUNK, Context, Error, Interrupted, LARGEST, Result, StoredFile};
use safeguards::{sql, tenant};
use uuid::Uuid;

/// Pieces belong to an organisation that is there.
async fn worlds() -> [World; 2] {
    let worlds = world::worlds().await;
    for world in &worlds {
        sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
            .bind(CLINIC)
            .bind("Clinic")
            .bind(safeguards::Clock::now(&world.clock))
            .execute(&world.database.owner)
            .await
            .unwrap();
    }
    worlds
}

/// A document of `size` bytes in which no two pieces are alike.
fn document(size: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.extend((0_u32..).flat_map(u32::to_le_bytes).take(size - content.len()));
    content
}

fn arriving(content: &[u8]) -> impl Stream<Item = std::result::Result<Bytes, Interrupted>> + use<> {
    let parts: Vec<_> = content.chunks(10_007).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    futures_util::stream::iter(parts)
}

async fn keep(context: &Context, record: Uuid, content: &[u8]) -> Result<StoredFile> {
    context.keep_file(&PATIENT, "photo", record, "Ana Ruiz.pdf", arriving(content)).await
}

async fn attach(context: &Context, record: Uuid, version: i64, file: Option<&StoredFile>) -> Result<i64> {
    let changed =
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    let changed = changed.attach(context, &PATIENT, "photo", record, file);
    changed.update(context, &PATIENT, safeguards::access::Action::Update, record, version).await
}

async fn opened(context: &Context, record: Uuid) -> Result<StoredFile> {
    tenant!("SELECT id, version, photo, {reach} FROM patients WHERE id = $1 AND {visible}")
        .bind(record)
        .file(context, &PATIENT, "photo")
        .await
}

async fn content(context: &Context, file: &StoredFile) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut pieces = std::pin::pin!(context.file_content(file));
    while let Some(piece) = pieces.next().await {
        content.extend_from_slice(&piece?);
    }
    Ok(content)
}

async fn pieces(world: &World) -> i64 {
    let row = sql("SELECT count(*) AS n FROM file_chunks").fetch_one(&world.database.owner).await.unwrap();
    row.integer("n").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_as_it_was_sent_and_each_download_is_an_event() {
    for world in worlds().await {
        let owner = world.owner();
        let ana = world.ana().await;
        for (version, size) in (1..).zip([9, CHUNK, CHUNK + 1, 3 * CHUNK]) {
            let sent = document(size);
            let file = keep(&owner, ana, &sent).await.unwrap();
            assert_eq!(attach(&owner, ana, version, Some(&file)).await.unwrap(), version + 1);
            let found = opened(&owner, ana).await.unwrap();
            assert_eq!((found.size, &*found.name), (size as u64, "Ana Ruiz.pdf"));
            assert!(content(&owner, &found).await.unwrap() == sent, "{size} bytes");
            assert_eq!(pieces(&world).await, size.div_ceil(CHUNK) as i64, "what was there before is gone");
        }
        let events = world.events("download").await;
        assert_eq!(events.len(), 4);
        assert_eq!(events[0].records, [ana]);
        // Who may view the record and not download gets nothing, nor does another clinic.
        assert!(matches!(opened(&world.provider(), ana).await, Err(Error::NotFound)));
    }
}

/// A piece that was swapped with another, changed or cut off does not open.
#[tokio::test(flavor = "multi_thread")]
async fn a_piece_opens_in_its_place_only() {
    const TAMPERINGS: [&str; 4] = [
        "UPDATE file_chunks SET content = (SELECT content FROM file_chunks other WHERE other.number = 1) WHERE number = 0",
        "UPDATE file_chunks SET number = 5 - number WHERE number >= 0",
        "DELETE FROM file_chunks WHERE number = 2",
        "UPDATE file_chunks SET organisation_id = organisation_id, attached_at = NULL WHERE number = 1",
    ];
    for tampering in TAMPERINGS {
        for world in worlds().await {
            let (owner, ana) = (world.owner(), world.ana().await);
            let file = keep(&owner, ana, &document(3 * CHUNK)).await.unwrap();
            attach(&owner, ana, 1, Some(&file)).await.unwrap();
            let found = opened(&owner, ana).await.unwrap();
            content(&owner, &found).await.unwrap();
            sql(tampering).execute(&world.database.owner).await.unwrap();
            assert!(content(&owner, &found).await.is_err(), "{tampering}");
        }
    }
}

/// What cannot be kept leaves nothing behind, and what was there stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_leaves_nothing_behind() {
    for world in worlds().await {
        let (owner, ana) = (world.owner(), world.ana().await);
        for (content, reason) in [
            (Vec::new(), "is empty"),
            (b"MZ\x90\0".to_vec(), "is not of a type"),
            (document(usize::try_from(LARGEST).unwrap() + 1), "is larger"),
        ] {
            match keep(&owner, ana, &content).await {
                Err(Error::Invalid { field: "photo", reason: said }) => {
                    assert!(said.starts_with(reason), "{said}")
                }
                other => panic!("{reason}: {other:?}"),
            }
        }
        let broken = arriving(&document(2 * CHUNK)).chain(futures_util::stream::iter([Err(Interrupted)]));
        let broken = owner.keep_file(&PATIENT, "photo", ana, "x.pdf", broken).await;
        assert!(matches!(broken, Err(Error::Invalid { .. })), "{broken:?}");
        assert_eq!(pieces(&world).await, 0);
        // A file that another change has overtaken belongs to nobody: it is not opened, and upkeep may remove it.
        let first = keep(&owner, ana, &document(9)).await.unwrap();
        let late = keep(&owner, ana, &document(10)).await.unwrap();
        attach(&owner, ana, 1, Some(&first)).await.unwrap();
        assert!(matches!(attach(&owner, ana, 1, Some(&late)).await, Err(Error::Conflict)));
        assert!(content(&owner, &late).await.is_err());
        assert_eq!(pieces(&world).await, 2);
        attach(&owner, ana, 2, None).await.unwrap();
        assert!(matches!(opened(&owner, ana).await, Err(Error::NotFound)));
        assert_eq!(pieces(&world).await, 1, "the one that nobody took");
    }
}

/// On PostgreSQL the fence holds by itself: who acts for another organisation, or for none, sees no piece.
#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_fenced_by_their_organisation() {
    let [_, world] = worlds().await;
    let (owner, ana) = (world.owner(), world.ana().await);
    let file = keep(&owner, ana, &document(9)).await.unwrap();
    attach(&owner, ana, 1, Some(&file)).await.unwrap();
    let stranger = world.in_organisation(world::ELSEWHERE, world::people::OWNER, &["owner"]);
    assert!(content(&stranger, &file).await.is_err());
    let all = sql("SELECT count(*) AS n FROM file_chunks");
    assert_eq!(all.fetch_one(&world.database.store).await.unwrap().integer("n").unwrap(), 0);
    let removed = sql("DELETE FROM file_chunks").execute(&world.database.store).await.unwrap();
    assert_eq!((removed, pieces(&world).await), (0, 1));
}
