//! Hashing passwords: Argon2id (RFC 9106), in a pool that bounds memory.
//!
//! The parameters are OWASP's least for Argon2id: 19 MiB, two passes, one lane. A hash carries its own
//! parameters, so raising them later is a rehash at the next sign-in ([`Verified::outdated`]). Each hash
//! takes its memory and a processor's whole time, so at most as many run as there are permits, and at
//! most [`WAITING`] wait: the next caller is told to come back, and a flood of sign-ins cannot
//! take the app down.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::policy::Password;
use super::secret::random;

/// Memory of one hash in KiB: 19 MiB.
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
pub const PASSES: u32 = 2;
/// How many callers may wait for a permit.
pub const WAITING: usize = 256;

/// A password's hash in the PHC string format. `Debug` prints `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes what a row holds.
    pub fn from_row(text: String) -> Self {
        Self(text)
    }

    /// The PHC string, to store it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([secret])")
    }
}

/// Why no hash was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// Too many wait already. A 503 with `Retry-After`.
    #[error("too many sign-ins at once")]
    Busy,
    /// The library or the generator of randomness failed.
    #[error("password hashing failed")]
    Failed,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// True if the password is the one.
    pub matches: bool,
    /// True if it is, and its hash was made with other parameters than today's.
    pub outdated: bool,
}

/// The pool. Cheap to clone; one for the whole app.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    dummy: PasswordHash,
}

impl PasswordHasher {
    /// A pool of `parallel` hashes at a time, each of 19 MiB. Makes the dummy hash that stands in for
    /// unknown accounts.
    pub fn new(parallel: usize) -> Result<Self, HashingError> {
        let nobody = random::<32>().map_err(|_| HashingError::Failed)?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(parallel.max(1))),
            waiting: Arc::default(),
            dummy: hash(&nobody)?,
        })
    }

    /// Hashes a password that the policy took.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        let password = password.clone();
        self.run(move || hash(password.as_bytes())).await?
    }

    /// Checks a password. Without a stored hash (no such account, or no password set yet) the same work
    /// is done on the dummy hash, and the answer is no (CF-15).
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verified, HashingError> {
        let (password, known) = (password.clone(), stored.is_some());
        let stored = stored.unwrap_or(&self.dummy).clone();
        self.run(move || {
            let parsed = Phc::new(stored.as_str()).map_err(|_| HashingError::Failed)?;
            let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known;
            Ok(Verified { matches, outdated: matches && !current(&parsed) })
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let _place = Place::take(&self.waiting)?;
        #[cfg(feature = "testing")]
        crate::work::hash();
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| HashingError::Failed)?;
        // The permit goes with the work: a caller who hangs up does not free memory that is still in use.
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|_| HashingError::Failed)
    }
}

/// A place in the queue, given back on drop.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Result<Self, HashingError> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(waiting));
        if before >= WAITING { Err(HashingError::Busy) } else { Ok(place) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn parameters() -> Result<Params, HashingError> {
    Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|_| HashingError::Failed)
}

fn hash(password: &[u8]) -> Result<PasswordHash, HashingError> {
    let salt = random::<16>().map_err(|_| HashingError::Failed)?;
    let made = Argon2::default()
        .hash_password_customized(
            password,
            &salt,
            Some(Algorithm::Argon2id.as_str()),
            Some(Version::V0x13.into()),
            parameters()?,
        )
        .map_err(|_| HashingError::Failed)?;
    Ok(PasswordHash(made.to_string()))
}

fn current(hash: &Phc) -> bool {
    let parameters_of_today = parameters().is_ok_and(|today| {
        Params::try_from(hash).is_ok_and(|of_hash| {
            (of_hash.m_cost(), of_hash.t_cost(), of_hash.p_cost())
                == (today.m_cost(), today.t_cost(), today.p_cost())
        })
    });
    hash.algorithm.as_str() == Algorithm::Argon2id.as_str() && parameters_of_today
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CC-7: salted Argon2id with the parameters that the page says.
    #[tokio::test]
    async fn hashes_are_salted_and_say_their_parameters() {
        let hasher = PasswordHasher::new(2).unwrap();
        let password = Password::new("Wren-lamp-42x");
        let (one, two) = (hasher.hash(&password).await.unwrap(), hasher.hash(&password).await.unwrap());
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert_ne!(one, two, "a salt of its own each");
        let right = hasher.verify(&password, Some(&one)).await.unwrap();
        assert_eq!(right, Verified { matches: true, outdated: false });
        let wrong = hasher.verify(&Password::new("wren-lamp-42x"), Some(&one)).await.unwrap();
        assert_eq!(wrong, Verified { matches: false, outdated: false });
        assert_eq!(format!("{one:?} {password:?}"), "PasswordHash([secret]) Password([secret])");
    }

    /// A hash of another implementation: the reference library's own vector for Argon2id, v=19, m=256, t=2, p=1.
    #[tokio::test]
    async fn a_reference_vector_verifies_and_is_outdated() {
        let hasher = PasswordHasher::new(1).unwrap();
        let stored = PasswordHash::from_row(
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4".to_owned(),
        );
        let found = hasher.verify(&Password::new("password"), Some(&stored)).await.unwrap();
        assert_eq!(found, Verified { matches: true, outdated: true });
    }

    /// CF-15: nobody signs in to an account that does not exist, not even with the dummy's own password.
    #[tokio::test]
    async fn the_dummy_never_matches() {
        let hasher = PasswordHasher::new(1).unwrap();
        assert!(!hasher.verify(&Password::new(""), None).await.unwrap().matches);
        let damaged = PasswordHash::from_row("not a hash".to_owned());
        assert_eq!(hasher.verify(&Password::new("x"), Some(&damaged)).await, Err(HashingError::Failed));
    }

    /// A flood is turned away at the door, and the queue is free again afterwards.
    #[tokio::test]
    async fn the_queue_is_bounded() {
        let hasher = PasswordHasher::new(1).unwrap();
        let held = Arc::clone(&hasher.permits).acquire_owned().await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING + 40 {
            let hasher = hasher.clone();
            waiting.spawn(async move { hasher.run(|| ()).await });
        }
        for _ in 0..40 {
            assert_eq!(waiting.join_next().await.unwrap().unwrap(), Err(HashingError::Busy));
        }
        drop(held);
        while let Some(done) = waiting.join_next().await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), 0);
    }
}
