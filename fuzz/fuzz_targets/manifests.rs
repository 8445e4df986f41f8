#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| delegate_mtls_fuzz::manifests::run(bytes));
