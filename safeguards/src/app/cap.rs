//! A place for trying out holds few records of each kind, so that nobody runs a clinic on it.
//!
//! It is the database that refuses one more, by a trigger on each entity's table: what the founder's own code inserts is
//! counted, too. On PostgreSQL the app's role cannot take the trigger away; on SQLite, where an app owns its file, the
//! host's limit on the file stands behind it.

use super::AppError;
use super::restore::run;
use crate::access::Entity;
use crate::store::{Store, sql};

/// What a trigger calls itself when it refuses.
pub(crate) const FULL: &str = "preview_is_full";

const COUNT: &str = "CREATE OR REPLACE FUNCTION preview_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
     SET search_path = public, pg_temp AS $$ \
     DECLARE found bigint; \
     BEGIN \
         EXECUTE format('SELECT count(*) FROM %I', TG_TABLE_NAME) INTO found; \
         IF found >= CAST(TG_ARGV[0] AS bigint) THEN \
             RAISE EXCEPTION 'preview_is_full' USING ERRCODE = 'check_violation', CONSTRAINT = 'preview_is_full'; \
         END IF; \
         RETURN NEW; \
     END $$";

/// Puts the cap on every entity's table, or takes it off, as the owner of the schema.
pub(super) async fn put(
    store: &Store,
    entities: &[&'static Entity],
    most: Option<u32>,
) -> Result<(), AppError> {
    if most.is_none() && !is_put(store).await? {
        return Ok(());
    }
    let mut transaction = store.begin().await?;
    if transaction.is_postgres() && most.is_some() {
        run(&mut transaction, COUNT.to_owned()).await?;
    }
    for entity in entities {
        let table = exporter::identifier(entity.table);
        let trigger = exporter::identifier(&format!("{}_{FULL}", entity.table));
        let on = if transaction.is_postgres() { format!(" ON {table}") } else { String::new() };
        run(&mut transaction, format!("DROP TRIGGER IF EXISTS {trigger}{on}")).await?;
        let Some(most) = most else { continue };
        let body = if transaction.is_postgres() {
            format!("FOR EACH ROW EXECUTE FUNCTION preview_rows('{most}')")
        } else {
            format!(
                "FOR EACH ROW WHEN (SELECT count(*) FROM {table}) >= {most} BEGIN SELECT RAISE(ABORT, '{FULL}'); END"
            )
        };
        run(&mut transaction, format!("CREATE TRIGGER {trigger} BEFORE INSERT ON {table} {body}")).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether a table has the cap. Most apps have none, and their start then writes nothing.
async fn is_put(store: &Store) -> Result<bool, AppError> {
    let triggers = if store.is_postgres() {
        sql("SELECT 1 AS one FROM pg_trigger WHERE tgname LIKE '%preview_is_full' LIMIT 1")
    } else {
        sql(
            "SELECT 1 AS one FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%preview_is_full' LIMIT 1",
        )
    };
    Ok(triggers.fetch_optional(store).await?.is_some())
}
