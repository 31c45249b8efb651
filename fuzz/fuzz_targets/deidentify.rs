#![no_main]

use fuzz::targets::deidentify::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
