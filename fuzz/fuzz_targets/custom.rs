#![no_main]

use fuzz::targets::custom::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
