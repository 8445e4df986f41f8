#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| delegate_mtls_fuzz::change::run(bytes));
