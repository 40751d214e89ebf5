use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{TestServer, token};

/// How long a test waits for a packet that has to come.
const DEADLINE: Duration = Duration::from_secs(30);

/// A Socket.IO client over the polling transport.
struct Client<'a> {
    server: &'a TestServer,
    path: String,
    unread: Vec<String>,
}

impl<'a> Client<'a> {
    async fn open(server: &'a TestServer) -> Self {
        let path = "/socket.io/?EIO=4&transport=polling";
        let open = server.get(path).await;
        let open: Value = serde_json::from_str(open.body.strip_prefix('0').unwrap()).unwrap();
        Self {
            server,
            path: format!("{path}&sid={}", open["sid"].as_str().unwrap()),
            unread: Vec::new(),
        }
    }

    async fn signed_in(server: &'a TestServer, user: &str, device: &str) -> Self {
        let mut client = Self::open(server).await;
        let auth = json!({"token": token(user, 60), "deviceId": device});
        client.send(&[format!("0{auth}")]).await;
        client.next("0{").await;
        client
    }

    /// Sends Socket.IO packets in one request.
    async fn send(&self, packets: &[String]) {
        let packets: Vec<_> = packets.iter().map(|packet| format!("4{packet}")).collect();
        let answer = self
            .server
            .request(&format!("POST {}", self.path), &packets.join("\u{1e}"))
            .await;
        assert_eq!(answer.body, "ok");
    }

    /// Returns the next Socket.IO packet that starts so; others are kept.
    async fn next(&mut self, prefix: &str) -> String {
        let found = tokio::time::timeout(DEADLINE, self.find(prefix)).await;
        found.unwrap_or_else(|_| panic!("waited too long for {prefix}"))
    }

    async fn find(&mut self, prefix: &str) -> String {
        loop {
            let at = self
                .unread
                .iter()
                .position(|packet| packet.starts_with(prefix));
            if let Some(at) = at {
                return self.unread.remove(at);
            }
            self.poll().await;
        }
    }

    async fn poll(&mut self) {
        let answer = self.server.get(&self.path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        for packet in answer.body.split('\u{1e}') {
            match packet.split_at_checked(1) {
                Some(("2", _)) => {
                    let pong = self
                        .server
                        .request(&format!("POST {}", self.path), "3")
                        .await;
                    assert_eq!(pong.body, "ok");
                }
                Some(("4", message)) => self.unread.push(message.to_owned()),
                other => panic!("unexpected packet {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_carries_a_text_and_a_code() {
    let server = TestServer::start(&[]).await;
    for (auth, code, retryable) in [
        (String::new(), "UNAUTHENTICATED", false),
        (
            json!({"token": token("ann", 0)}).to_string(),
            "TOKEN_EXPIRED",
            true,
        ),
        (
            json!({"token": "nonsense"}).to_string(),
            "UNAUTHENTICATED",
            false,
        ),
        (
            json!({"token": token("ann", 60), "deviceId": "x".repeat(65)}).to_string(),
            "INVALID_PAYLOAD",
            false,
        ),
    ] {
        let mut client = Client::open(&server).await;
        client.send(&[format!("0{auth}")]).await;
        let refusal = client.next("4{").await;
        let refusal: Value = serde_json::from_str(&refusal[1..]).unwrap();
        assert_eq!(refusal["data"]["code"], code);
        assert_eq!(refusal["data"]["retryable"], retryable);
        assert_eq!(refusal["data"]["error"], refusal["message"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refused_socket_may_try_again_with_a_better_token() {
    let server = TestServer::start(&[]).await;
    let mut client = Client::open(&server).await;
    client
        .send(&[format!("0{}", json!({"token": token("ann", 0)}))])
        .await;
    client.next("4{").await;
    client
        .send(&[format!("0{}", json!({"token": token("ann", 60)}))])
        .await;
    client.next("0{").await;
    server.stop().await;
}

#[tokio::test]
async fn the_events_of_a_socket_are_answered_in_order_whether_they_wait_or_not() {
    let server = TestServer::start(&[]).await;
    let mut client = Client::signed_in(&server, "ann", "tab").await;
    let packets: Vec<_> = (0..120)
        .map(|n| match n % 3 {
            0 => format!(r#"2{n}["call:sync"]"#),
            1 => format!(r#"2{n}["webrtc:config:get"]"#),
            _ => format!(r#"2{n}["call:resume",{{"sessionId":"none"}}]"#),
        })
        .collect();
    client.send(&packets).await;
    let mut seen = Vec::new();
    while seen.len() < 120 {
        let ack = client.next("3").await;
        seen.push(ack[1..].split('[').next().unwrap().parse::<u32>().unwrap());
    }
    assert_eq!(seen, (0..120).collect::<Vec<_>>());
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_answered_with_or_without_an_ack() {
    let server = TestServer::start(&[]).await;
    let mut client = Client::signed_in(&server, "ann", "tab").await;
    let long = "x".repeat(130 * 1024);
    for (body, event, code) in [
        (
            r#"["call:dance",{}]"#.to_owned(),
            "call:dance",
            "UNKNOWN_EVENT",
        ),
        (
            r#"["call:accept",{}]"#.to_owned(),
            "call:accept",
            "INVALID_PAYLOAD",
        ),
        (
            format!(r#"["call:end","{long}"]"#),
            "call:end",
            "PAYLOAD_TOO_LARGE",
        ),
        (
            r#"["call:end",{"sessionId":"none"}]"#.to_owned(),
            "call:end",
            "CALL_NOT_FOUND",
        ),
    ] {
        client
            .send(&[format!("27{body}"), format!("2{body}")])
            .await;
        let ack = client.next("37[").await;
        let ack: Value = serde_json::from_str(&ack[2..]).unwrap();
        assert_eq!(
            (&ack[0]["success"], &ack[0]["code"]),
            (&false.into(), &code.into())
        );
        let error = client.next("2[").await;
        let error: Value = serde_json::from_str(&error[1..]).unwrap();
        assert_eq!(error[0], "call:error");
        assert_eq!(
            (&error[1]["event"], &error[1]["code"]),
            (&event.into(), &code.into())
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn binary_attachments_are_refused_and_the_socket_stays() {
    let server = TestServer::start(&[]).await;
    let mut client = Client::signed_in(&server, "ann", "tab").await;
    client
        .send(&[r#"51-8["call:end",{"_placeholder":true,"num":0}]"#.to_owned()])
        .await;
    let refused = server
        .request(&format!("POST {}", client.path), "bAAAA")
        .await;
    assert_eq!(refused.body, "ok");
    assert!(client.next("38[").await.contains("INVALID_PAYLOAD"));
    client.send(&[r#"29["call:sync"]"#.to_owned()]).await;
    assert!(client.next("39[").await.contains(r#""success":true"#));
    server.stop().await;
}

#[tokio::test]
async fn who_the_server_takes_a_socket_to_be_is_in_its_configuration() {
    let server = TestServer::start(&["--ring-timeout-ms", "1234"]).await;
    let mut client = Client::signed_in(&server, "ann", "tab").await;
    client
        .send(&[r#"21["webrtc:config:get"]"#.to_owned()])
        .await;
    let ack = client.next("31[").await;
    let ack: Value = serde_json::from_str(&ack[2..]).unwrap();
    assert_eq!(ack[0]["you"], json!({"userId": "ann", "deviceId": "tab"}));
    assert_eq!(ack[0]["timeouts"]["ringTimeoutMs"], 1234);
    assert_eq!(ack[0]["config"]["iceServers"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_calls_nobody_any_more() {
    let server = TestServer::start(&[]).await;
    let mut client = Client::signed_in(&server, "ann", "tab").await;
    server.begin_to_stop();
    let notice = client.next(r#"2["server:draining""#).await;
    assert!(notice.contains("retryAfterMs"), "{notice}");
    let call = r#"25["call:initiate",{"chatId":"c","callType":"voice"}]"#;
    client.send(&[call.to_owned()]).await;
    assert!(client.next("35[").await.contains("DRAINING"));
    drop(client);
    server.stop().await;
}
