//! What a socket sends, up to where the call domain would get it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ringback_server::signaling::fuzz::message(bytes));
