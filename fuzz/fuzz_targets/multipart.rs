#![no_main]

use fuzz::targets::multipart::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
