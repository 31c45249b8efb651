#![no_main]

use fuzz::targets::archive::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
