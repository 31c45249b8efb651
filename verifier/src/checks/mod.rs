//! The checks, in modules by what they prove. One table lists them all.

mod access;
mod announcements;
mod audit;
mod browsers;
mod chain;
mod changer;
mod changes;
mod documents;
mod edge;
mod emergencies;
mod exit;
mod headers;
mod hostile;
mod identity;
mod inference;
mod integrity;
mod jwt;
mod oracle;
mod pages;
mod passwords;
mod people;
mod records;
mod sealing;
mod second_factor;
mod sessions;
mod sights;
mod strangers;
mod swaps;
mod tampering;
mod thief;
mod times;
mod tls;
mod unwritten;

use crate::check::Check;

/// Every check, in the order in which they are run: what only looks comes before what changes something.
#[must_use]
pub fn all() -> Vec<Check> {
    let groups = [
        headers::CHECKS,
        edge::CHECKS,
        tls::CHECKS,
        hostile::CHECKS,
        pages::CHECKS,
        documents::CHECKS,
        access::CHECKS,
        oracle::CHECKS,
        sights::CHECKS,
        inference::CHECKS,
        strangers::CHECKS,
        emergencies::CHECKS,
        changes::CHECKS,
        records::CHECKS,
        integrity::CHECKS,
        jwt::CHECKS,
        sessions::CHECKS,
        announcements::CHECKS,
        times::CHECKS,
        browsers::CHECKS,
        identity::CHECKS,
        second_factor::CHECKS,
        passwords::CHECKS,
        people::CHECKS,
        audit::CHECKS,
        chain::CHECKS,
        unwritten::CHECKS,
        exit::CHECKS,
        sealing::CHECKS,
        thief::CHECKS,
        swaps::CHECKS,
        tampering::CHECKS,
    ];
    groups.concat()
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::BTreeSet;

    const PROMISES: &str = include_str!("../../../docs/PROMISES.md");

    /// CF-26: a check stands for promises that exist, under a name of its own.
    #[test]
    fn each_check_has_a_name_of_its_own_and_cites_promises_that_exist() {
        let known: BTreeSet<&str> = PROMISES
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split('|').next().map(str::trim))
            .collect();
        let mut ids = BTreeSet::new();
        for check in all() {
            assert!(ids.insert(check.id), "{} stands twice", check.id);
            assert!(!check.promises.is_empty(), "{} stands for nothing", check.id);
            for promise in check.promises {
                assert!(known.contains(promise), "{} cites {promise}, which nobody made", check.id);
            }
        }
        assert!(ids.len() >= 120, "{} checks", ids.len());
    }
}
