#![no_main]

use fuzz::targets::spec::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
