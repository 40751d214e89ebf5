//! The committed TypeScript types are those of the wire types.

use std::{env, fs, path::Path};

#[test]
fn the_committed_types_are_those_of_the_wire() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/js/src/protocol.ts");
    let made = ringback_protocol::typescript::generate();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).expect("the source folder is writable");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the wire types make: run `npm run types`",
        path.display()
    );
}
