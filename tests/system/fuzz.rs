//! A moment of each fuzz target with every change: seeds that are mutilated by chance, the same each time. Longer, and led by
//! coverage, they run by `cargo xtask fuzz`.

#![allow(
    clippy::needless_pass_by_value,
    missing_docs,
    unreachable_pub,
    reason = "the targets are compiled for libFuzzer, too"
)]

#[path = "../../fuzz/src/targets/archive.rs"]
mod archive;
#[path = "../../fuzz/src/targets/audit.rs"]
mod audit;
#[path = "../../fuzz/src/targets/cookies.rs"]
mod cookies;
#[path = "../../fuzz/src/targets/custom.rs"]
mod custom;
#[path = "../../fuzz/src/targets/deidentify.rs"]
mod deidentify;
#[path = "../../fuzz/src/targets/edge.rs"]
mod edge;
#[path = "../../fuzz/src/targets/generator.rs"]
mod generator;
#[path = "../../fuzz/src/targets/jwt.rs"]
mod jwt;
#[path = "../../fuzz/src/targets/multipart.rs"]
mod multipart;
#[path = "../../fuzz/src/targets/planner.rs"]
mod planner;
#[path = "../../fuzz/src/targets/spec.rs"]
mod spec;

use std::fmt::Debug;
use std::fs;

use arbitrary::{Arbitrary, Unstructured};

use crate::Choices;
use crate::healthcoder::root;

/// Gives a target so many inputs. The number of the last is printed where it panics, and is the same next time.
fn smoke<Input>(count: u64, seeds: &[Vec<u8>], run: impl Fn(Input))
where
    Input: for<'a> Arbitrary<'a> + Debug,
{
    for number in 0..count {
        let bytes = mutilated(seeds, &mut Choices(number));
        let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(&bytes)) else { continue };
        eprintln!("input {number}: {input:?}");
        run(input);
    }
}

/// A seed with some of it flipped, cut out, repeated or replaced; without seeds, bytes by chance.
fn mutilated(seeds: &[Vec<u8>], choices: &mut Choices) -> Vec<u8> {
    let below = |choices: &mut Choices, limit: usize| {
        usize::try_from(choices.below(limit.max(1) as u64)).expect("it is below a size")
    };
    let byte = |choices: &mut Choices| u8::try_from(choices.below(256)).expect("it is below 256");
    let mut bytes = match seeds {
        [] => (0..below(choices, 300)).map(|_| byte(choices)).collect(),
        seeds => seeds[below(choices, seeds.len())].clone(),
    };
    for _ in 0..below(choices, 6) {
        let at = below(choices, bytes.len());
        let end = (at + below(choices, 40)).min(bytes.len());
        let piece = bytes[at..end].to_vec();
        match choices.below(4) {
            0 => bytes.splice(at..end, []).for_each(drop),
            1 => bytes.splice(at..at, piece).for_each(drop),
            2 => bytes.splice(at..at, (0..8).map(|_| byte(choices))).for_each(drop),
            _ => bytes.splice(at..end, piece.into_iter().map(|one| one ^ (1 << (one % 8)))).for_each(drop),
        }
    }
    bytes
}

fn texts(paths: &[&str]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| fs::read(root().join(path)).expect("the seed is there")).collect()
}

macro_rules! targets {
    ($($target:ident: $count:literal of $seeds:expr;)*) => {
        $(
            #[test]
            fn $target() {
                smoke::<$target::Input>($count, &$seeds, $target::run);
            }
        )*
    };
}

targets! {
    archive: 2_000 of [b"PK\x03\x04\x14\0\0\0\0\0manifest.json{}PK\x05\x06".to_vec()];
    audit: 2_000 of [];
    cookies: 1_000 of [];
    custom: 300 of texts(&["generator/goldens/home-bp/src/extensions.rs", "generator/goldens/home-bp/src/home.rs"]);
    deidentify: 500 of [b"Maria Lopez, born 3/4/1961, MRN 00482911, lives at 12 Elm St, maria@example.org".to_vec()];
    generator: 6 of [b"a \"quoted\" {{ name }} '; --".to_vec()];
    jwt: 1_000 of [];
    multipart: 1_000 of [];
    planner: 60 of [b"Nurses record vitals of patients. Patients see their own, but never the notes.".to_vec()];
    spec: 300 of texts(&["generator/goldens/home-bp/app.yaml", "examples/clinicflow/app.yaml"]);
}
