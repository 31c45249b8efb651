#![no_main]

use fuzz::targets::cookies::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
