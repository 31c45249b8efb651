#![no_main]

use fuzz::targets::planner::{Input, run};

libfuzzer_sys::fuzz_target!(|input: Input| run(input));
