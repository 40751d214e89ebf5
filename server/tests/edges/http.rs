use std::fs;

use tempfile::TempDir;

use crate::support::{TestServer, token};

#[tokio::test]
async fn the_server_runs_on_the_port_that_it_was_given_until_it_is_told_to_stop() {
    let server = TestServer::start(&[]).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn every_failure_under_api_has_a_code_and_a_text() {
    let server = TestServer::start(&[]).await;
    let user = format!("\nAuthorization: Bearer {}", token("ann", 60));
    let table = [
        ("GET /api/calls".to_owned(), 401, "UNAUTHENTICATED"),
        (
            "GET /api/calls\nAuthorization: Basic YTpi".to_owned(),
            401,
            "UNAUTHENTICATED",
        ),
        (
            format!("GET /api/calls\nAuthorization: Bearer {}", token("ann", 0)),
            401,
            "TOKEN_EXPIRED",
        ),
        (
            format!("GET /api/calls?limit=x{user}"),
            400,
            "INVALID_PAYLOAD",
        ),
        (format!("GET /api/calls/none{user}"), 404, "CALL_NOT_FOUND"),
        (format!("GET /api/chats/c{user}"), 403, "FORBIDDEN"),
        (format!("POST /api/calls{user}"), 405, "METHOD_NOT_ALLOWED"),
        (format!("GET /api/none{user}"), 404, "NOT_FOUND"),
        ("POST /api/dev/join".to_owned(), 404, "NOT_FOUND"),
    ];
    for (head, status, code) in table {
        let answer = server.request(&head, "").await;
        assert_eq!(answer.status, status, "{head}");
        let body = answer.json();
        assert_eq!(
            (&body["success"], &body["code"]),
            (&false.into(), &code.into()),
            "{head}"
        );
        assert!(
            body["error"].as_str().is_some_and(|text| !text.is_empty()),
            "{head}"
        );
        assert!(answer.head.contains("cache-control: no-store"), "{head}");
    }
    server.stop().await;
}

#[tokio::test]
async fn development_hands_out_tokens_and_says_who_is_there() {
    let server = TestServer::start(&["--dev"]).await;
    let join = r#"{"chatId":"c","userId":"ann","name":"Ann"}"#;
    let typed = server
        .request("POST /api/dev/join\nContent-Type: application/json", join)
        .await;
    assert_eq!(typed.status, 200, "{}", typed.body);
    let token = typed.json()["token"].as_str().unwrap().to_owned();
    let members = server
        .request(
            &format!("GET /api/dev/chats/c\nAuthorization: Bearer {token}"),
            "",
        )
        .await;
    assert_eq!(
        members.json()["data"]["participants"],
        serde_json::json!([{"id": "ann", "name": "Ann", "avatar": null, "online": false}])
    );
    // A form of another page cannot send JSON without asking first.
    let untyped = server
        .request("POST /api/dev/join\nContent-Type: text/plain", join)
        .await;
    assert_eq!(untyped.status, 400);
    server.stop().await;
}

#[tokio::test]
async fn a_development_server_answers_pages_of_this_machine_alone() {
    let server = TestServer::start(&["--dev"]).await;
    let allowed = "access-control-allow-origin: http://localhost:5173";
    let near = server
        .request("GET /healthz\nOrigin: http://localhost:5173", "")
        .await;
    assert!(near.head.contains(allowed), "{}", near.head);
    let far = server
        .request("GET /healthz\nOrigin: https://evil.example", "")
        .await;
    assert!(
        !far.head.contains("access-control-allow-origin"),
        "{}",
        far.head
    );
    server.stop().await;
}

#[tokio::test]
async fn files_come_with_their_type_and_a_policy_and_are_revalidated() {
    let folder = TempDir::new().unwrap();
    let (www, package) = (folder.path().join("www"), folder.path().join("dist"));
    for (dir, name, text) in [
        (&www, "index.html", "<!doctype html>"),
        (&package, "index.js", "export {};"),
        (&package, "ringback_bg.wasm", "\0asm"),
    ] {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join(name), text).unwrap();
    }
    let (www, package) = (www.display().to_string(), package.display().to_string());
    let server = TestServer::start_in(folder, &["--www", &www, "--package", &package]).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/ringback/index.js", "text/javascript"),
        ("/ringback/ringback_bg.wasm", "application/wasm"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        for header in [
            &format!("content-type: {kind}"),
            "content-security-policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
            "x-content-type-options: nosniff",
            "cache-control: no-cache",
            "last-modified: ",
        ] {
            assert!(
                answer.head.contains(header),
                "{path}: {header} in {}",
                answer.head
            );
        }
    }
    assert_eq!(server.get("/none.html").await.status, 404);
    assert_eq!(server.get("/ringback/..%2f..%2fcalls.db").await.status, 404);
    assert!(server.folder.path().join("calls.db").exists());
    server.stop().await;
}
