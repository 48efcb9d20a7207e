#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stagepass_fuzz::lint(data));
