//! A token bucket for each address and each session.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use time::OffsetDateTime;

/// How much a bucket holds and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Requests at once.
    pub burst: u32,
    /// Requests a second, lastingly.
    pub per_second: u32,
}

/// The rates of both kinds of bucket.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// For all requests of an address. A clinic stands behind one.
    pub address: Rate,
    /// For all requests of a session.
    pub session: Rate,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { address: Rate { burst: 400, per_second: 200 }, session: Rate { burst: 100, per_second: 50 } }
    }
}

/// No more buckets are kept; who comes beyond them shares one.
const MOST_BUCKETS: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Session([u8; 16]),
    Others,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: OffsetDateTime,
}

/// The buckets.
#[derive(Debug)]
pub struct RateLimit {
    limits: RateLimits,
    buckets: Mutex<HashMap<Key, Bucket>>,
    most: usize,
}

impl RateLimit {
    /// Full buckets under these rates.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self { limits, buckets: Mutex::default(), most: MOST_BUCKETS }
    }

    /// Takes one request out of both buckets; or the seconds after which to come again.
    pub fn take(
        &self,
        address: Option<IpAddr>,
        session: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.most {
            let (address, session) = (self.limits.address, self.limits.session);
            buckets.retain(|key, bucket| match key {
                Key::Session(_) => level(session, *bucket, now) < f64::from(session.burst),
                Key::Address(_) | Key::Others => level(address, *bucket, now) < f64::from(address.burst),
            });
        }
        let full = buckets.len() >= self.most;
        let known = |key: Key| if full && !buckets.contains_key(&key) { Key::Others } else { key };
        let address = known(address.map_or(Key::Others, |address| Key::Address(network(address))));
        let session = session.map(|session| known(Key::Session(short_hash(session))));
        drain(&mut buckets, address, self.limits.address, now)?;
        session.map_or(Ok(()), |session| drain(&mut buckets, session, self.limits.session, now))
    }
}

/// What a bucket holds now. A clock that goes back fills nothing.
fn level(rate: Rate, bucket: Bucket, now: OffsetDateTime) -> f64 {
    let seconds = (now - bucket.at).as_seconds_f64().max(0.0);
    (bucket.tokens + seconds * f64::from(rate.per_second)).min(f64::from(rate.burst))
}

fn drain(buckets: &mut HashMap<Key, Bucket>, key: Key, rate: Rate, now: OffsetDateTime) -> Result<(), u32> {
    let bucket = buckets.entry(key).or_insert(Bucket { tokens: f64::from(rate.burst), at: now });
    let tokens = level(rate, *bucket, now);
    let left = if tokens >= 1.0 { tokens - 1.0 } else { tokens };
    *bucket = Bucket { tokens: left, at: now.max(bucket.at) };
    if tokens >= 1.0 {
        return Ok(());
    }
    let wait = (1.0 - tokens) / f64::from(rate.per_second.max(1));
    Err(wait.ceil().clamp(1.0, 3600.0) as u32)
}

/// An IPv6 caller owns a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four => four,
    }
}

fn short_hash(session: &str) -> [u8; 16] {
    let hash = digest::digest(&digest::SHA256, session.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_ref()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    fn limit(burst: u32, per_second: u32) -> RateLimit {
        let rate = Rate { burst, per_second };
        RateLimit::new(RateLimits { address: rate, session: rate })
    }

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rate_holds() {
        let limit = limit(3, 2);
        let caller = address("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(limit.take(caller, None, NOW), Ok(()));
        }
        assert_eq!(limit.take(caller, None, NOW), Err(1));
        assert_eq!(limit.take(address("192.0.2.2"), None, NOW), Ok(()));
        let later = NOW + Duration::milliseconds(500);
        assert_eq!(limit.take(caller, None, later), Ok(()));
        assert_eq!(limit.take(caller, None, later), Err(1));
        // A clock that goes back gives nothing away.
        assert_eq!(limit.take(caller, None, NOW - Duration::hours(1)), Err(1));
    }

    #[test]
    fn a_session_has_its_own_bucket_wherever_it_comes_from() {
        let limit = limit(2, 1);
        assert_eq!(limit.take(address("192.0.2.1"), Some("s"), NOW), Ok(()));
        assert_eq!(limit.take(address("192.0.2.2"), Some("s"), NOW), Ok(()));
        assert_eq!(limit.take(address("192.0.2.3"), Some("s"), NOW), Err(1));
    }

    #[test]
    fn neighbours_in_a_network_of_version_six_are_one() {
        let limit = limit(1, 1);
        assert_eq!(limit.take(address("2001:db8:1:2::1"), None, NOW), Ok(()));
        assert_eq!(limit.take(address("2001:db8:1:2:ffff::2"), None, NOW), Err(1));
        assert_eq!(limit.take(address("2001:db8:1:3::1"), None, NOW), Ok(()));
        assert_eq!(limit.take(address("::ffff:192.0.2.9"), None, NOW), Ok(()));
        assert_eq!(limit.take(address("192.0.2.9"), None, NOW), Err(1));
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let limit = RateLimit { most: 2, ..limit(1, 1) };
        for caller in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            assert_eq!(limit.take(address(caller), None, NOW), Ok(()));
        }
        assert_eq!(limit.take(address("192.0.2.4"), None, NOW), Err(1));
        // Full buckets say nothing and are dropped.
        assert_eq!(limit.take(address("192.0.2.4"), None, NOW + Duration::seconds(2)), Ok(()));
    }
}
