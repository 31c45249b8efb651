//! Places for callers, of which there are only so many, and who gives one up when they are all taken.
//!
//! A connection costs a caller nothing and us a descriptor and memory. So there is a bound; but a bound alone is a door that
//! somebody can stand in: whoever holds every place by sending one byte a second keeps all others out. Therefore, when every
//! place is taken and one more caller comes, the one who has stood longest without being worked for gives up theirs: a
//! half-sent head, a body that never ends, an answer that nobody reads, a connection kept for later. A caller whose request
//! is being worked on keeps the place. Whoever asks and reads at once is never in question, however many only stand there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places. One for each door.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    /// Who holds one, by the turn in which they came.
    held: Mutex<BTreeMap<u64, Arc<Holder>>>,
    turn: AtomicU64,
    /// Somebody is no longer worked for.
    done: Notify,
}

#[derive(Debug)]
struct Holder {
    /// The turn in which they came or were last done with. Turns are counted, not timed: only their order matters.
    since: AtomicU64,
    /// How many of their requests are being worked on.
    working: AtomicUsize,
    leave: Notify,
}

impl Places {
    /// So many places, and at least one.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { free, held: Mutex::default(), turn: AtomicU64::new(0), done: Notify::new() })
    }

    /// A place, as soon as there is one. When there is none, whoever has stood longest is asked to leave.
    pub async fn take(self: &Arc<Self>) -> Place {
        let permit = loop {
            let free = Arc::clone(&self.free);
            // Nobody closes the semaphore, so a place always comes.
            if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                break Some(permit);
            }
            let done = self.done.notified();
            if self.send_away_longest() {
                break free.acquire_owned().await.ok();
            }
            // Everybody is being worked for; the first to be done with may have to go.
            tokio::select! {
                permit = free.acquire_owned() => break permit.ok(),
                () = done => {}
            }
        };
        let number = self.next();
        let holder = Arc::new(Holder {
            since: AtomicU64::new(number),
            working: AtomicUsize::new(0),
            leave: Notify::new(),
        });
        self.all().insert(number, Arc::clone(&holder));
        Place { number, holder, places: Arc::clone(self), _permit: permit }
    }

    /// Waits until every place is free.
    pub async fn empty(&self, most: usize) {
        let all = u32::try_from(most).unwrap_or(u32::MAX);
        let _everybody = self.free.acquire_many(all).await;
    }

    /// Whether there is anybody who can go.
    fn send_away_longest(&self) -> bool {
        let held = self.all();
        let idle = held.values().filter(|holder| holder.working.load(Ordering::Acquire) == 0);
        let longest = idle.min_by_key(|holder| holder.since.load(Ordering::Acquire));
        longest.inspect(|holder| holder.leave.notify_one()).is_some()
    }

    fn next(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Holder>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that somebody holds; given back on drop.
#[derive(Debug)]
pub struct Place {
    number: u64,
    holder: Arc<Holder>,
    places: Arc<Places>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Ends when the holder has to go: everything is taken, and nobody has stood longer.
    pub async fn must_leave(&self) {
        self.holder.leave.notified().await;
    }

    /// What a request of this holder is told of its place.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing { holder: Arc::clone(&self.holder), places: Arc::clone(&self.places) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.all().remove(&self.number);
    }
}

/// The place that a request came by: an extension of each that [`super::serve()`] passes on.
#[derive(Clone, Debug)]
pub struct Standing {
    holder: Arc<Holder>,
    places: Arc<Places>,
}

impl Standing {
    /// While this lives, the place is kept: a request that has arrived whole is being worked on.
    #[must_use]
    pub fn working(&self) -> Working {
        self.holder.working.fetch_add(1, Ordering::AcqRel);
        Working(self.clone())
    }

    /// The caller was worked for, and stands there as if new.
    pub fn renew(&self) {
        self.holder.since.store(self.places.next(), Ordering::Release);
    }
}

/// See [`Standing::working`].
#[derive(Debug)]
pub struct Working(Standing);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.renew();
        self.0.holder.working.fetch_sub(1, Ordering::AcqRel);
        self.0.places.done.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_over(future: impl Future<Output = ()>) -> bool {
        pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Whoever stands longest goes, whoever is worked for stays, and nobody goes while there is room.
    #[tokio::test]
    async fn who_stands_longest_gives_up_the_place() {
        let places = Places::new(3);
        let (first, second, third) = (places.take().await, places.take().await, places.take().await);
        assert!(!is_over(first.must_leave()), "everybody has a place");
        let worked_for = first.standing().working();

        let mut fourth = Box::pin(places.take());
        assert!(fourth.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(!is_over(first.must_leave()) && !is_over(third.must_leave()));
        assert!(is_over(second.must_leave()), "the second has stood longest without being worked for");
        drop(second);
        let fourth = fourth.await;

        // The first was worked for since the third came, so the third goes next.
        drop(worked_for);
        let mut fifth = Box::pin(places.take());
        assert!(fifth.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(is_over(third.must_leave()) && !is_over(first.must_leave()) && !is_over(fourth.must_leave()));
        drop(third);
        drop(fifth.await);
    }
    /// While everybody is worked for nobody goes; the first to be done with makes room.
    #[tokio::test]
    async fn work_is_not_cut_off_and_its_end_makes_room() {
        let places = Places::new(1);
        let first = places.take().await;
        let worked_for = first.standing().working();
        let mut second = Box::pin(places.take());
        assert!(second.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(!is_over(first.must_leave()));
        drop(worked_for);
        assert!(second.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(is_over(first.must_leave()));
        drop(first);
        drop(second.await);
    }
}
