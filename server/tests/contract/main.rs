//! What others read of the server is what the code says: the OpenAPI document, the settings.

use std::{env, fs, path::Path};

use clap::CommandFactory;
use ringback_server::cli::CommandLine;
use ringback_server::config::{Mode, reference};
use ringback_server::rest::contract::openapi;
use serde_json::Value;

#[test]
fn the_committed_openapi_document_is_that_of_the_routes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let made = openapi(Mode::Dev);
    if env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&made).unwrap();
        fs::write(&path, text + "\n").unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the routes make: run `npm run types`",
        path.display()
    );
}

#[test]
fn a_production_server_documents_everything_but_what_only_development_has() {
    let paths = |mode| openapi(mode)["paths"].as_object().unwrap().clone();
    let (production, development) = (paths(Mode::Production), paths(Mode::Dev));
    let missing: Vec<_> = development
        .keys()
        .filter(|path| !production.contains_key(*path))
        .collect();
    assert_eq!(missing, ["/api/dev/chats/{id}", "/api/dev/join"]);
}

#[test]
fn every_operation_says_what_it_does_and_who_may_ask() {
    for (path, item) in openapi(Mode::Dev)["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let which = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{which}");
            assert!(operation["summary"].is_string(), "{which}");
            let is_open = operation["security"].is_null();
            let refuses = operation["responses"]["401"].is_object();
            assert_eq!(is_open, !refuses, "{which}");
        }
    }
}

#[test]
fn the_committed_page_of_settings_is_that_of_the_flags() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let made = reference(&CommandLine::command());
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the flags say: run `npm run types`",
        path.display()
    );
}
