#![no_main]

use fuzz::targets::jwt::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
