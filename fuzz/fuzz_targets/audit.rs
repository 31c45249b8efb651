#![no_main]

use fuzz::targets::audit::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
