//! `ringback-server token`: signs a token, for tests and for the operator's page.

use clap::{Args, ValueEnum};
use ringback_protocol::UserId;

use super::CommandError;
use crate::auth::User;
use crate::config::{self, ConfigError, Flags};

/// Whose token, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The user id; a service token needs none
    #[arg(long, value_name = "USER", value_parser = user)]
    pub sub: Option<UserId>,
    /// The display name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What the token is for
    #[arg(long, default_value = "user")]
    pub role: Role,
    /// How long it is good for, as 90s, 15m, 12h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration_s)]
    pub ttl: u64,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A person's.
    User,
    /// The host application's backend's, or the operator's.
    Service,
}

/// Prints a token.
pub(super) fn run(arguments: &Arguments, flags: &Flags) -> Result<(), CommandError> {
    let auth = config::auth(flags)?;
    let token = match (arguments.role, &arguments.sub) {
        (Role::User, Some(id)) => {
            let user = User {
                id: id.clone(),
                name: arguments.name.clone(),
                picture: None,
            };
            auth.sign(&user, arguments.ttl)?
        }
        (Role::User, None) => return Err(nobody().into()),
        (Role::Service, _) => auth.sign_service(arguments.ttl)?,
    };
    println!("{token}");
    Ok(())
}

fn nobody() -> ConfigError {
    ConfigError::new(
        "--sub",
        "it is not given, and a person's token needs a user id",
        "Give --sub USER, or --role service for a token of the backend.",
    )
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|error| error.to_string())
}

fn duration_s(text: &str) -> Result<u64, String> {
    let wrong = || "write a number and s, m, h or d, as 90s or 7d".to_owned();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        assert_eq!(duration_s("90s"), Ok(90));
        assert_eq!(duration_s("15m"), Ok(900));
        assert_eq!(duration_s("7d"), Ok(604_800));
        for bad in ["", "s", "5", "0s", "1.5h", "5 m", "-1h", "1w", "ü"] {
            assert!(duration_s(bad).is_err(), "{bad}");
        }
    }
}
