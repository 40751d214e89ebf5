//! What peer connections are made with: STUN and TURN servers, media, timeouts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use ringback_protocol::{
    ConfigAck, FEATURES, IceServer, IceUrls, Identity, MediaConstraints, MediaDefaults,
    PROTOCOL_VERSION, ProtocolInfo, QualityThresholds, RtcConfiguration, Timeouts, UserId,
};
use sha1::Sha1;

use crate::calls::ports::Actor;

/// Into how many parts the time of minted credentials is cut; in each, a person has one name.
const PARTS: u64 = 4;

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
        /// For how long they are good at least.
        lasts: Duration,
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
        let now = SystemTime::now();
        ConfigAck {
            config: self.configuration(now, &actor.user),
            ttl: self.servers.turn.as_ref().and_then(|turn| turn.ttl_s(now)),
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

    fn configuration(&self, now: SystemTime, user: &UserId) -> RtcConfiguration {
        let stun = (!self.servers.stun.is_empty()).then(|| IceServer {
            urls: urls(&self.servers.stun),
            username: None,
            credential: None,
        });
        let turn = self
            .servers
            .turn
            .as_ref()
            .map(|turn| turn.server(now, user));
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
    /// Returns the server with the credentials of one person.
    #[must_use]
    pub fn server(&self, now: SystemTime, user: &UserId) -> IceServer {
        let (username, credential) = match &self.access {
            TurnAccess::Shared {
                username,
                credential,
            } => (username.clone(), credential.clone()),
            TurnAccess::Minted { secret, lasts } => mint(secret, expiry_s(now, *lasts), user),
        };
        IceServer {
            urls: urls(&self.urls),
            username: Some(username),
            credential: Some(credential),
        }
    }

    /// Returns for how many seconds credentials are good from now on; none when they do not expire.
    fn ttl_s(&self, now: SystemTime) -> Option<u64> {
        match &self.access {
            TurnAccess::Shared { .. } => None,
            TurnAccess::Minted { lasts, .. } => {
                Some(expiry_s(now, *lasts).saturating_sub(seconds(now)))
            }
        }
    }
}

/// Mints credentials as coturn's REST form wants them (`use-auth-secret`).
///
/// Whoever asks again gets the same ones for a while: so nobody collects names, each of which may
/// have as many relays as the quota of the TURN server allows one person.
fn mint(secret: &str, expiry_s: u64, user: &UserId) -> (String, String) {
    let id = sign(secret, &format!("ringback:{expiry_s}:{user}"));
    // Tells the TURN server's operator nothing about the person.
    let username = format!("{expiry_s}:{}", URL_SAFE_NO_PAD.encode(&id[..9]));
    let credential = password(secret, &username);
    (username, credential)
}

/// Returns the password of a minted name.
#[must_use]
pub fn password(secret: &str, username: &str) -> String {
    STANDARD.encode(sign(secret, username))
}

fn sign(secret: &str, text: &str) -> Vec<u8> {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Returns when credentials expire that are minted now: the same for everyone in one part of their time.
fn expiry_s(now: SystemTime, lasts: Duration) -> u64 {
    let part = (lasts.as_secs() / PARTS).max(1);
    (seconds(now) / part + 1) * part + lasts.as_secs()
}

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
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
        let configuration =
            config(IceServers::default()).configuration(at(0), &UserId::new("ann").unwrap());
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
        let json = serde_json::to_value(
            config(servers).configuration(at(0), &UserId::new("ann").unwrap()),
        )
        .unwrap();
        assert_eq!(
            json["iceServers"],
            serde_json::json!([
                {"urls": ["stun:a", "stun:b"]},
                {"urls": "turn:t:3478", "username": "u", "credential": "c"},
            ])
        );
    }

    fn minting() -> Turn {
        Turn {
            urls: vec!["turn:t".into()],
            access: TurnAccess::Minted {
                secret: "north".into(),
                lasts: Duration::from_secs(3600),
            },
        }
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn minted_passwords_are_what_coturn_computes() {
        // echo -n 43200:id | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(
            password("north", "43200:id"),
            "UdRlT4mfypSlkj7qGE/7wMup4ZA="
        );
    }

    #[test]
    fn whoever_asks_again_gets_the_same_credentials_for_a_quarter_of_their_time() {
        let (turn, ann) = (minting(), user("ann"));
        let first = turn.server(at(0), &ann);
        assert_eq!(turn.server(at(899), &ann), first);
        let later = turn.server(at(900), &ann);
        assert_ne!(later.username, first.username);
        assert_eq!(turn.ttl_s(at(0)), Some(4_500));
        assert_eq!(turn.ttl_s(at(899)), Some(3_601));
        assert_eq!(turn.ttl_s(at(900)), Some(4_500));
        assert!(first.username.unwrap().starts_with("4500:"));
    }

    #[test]
    fn minted_credentials_are_ones_own_and_hide_who_asked() {
        let (ann, bob) = (user("ann"), user("bob"));
        let (one, other) = (minting().server(at(0), &ann), minting().server(at(0), &bob));
        assert_ne!(one.username, other.username);
        assert_ne!(one.credential, other.credential);
        assert!(!one.username.unwrap().contains("ann"));
    }
}
