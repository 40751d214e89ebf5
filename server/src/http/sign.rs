//! Signing what is sent, in the form of Standard Webhooks 1.0 (standardwebhooks.com).

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::calls::Timestamp;
use crate::config::SigningSecret;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Signs messages so that the host application knows that they come from this server.
#[derive(Debug, Clone)]
pub struct Signer(Vec<SigningSecret>);

impl Signer {
    /// Makes a signer that signs with each secret: a receiver that knows one of them is content.
    #[must_use]
    pub const fn new(secrets: Vec<SigningSecret>) -> Self {
        Self(secrets)
    }

    /// Returns the headers that go with a message. The id is the same whenever it is sent again.
    ///
    /// None when the id cannot stand in a header.
    #[must_use]
    pub fn headers(&self, id: &str, now: Timestamp, body: &[u8]) -> Option<HeaderMap> {
        let seconds = now.as_ms() / 1_000;
        let signatures = self.0.iter().map(|secret| sign(secret, id, seconds, body));
        let signatures = signatures.collect::<Option<Vec<_>>>()?.join(" ");
        let mut headers = HeaderMap::new();
        headers.insert(ID, HeaderValue::from_str(id).ok()?);
        headers.insert(TIMESTAMP, HeaderValue::from(seconds));
        headers.insert(SIGNATURE, HeaderValue::from_str(&signatures).ok()?);
        Some(headers)
    }
}

fn sign(secret: &SigningSecret, id: &str, seconds: u64, body: &[u8]) -> Option<String> {
    // HMAC takes keys of every length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Some(format!("v1,{signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let headers = Signer::new(vec![secret]).headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp::from_ms(1_614_265_330_000),
            br#"{"test": 2432232314}"#,
        );
        let headers = headers.unwrap();
        assert_eq!(headers[&TIMESTAMP], "1614265330");
        assert_eq!(
            headers[&SIGNATURE],
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn each_secret_signs_while_they_are_changed_over() {
        let secrets = [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ];
        let secrets = secrets.map(|text| SigningSecret::parse(text).unwrap());
        let headers = Signer::new(secrets.into()).headers("id", Timestamp::from_ms(0), b"{}");
        let signatures = headers.unwrap()[&SIGNATURE].to_str().unwrap().to_owned();
        assert_eq!(signatures.split(' ').count(), 2);
    }
}
