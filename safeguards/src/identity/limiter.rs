//! A token bucket per address, in memory: the first door before any work is done.
//!
//! It bounds the rate at which one address may ask the sign-in endpoints; the lockout in the database
//! bounds how often it may be wrong. IPv6 addresses count by their /64, which is what one customer has.
//! The table is bounded: when it is full, buckets that have filled up again are dropped, and if none
//! has, newcomers share one bucket, so that a flood of addresses costs memory for none of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

const MOST_ADDRESSES: usize = 50_000;

/// The buckets.
#[derive(Debug)]
pub struct AddressLimiter {
    capacity: u32,
    refill: Duration,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// For each address, when its bucket will be full again: a bucket is one moment, with nothing to refill.
    full_at: HashMap<IpAddr, OffsetDateTime>,
    /// A sweep reads the whole table, so a flood may not ask for one each time.
    swept_at: Option<OffsetDateTime>,
}

/// The address asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {} seconds", .retry_after.whole_seconds().max(1))]
pub struct TooMany {
    /// When the next one is taken, for `Retry-After`.
    pub retry_after: Duration,
}

impl AddressLimiter {
    /// `capacity` requests at once, and one more each `refill`.
    pub fn new(capacity: u32, refill: Duration) -> Self {
        Self { capacity: capacity.max(1), refill, table: Mutex::default() }
    }

    /// Takes one from the address's bucket.
    pub fn take(&self, address: IpAddr, now: OffsetDateTime) -> Result<(), TooMany> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = network(address);
        if table.full_at.len() >= MOST_ADDRESSES && !table.full_at.contains_key(&key) {
            if table.swept_at.is_none_or(|swept_at| now >= swept_at + self.refill) {
                table.full_at.retain(|_, full_at| *full_at > now);
                table.swept_at = Some(now);
            }
            if table.full_at.len() >= MOST_ADDRESSES {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let bucket = table.full_at.entry(key).or_insert(now);
        let full_at = (*bucket).max(now) + self.refill;
        let over = full_at - now - self.refill * self.capacity;
        if over.is_positive() {
            return Err(TooMany { retry_after: over });
        }
        *bucket = full_at;
        Ok(())
    }
}

/// The address as it counts: IPv4 whole (mapped ones too), IPv6 by its first 64 bits.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let limiter = AddressLimiter::new(3, Duration::seconds(10));
        for _ in 0..3 {
            assert_eq!(limiter.take(address("192.0.2.1"), moment(0)), Ok(()));
        }
        assert_eq!(
            limiter.take(address("192.0.2.1"), moment(4)),
            Err(TooMany { retry_after: Duration::seconds(6) })
        );
        assert_eq!(limiter.take(address("192.0.2.2"), moment(4)), Ok(()), "another address has its own");
        assert_eq!(limiter.take(address("192.0.2.1"), moment(10)), Ok(()));
        assert!(
            limiter.take(address("::ffff:192.0.2.1"), moment(10)).is_err(),
            "the mapped form is the same address"
        );
    }

    #[test]
    fn a_customer_of_ipv6_is_one_address() {
        let limiter = AddressLimiter::new(1, Duration::seconds(10));
        assert!(limiter.take(address("2001:db8:1:2::1"), moment(0)).is_ok());
        assert!(limiter.take(address("2001:db8:1:2:ffff::9"), moment(0)).is_err());
        assert!(limiter.take(address("2001:db8:1:3::1"), moment(0)).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_the_table() {
        let limiter = AddressLimiter::new(1, Duration::seconds(10));
        let flood = |from: u32, at: i64| {
            (from..from + 60_000)
                .filter(|n| limiter.take(IpAddr::V4((*n).into()), moment(at)).is_ok())
                .count()
        };
        assert_eq!(flood(0, 0), MOST_ADDRESSES + 1, "each of the table, and one for all that came after");
        assert!(limiter.table.lock().unwrap().full_at.len() <= MOST_ADDRESSES + 1);
        assert!(flood(1_000_000, 20) >= MOST_ADDRESSES, "full buckets make room");
    }

    proptest! {
        /// However requests are spread, no window lets through more than its burst and its rate.
        #[test]
        fn the_rate_is_never_passed(gaps in proptest::collection::vec(0_i64..15, 1..60)) {
            let limiter = AddressLimiter::new(4, Duration::seconds(10));
            let (mut at, mut taken) = (0, Vec::new());
            for gap in gaps {
                at += gap;
                if limiter.take(address("192.0.2.1"), moment(at)).is_ok() {
                    taken.push(at);
                }
            }
            for (from, start) in taken.iter().enumerate() {
                for (to, end) in taken.iter().enumerate().skip(from) {
                    prop_assert!((to - from + 1) as i64 <= 4 + (end - start) / 10);
                }
            }
        }
    }
}
