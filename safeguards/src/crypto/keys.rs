use super::{KeyContext, KeyError, KeyRing, KeyService, WrappedKey};
use crate::clock::Clock;
use crate::store::{Store, Transaction, sql};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// The key rings of an environment: unwrapped once, then kept in memory until they are forgotten. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    environment: Uuid,
    service: Arc<dyn KeyService>,
    store: Store,
    clock: Arc<dyn Clock>,
    rings: RwLock<HashMap<Uuid, Arc<KeyRing>>>,
}

impl Keys {
    /// The keys of `environment`, wrapped in the table `organisation_keys` of this store.
    pub fn new(environment: Uuid, service: Arc<dyn KeyService>, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { environment, service, store, clock, rings: RwLock::default() }))
    }

    /// The same keys with nothing in memory yet: what another process would hold.
    #[cfg(feature = "testing")]
    pub fn afresh(&self) -> Self {
        let Inner { environment, service, store, clock, .. } = &*self.0;
        Self::new(*environment, Arc::clone(service), store.clone(), Arc::clone(clock))
    }

    /// The environment that all sealed values are bound to.
    pub fn environment(&self) -> Uuid {
        self.0.environment
    }

    /// The organisation's ring, from memory or unwrapped now. None at all is [`KeyError::Missing`].
    pub async fn ring(&self, organisation: Uuid) -> Result<Arc<KeyRing>, KeyError> {
        let known = self.0.rings.read().unwrap_or_else(PoisonError::into_inner).get(&organisation).cloned();
        match known {
            Some(ring) => Ok(ring),
            None => self.reload(organisation).await,
        }
    }

    /// The ring as the table has it now: after [`KeyError::UnknownGeneration`], since another process may have rotated.
    pub async fn reload(&self, organisation: Uuid) -> Result<Arc<KeyRing>, KeyError> {
        let context = self.context(organisation);
        let rows =
            sql("SELECT purpose, generation, wrapped FROM organisation_keys WHERE organisation_id = $1")
                .bind(organisation)
                .fetch_all(&self.0.store)
                .await?;
        let (mut sealing, mut index) = (Vec::new(), None);
        for row in rows {
            let key = self.0.service.unwrap(&context, &WrappedKey(row.bytes("wrapped")?)).await?;
            let generation = u32::try_from(row.integer("generation")?).map_err(|_| KeyError::Broken)?;
            match row.text("purpose")?.as_str() {
                "seal" => sealing.push((generation, key)),
                _ => index = Some(key),
            }
        }
        let ring = Arc::new(KeyRing::new(sealing, index.ok_or(KeyError::Missing)?)?);
        self.0.rings.write().unwrap_or_else(PoisonError::into_inner).insert(organisation, Arc::clone(&ring));
        Ok(ring)
    }

    /// Makes the organisation's first keys. Where it has some already, these stay.
    pub async fn create(&self, organisation: Uuid) -> Result<Arc<KeyRing>, KeyError> {
        let context = self.context(organisation);
        let (_, seal) = self.0.service.generate(&context).await?;
        let (_, index) = self.0.service.generate(&context).await?;
        let mut transaction = self.0.store.begin().await?;
        self.insert(&mut transaction, organisation, "seal", 1, seal).await?;
        self.insert(&mut transaction, organisation, "index", 1, index).await?;
        transaction.commit().await?;
        self.reload(organisation).await
    }

    /// Adds a sealing key, which seals from now on; says its generation. What older ones sealed still opens.
    pub async fn rotate(&self, organisation: Uuid) -> Result<u32, KeyError> {
        let before = self.reload(organisation).await?.newest();
        let (_, wrapped) = self.0.service.generate(&self.context(organisation)).await?;
        let mut transaction = self.0.store.begin().await?;
        // Of two rotations at once, one adds the generation and both end with it.
        self.insert(&mut transaction, organisation, "seal", i64::from(before) + 1, wrapped).await?;
        transaction.commit().await?;
        Ok(self.reload(organisation).await?.newest())
    }

    /// Wraps every organisation key by the newest root key, after the root was rotated; says how many. The data stays
    /// as it is. On PostgreSQL the store must be the owner's.
    pub async fn rewrap(&self) -> Result<usize, KeyError> {
        let rows = sql("SELECT organisation_id, purpose, generation, wrapped FROM organisation_keys")
            .fetch_all(&self.0.store)
            .await?;
        for row in &rows {
            let organisation = row.uuid("organisation_id")?;
            let old = WrappedKey(row.bytes("wrapped")?);
            let new = self.0.service.rewrap(&self.context(organisation), &old).await?;
            sql("UPDATE organisation_keys SET wrapped = $1
                 WHERE organisation_id = $2 AND purpose = $3 AND generation = $4")
            .bind(new.0)
            .bind(organisation)
            .bind(row.text("purpose")?)
            .bind(row.integer("generation")?)
            .execute(&self.0.store)
            .await?;
        }
        Ok(rows.len())
    }

    /// Destroys the organisation's keys, and with them everything that they sealed (NIST SP 800-88, cryptographic erase).
    /// On PostgreSQL the store must be the owner's. Backups of the key store must have run out, too.
    pub async fn destroy(&self, organisation: Uuid) -> Result<(), KeyError> {
        sql("DELETE FROM organisation_keys WHERE organisation_id = $1")
            .bind(organisation)
            .execute(&self.0.store)
            .await?;
        self.forget();
        Ok(())
    }

    /// Wipes every ring from memory; the next use unwraps again. An app calls it when it goes to sleep.
    pub fn forget(&self) {
        self.0.rings.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn context(&self, organisation: Uuid) -> KeyContext {
        KeyContext { environment: self.0.environment, organisation }
    }

    async fn insert(
        &self,
        transaction: &mut Transaction,
        organisation: Uuid,
        purpose: &'static str,
        generation: i64,
        wrapped: WrappedKey,
    ) -> Result<u64, KeyError> {
        let insert =
            sql("INSERT INTO organisation_keys (organisation_id, purpose, generation, wrapped, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");
        let insert = insert.bind(organisation).bind(purpose).bind(generation).bind(wrapped.0);
        Ok(insert.bind(self.0.clock.now()).execute(transaction).await?)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("environment", &self.0.environment).finish_non_exhaustive()
    }
}
