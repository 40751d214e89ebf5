//! The committed AsyncAPI document is that of the wire types.

use std::{env, fs, path::Path};

#[test]
fn the_committed_asyncapi_document_is_that_of_the_wire() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/asyncapi.json");
    let made = ringback_protocol::schema::asyncapi();
    if env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&made).expect("it is JSON");
        fs::write(&path, text + "\n").expect("the folder is writable");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let committed: serde_json::Value = serde_json::from_str(&committed).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the wire types make: run `npm run types`",
        path.display()
    );
}
