//! What peer connections are made with: STUN and TURN servers, media, timeouts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use ringback_protocol::{
    ConfigAck, FEATURES, IceServer, IceUrls, Identity, MediaConstraints, MediaDefaults,
    PROTOCOL_VERSION, ProtocolInfo, QualityThresholds, RtcConfiguration, Timeouts,
};
use sha1::Sha1;

use crate::calls::ports::Actor;

/// How long minted TURN credentials are good for: longer than calls last.
const TURN_CREDENTIALS_LAST: Duration = Duration::from_secs(12 * 3600);

/// The servers that an operator named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IceServers {
    /// `stun:` addresses.
    pub stun: Vec<String>,
    /// The TURN server, if there is one.
    pub turn: Option<Turn>,
}

/// A TURN server.
#[derive(Clone, PartialEq, Eq)]
pub struct Turn {
    /// `turn:` and `turns:` addresses.
    pub urls: Vec<String>,
    /// How clients sign in to it.
    pub access: TurnAccess,
}

/// How clients sign in to a TURN server.
#[derive(Clone, PartialEq, Eq)]
pub enum TurnAccess {
    /// All with the same name and password.
    Shared {
        /// `TURN_USERNAME`
        username: String,
        /// `TURN_CREDENTIAL`
        credential: String,
    },
    /// Each with credentials of their own for a short time, signed with `TURN_SECRET`.
    Minted {
        /// The `static-auth-secret` of coturn.
        secret: String,
    },
}

/// Answers `webrtc:config:get`.
#[derive(Debug, Clone)]
pub struct IceConfig {
    servers: IceServers,
    timeouts: Timeouts,
}

impl IceConfig {
    /// Makes the configuration that clients are told.
    #[must_use]
    pub const fn new(servers: IceServers, timeouts: Timeouts) -> Self {
        Self { servers, timeouts }
    }

    /// Returns the body of the ack of `webrtc:config:get` for one device.
    #[must_use]
    pub fn ack(&self, actor: &Actor) -> ConfigAck {
        ConfigAck {
            config: self.configuration(SystemTime::now()),
            media: Some(media()),
            quality: Some(QualityThresholds {
                excellent_mos: 4.0,
                good_mos: 3.5,
            }),
            timeouts: Some(self.timeouts.clone()),
            protocol: Some(ProtocolInfo {
                version: PROTOCOL_VERSION,
                features: FEATURES.iter().map(|&name| name.to_owned()).collect(),
            }),
            you: Some(Identity {
                user_id: actor.user.clone(),
                device_id: actor.device.clone(),
            }),
        }
    }

    fn configuration(&self, now: SystemTime) -> RtcConfiguration {
        let stun = (!self.servers.stun.is_empty()).then(|| IceServer {
            urls: urls(&self.servers.stun),
            username: None,
            credential: None,
        });
        let turn = self.servers.turn.as_ref().map(|turn| turn.server(now));
        RtcConfiguration {
            ice_servers: stun.into_iter().chain(turn).collect(),
            ice_transport_policy: None,
            bundle_policy: Some("max-bundle".to_owned()),
            // With a pool, Chromium (156 still) leaves about one connection in 300 without
            // any candidate of its own. Offers are made early, so that gathering is early anyway.
            ice_candidate_pool_size: None,
        }
    }
}

impl Turn {
    fn server(&self, now: SystemTime) -> IceServer {
        let (username, credential) = match &self.access {
            TurnAccess::Shared {
                username,
                credential,
            } => (username.clone(), credential.clone()),
            TurnAccess::Minted { secret } => mint(secret, now, &opaque_id()),
        };
        IceServer {
            urls: urls(&self.urls),
            username: Some(username),
            credential: Some(credential),
        }
    }
}

/// Mints credentials as coturn's REST form wants them (`use-auth-secret`).
fn mint(secret: &str, now: SystemTime, id: &str) -> (String, String) {
    let expiry = now + TURN_CREDENTIALS_LAST;
    let expiry_s = expiry
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let username = format!("{expiry_s}:{id}");
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(username.as_bytes());
    let credential = STANDARD.encode(mac.finalize().into_bytes());
    (username, credential)
}

/// An id that tells the TURN server's operator nothing about the person.
fn opaque_id() -> String {
    let mut bytes = [0; 9];
    // Without randomness the credentials still work; they are only told apart less well.
    let _ = getrandom::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn urls(urls: &[String]) -> IceUrls {
    match urls {
        [one] => IceUrls::One(one.clone()),
        many => IceUrls::Many(many.to_vec()),
    }
}

fn media() -> MediaDefaults {
    let voice = MediaConstraints {
        echo_cancellation: true,
        noise_suppression: true,
        auto_gain_control: true,
        width: None,
        height: None,
        frame_rate: None,
    };
    let video = MediaConstraints {
        width: Some(1280),
        height: Some(720),
        frame_rate: Some(30),
        ..voice.clone()
    };
    MediaDefaults { voice, video }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(servers: IceServers) -> IceConfig {
        let timeouts = Timeouts {
            ring_timeout_ms: 45_000,
            reconnect_grace_ms: 30_000,
        };
        IceConfig::new(servers, timeouts)
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn nothing_points_anywhere_unless_the_operator_says_so() {
        let configuration = config(IceServers::default()).configuration(at(0));
        assert_eq!(configuration.ice_servers, []);
        assert_eq!(configuration.bundle_policy.as_deref(), Some("max-bundle"));
    }

    #[test]
    fn shared_turn_credentials_pass_as_they_are() {
        let servers = IceServers {
            stun: vec!["stun:a".into(), "stun:b".into()],
            turn: Some(Turn {
                urls: vec!["turn:t:3478".into()],
                access: TurnAccess::Shared {
                    username: "u".into(),
                    credential: "c".into(),
                },
            }),
        };
        let json = serde_json::to_value(config(servers).configuration(at(0))).unwrap();
        assert_eq!(
            json["iceServers"],
            serde_json::json!([
                {"urls": ["stun:a", "stun:b"]},
                {"urls": "turn:t:3478", "username": "u", "credential": "c"},
            ])
        );
    }

    #[test]
    fn minted_credentials_are_what_coturn_computes() {
        // echo -n 43200:id | openssl dgst -sha1 -hmac north -binary | base64
        let (username, credential) = mint("north", at(0), "id");
        assert_eq!(username, "43200:id");
        assert_eq!(credential, "UdRlT4mfypSlkj7qGE/7wMup4ZA=");
    }

    #[test]
    fn minted_credentials_differ_each_time_and_hide_who_asked() {
        let turn = Turn {
            urls: vec!["turn:t".into()],
            access: TurnAccess::Minted {
                secret: "north".into(),
            },
        };
        let (one, other) = (turn.server(at(0)), turn.server(at(0)));
        assert_ne!(one.username, other.username);
        assert_ne!(one.credential, other.credential);
    }
}
