//! Unwrapped keys, held for a bounded time, so that a slow or absent key service is not felt at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use safeguards::clock::Clock;
use safeguards::crypto::{DataKey, KeyContext, KeyDescription, KeyError, KeyService, Pending, WrappedKey};
use time::OffsetDateTime;
use uuid::Uuid;

use super::RootKeys;

/// How long and how many keys are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So long a key is given without asking the key service.
    pub fresh: Duration,
    /// So long it is given when the key service does not answer.
    pub stale: Duration,
    /// So many keys of an environment are held; the oldest go first.
    pub keys: usize,
    /// So long the key service may take to answer.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            fresh: Duration::from_secs(300),
            stale: Duration::from_secs(3600),
            keys: 2048,
            patience: Duration::from_secs(10),
        }
    }
}

struct Held {
    key: DataKey,
    at: OffsetDateTime,
}

/// A key service that remembers what it unwrapped.
pub struct CachedKeyService {
    service: Arc<dyn KeyService>,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    held: Mutex<HashMap<(Uuid, Vec<u8>), Held>>,
}

impl CachedKeyService {
    /// Remembers what `service` unwraps, within `bounds`.
    #[must_use]
    pub fn new(service: Arc<dyn KeyService>, bounds: Bounds, clock: Arc<dyn Clock>) -> Self {
        Self { service, bounds, clock, held: Mutex::default() }
    }

    /// The key, if it is held and younger than `age`.
    fn held(&self, place: &(Uuid, Vec<u8>), age: Duration) -> Option<DataKey> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(place).filter(|found| self.clock.now() - found.at < age)?;
        DataKey::from_slice(found.key.expose()).ok()
    }

    fn hold(&self, place: (Uuid, Vec<u8>), key: &DataKey) {
        let Ok(key) = DataKey::from_slice(key.expose()) else { return };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        held.retain(|_, held| now - held.at < self.bounds.stale);
        while held.len() >= self.bounds.keys.max(1) {
            let oldest = held.iter().min_by_key(|(_, held)| held.at).map(|(place, _)| place.clone());
            let Some(oldest) = oldest else { break };
            held.remove(&oldest);
        }
        held.insert(place, Held { key, at: now });
    }

    async fn asked<T>(&self, answer: Pending<'_, T>) -> Result<T, KeyError> {
        match tokio::time::timeout(self.bounds.patience, answer).await {
            Ok(answered) => answered,
            Err(_) => Err(KeyError::Unavailable("the key service is too slow".into())),
        }
    }
}

impl std::fmt::Debug for CachedKeyService {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CachedKeyService").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl KeyService for CachedKeyService {
    fn generate<'a>(&'a self, context: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)> {
        Box::pin(async move {
            let (key, wrapped) = self.asked(self.service.generate(context)).await?;
            self.hold((context.organisation, wrapped.0.clone()), &key);
            Ok((key, wrapped))
        })
    }

    fn unwrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey> {
        Box::pin(async move {
            let place = (context.organisation, wrapped.0.clone());
            if let Some(key) = self.held(&place, self.bounds.fresh) {
                return Ok(key);
            }
            match self.asked(self.service.unwrap(context, wrapped)).await {
                Ok(key) => {
                    self.hold(place, &key);
                    Ok(key)
                }
                // Only silence is bridged. A refusal (destroyed, disabled, another's) is a refusal.
                Err(KeyError::Unavailable(reason)) => {
                    self.held(&place, self.bounds.stale).ok_or(KeyError::Unavailable(reason))
                }
                Err(error) => {
                    self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
                    Err(error)
                }
            }
        })
    }

    fn rewrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey> {
        Box::pin(async move { self.asked(self.service.rewrap(context, wrapped)).await })
    }

    fn rotate_root(&self) -> Pending<'_, ()> {
        Box::pin(async move { self.asked(self.service.rotate_root()).await })
    }

    fn schedule_destruction<'a>(&'a self, at: OffsetDateTime) -> Pending<'a, ()> {
        Box::pin(async move { self.asked(self.service.schedule_destruction(at)).await })
    }

    fn describe<'a>(&'a self) -> Pending<'a, KeyDescription> {
        Box::pin(async move { self.asked(self.service.describe()).await })
    }
}

/// A cache for each environment.
pub(super) struct Caches {
    roots: Arc<dyn RootKeys>,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    open: tokio::sync::Mutex<HashMap<Uuid, Arc<CachedKeyService>>>,
}

impl Caches {
    pub(super) fn new(roots: Arc<dyn RootKeys>, bounds: Bounds, clock: Arc<dyn Clock>) -> Self {
        Self { roots, bounds, clock, open: tokio::sync::Mutex::default() }
    }

    pub(super) async fn of(&self, environment: Uuid) -> Result<Arc<CachedKeyService>, KeyError> {
        let mut open = self.open.lock().await;
        if let Some(service) = open.get(&environment) {
            return Ok(Arc::clone(service));
        }
        let root = self.roots.open(environment).await?;
        let service = Arc::new(CachedKeyService::new(root, self.bounds, Arc::clone(&self.clock)));
        open.insert(environment, Arc::clone(&service));
        Ok(service)
    }

    pub(super) async fn forget(&self, environment: Uuid) {
        if let Some(service) = self.open.lock().await.remove(&environment) {
            // An app that still runs keeps its connection; what it asks is answered by the root key or not at all.
            service.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

    use safeguards::clock::ManualClock;
    use time::macros::datetime;

    use super::*;

    /// A key service with a fault: it answers, is silent, or refuses.
    #[derive(Default)]
    struct Service {
        fault: AtomicU8,
        asked: AtomicUsize,
    }

    impl Service {
        fn answer<T: Send + 'static>(&self, answer: T) -> Pending<'_, T> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let fault = self.fault.load(Ordering::Relaxed);
            Box::pin(async move {
                match fault {
                    0 => Ok(answer),
                    1 => std::future::pending().await,
                    2 => Err(KeyError::Unavailable("throttled".into())),
                    _ => Err(KeyError::Destroying(datetime!(2027-01-01 0:00 UTC))),
                }
            })
        }
    }

    impl KeyService for Service {
        fn generate<'a>(&'a self, _: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)> {
            self.answer((DataKey::from_slice(&[7; 32]).unwrap(), WrappedKey(vec![7])))
        }
        fn unwrap<'a>(&'a self, _: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey> {
            self.answer(DataKey::from_slice(&[wrapped.0[0]; 32]).unwrap())
        }
        fn rewrap<'a>(&'a self, _: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey> {
            self.answer(wrapped.clone())
        }
        fn schedule_destruction<'a>(&'a self, _: OffsetDateTime) -> Pending<'a, ()> {
            self.answer(())
        }
        fn describe<'a>(&'a self) -> Pending<'a, KeyDescription> {
            self.answer(KeyDescription {
                service: "double",
                root: String::new(),
                roots: 1,
                destruction: None,
            })
        }
    }

    const CONTEXT: KeyContext =
        KeyContext { environment: Uuid::from_u128(1), organisation: Uuid::from_u128(2) };

    fn cached() -> (Arc<Service>, ManualClock, CachedKeyService) {
        let (service, clock) =
            (Arc::new(Service::default()), ManualClock::at(datetime!(2026-11-26 9:00 UTC)));
        let bounds = Bounds { keys: 3, patience: Duration::from_millis(20), ..Bounds::default() };
        let of = Arc::<Service>::clone(&service);
        (service, clock.clone(), CachedKeyService::new(of, bounds, Arc::new(clock)))
    }

    async fn unwrap(cached: &CachedKeyService, key: u8) -> Result<u8, KeyError> {
        cached.unwrap(&CONTEXT, &WrappedKey(vec![key])).await.map(|key| key.expose()[0])
    }

    /// A key is asked for once in five minutes, and a slow or throttled service is bridged for an hour, no longer.
    #[tokio::test]
    async fn a_slow_key_service_is_bridged_for_a_bounded_time() {
        for fault in [1, 2] {
            let (service, clock, cached) = cached();
            assert_eq!(unwrap(&cached, 5).await.unwrap(), 5);
            assert_eq!(unwrap(&cached, 5).await.unwrap(), 5);
            assert_eq!(service.asked.load(Ordering::Relaxed), 1);
            service.fault.store(fault, Ordering::Relaxed);
            clock.advance(time::Duration::minutes(59));
            assert_eq!(unwrap(&cached, 5).await.unwrap(), 5);
            assert!(matches!(unwrap(&cached, 6).await, Err(KeyError::Unavailable(_))), "it was never held");
            clock.advance(time::Duration::minutes(2));
            assert!(matches!(unwrap(&cached, 5).await, Err(KeyError::Unavailable(_))));
        }
    }

    /// HC-12: a key that is being destroyed is not given from memory once its service has said so.
    #[tokio::test]
    async fn a_refusal_is_not_bridged() {
        let (service, clock, cached) = cached();
        unwrap(&cached, 5).await.unwrap();
        service.fault.store(3, Ordering::Relaxed);
        clock.advance(time::Duration::minutes(6));
        assert!(matches!(unwrap(&cached, 5).await, Err(KeyError::Destroying(_))));
        service.fault.store(2, Ordering::Relaxed);
        assert!(matches!(unwrap(&cached, 5).await, Err(KeyError::Unavailable(_))), "and it was forgotten");
    }

    #[tokio::test]
    async fn only_so_many_keys_are_held_and_one_organisation_has_not_another_s() {
        let (service, clock, cached) = cached();
        for key in 1..=5 {
            unwrap(&cached, key).await.unwrap();
            clock.advance(time::Duration::seconds(1));
        }
        assert_eq!(cached.held.lock().unwrap().len(), 3);
        service.fault.store(2, Ordering::Relaxed);
        assert!(unwrap(&cached, 1).await.is_err());
        assert_eq!(unwrap(&cached, 5).await.unwrap(), 5);
        let other = KeyContext { organisation: Uuid::from_u128(3), ..CONTEXT };
        assert!(cached.unwrap(&other, &WrappedKey(vec![5])).await.is_err());
    }
}
