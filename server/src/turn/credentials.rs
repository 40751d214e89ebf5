//! The names and passwords that this server mints (`ice`), as its own relay takes them.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use turn::auth::{AuthHandler, generate_auth_key};

use crate::ice::password;

/// Takes minted names, by the secret, also those that have expired: a relay outlives the name that
/// it was made with, as with coturn. That none is made with such a name is the gate's part.
pub(super) struct Minted(pub(super) String);

impl AuthHandler for Minted {
    fn auth_handle(
        &self,
        username: &str,
        realm: &str,
        _from: SocketAddr,
    ) -> Result<Vec<u8>, turn::Error> {
        let password = password(&self.0, username);
        Ok(generate_auth_key(username, realm, &password))
    }
}

/// Tells whether a name is good for a new relay no more, or never was.
pub(super) fn has_expired(username: &str, now: SystemTime) -> bool {
    let expiry_s = username.split(':').next().map(str::parse::<u64>);
    // In seconds: not every number that somebody sends is a time.
    let now_s = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    !matches!(expiry_s, Some(Ok(expiry_s)) if expiry_s >= now_s)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_name_expires_at_the_second_that_it_begins_with() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(!has_expired("1000:somebody", at(999)));
        assert!(!has_expired("1000:somebody", at(1_000)));
        assert!(has_expired("1000:somebody", at(1_001)));
    }

    #[test]
    fn a_name_without_a_time_is_not_good_and_one_of_the_far_future_harms_nobody() {
        for name in ["", ":", "somebody", "-1:somebody", "18446744073709551616:x"] {
            assert!(has_expired(name, SystemTime::now()), "{name}");
        }
        assert!(!has_expired("18446744073709551615:x", SystemTime::now()));
    }
}
