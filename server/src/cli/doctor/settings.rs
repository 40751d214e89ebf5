//! What can be seen from the settings alone: development mode, keys, origins.

use std::collections::BTreeSet;

use crate::admission::Origins;
use crate::config::{Config, Mode, Secret};
use crate::ice::{Turn, TurnAccess};

use super::findings::Finding;

/// A random key of 32 bytes, however it is written, has more different characters than this.
const FEW_CHARACTERS: usize = 12;
/// What coturn's documentation and other people's examples use.
const WELL_KNOWN: &[&str] = &["secret", "password", "change", "example", "north", "test"];
/// A shorter TURN secret can be found by trying, from one set of minted credentials.
const SHORTEST_TURN_SECRET: usize = 24;

/// Looks at the settings.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![mode(config), keys(config), origins(config)];
    findings.extend(config.ice.turn.as_ref().and_then(turn_secret));
    findings
}

fn mode(config: &Config) -> Finding {
    match config.mode {
        Mode::Dev => Finding::fail(
            "development mode",
            "everyone who reaches this server gets a token for any name",
            "Leave --dev (RINGBACK_DEV) out and set JWT_SECRET, unless this is a developer's machine.",
        ),
        Mode::Production => Finding::ok("development mode", "it is off"),
    }
}

fn keys(config: &Config) -> Finding {
    let weak = config
        .secrets
        .iter()
        .map(Secret::as_bytes)
        .any(is_guessable);
    if weak {
        return Finding::fail(
            "keys of tokens",
            "JWT_SECRET, or the one before it, looks like a text and not like a random key",
            "Make one with `openssl rand -base64 48`; JWT_SECRET_PREVIOUS lets you change over.",
        );
    }
    let (secrets, public) = (config.secrets.len(), config.public_keys.len());
    if secrets + public == 0 {
        return Finding::ok("keys of tokens", "those of JWKS_URL alone");
    }
    Finding::ok(
        "keys of tokens",
        format!("{secrets} secret and {public} public keys, none of which looks weak"),
    )
}

/// Tells whether a key is made of words, or of few characters.
fn is_guessable(key: &[u8]) -> bool {
    let characters: BTreeSet<_> = key.iter().collect();
    let text = String::from_utf8_lossy(key).to_lowercase();
    characters.len() <= FEW_CHARACTERS || WELL_KNOWN.iter().any(|word| text.contains(word))
}

fn turn_secret(turn: &Turn) -> Option<Finding> {
    let check = "secret of TURN";
    match &turn.access {
        TurnAccess::Minted { secret, .. }
            if secret.len() < SHORTEST_TURN_SECRET || is_guessable(secret.as_bytes()) =>
        {
            Some(Finding::fail(
                check,
                "it can be guessed, and whoever has it uses your relay",
                "Make one with `openssl rand -hex 32`, for TURN_SECRET and coturn's static-auth-secret.",
            ))
        }
        TurnAccess::Minted { .. } => Some(Finding::ok(check, "it does not look weak")),
        TurnAccess::Shared { .. } => Some(Finding::warn(
            check,
            "everyone is given the same name and password, which do not expire",
            "Set TURN_SECRET and coturn's use-auth-secret instead of TURN_USERNAME and TURN_CREDENTIAL.",
        )),
    }
}

fn origins(config: &Config) -> Finding {
    let check = "origins";
    match &config.admission.origins {
        Origins::Any => Finding::warn(
            check,
            "every web page may call, if it has a token",
            "Set CORS_ORIGINS to the origins of your application, as https://chat.example.com.",
        ),
        Origins::Local => Finding::ok(check, "pages of this machine alone"),
        Origins::Listed(listed) => match listed.iter().find(|origin| is_open(origin)) {
            Some(origin) => Finding::warn(
                check,
                format!("{origin} has no TLS: browsers give its pages no microphone"),
                "Serve your application over https.",
            ),
            None => Finding::ok(check, listed.join(", ")),
        },
    }
}

fn is_open(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return false;
    };
    let is_local = ["localhost", "127.0.0.1", "[::1]"];
    !is_local.iter().any(|local| host.starts_with(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_made_of_words_or_of_few_characters_are_guessable() {
        for key in [
            "this-is-my-secret-key-for-the-chat-app",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890123456789012345",
        ] {
            assert!(is_guessable(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn random_keys_are_not() {
        for key in [
            "Jm0Yv1kq9qPz5cXWn7bRr3dTt8uLh2sFg6aEo4iKxVw=",
            "3f9c1a77b2d04e58a6c1f0e9d8b7c6a5940213fe8d7c6b5a4938271605f4e3d2",
        ] {
            assert!(!is_guessable(key.as_bytes()), "{key}");
        }
    }
}
