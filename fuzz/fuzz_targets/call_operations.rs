//! Lists of operations on one call.
#![no_main]

#[path = "../../server/tests/domain/operations.rs"]
mod operations;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| operations::run(bytes));
