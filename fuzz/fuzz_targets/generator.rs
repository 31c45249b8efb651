#![no_main]

use fuzz::targets::generator::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
