//! The settings for people to read: under headings in `--help`, and as a page.

use clap::{Arg, Command};

/// By what a variable begins with, the first that fits.
const HEADINGS: &[(&str, &[&str])] = &[
    ("Logs and traces", &["RINGBACK_LOG", "OTEL_"]),
    ("Pages", &["RINGBACK_WWW", "RINGBACK_PACKAGE"]),
    ("Server", &["RINGBACK_"]),
    (
        "Storage and nodes",
        &["DATABASE_", "REDIS_", "RETENTION_", "RETAIN_"],
    ),
    ("Tokens", &["JWT_", "JWKS_", "AUTH_", "TOKEN_"]),
    (
        "Who may connect",
        &[
            "CORS_",
            "MAX_SOCKETS_",
            "MAX_UNSIGNED_",
            "CALLS_PER_",
            "REQUESTS_PER_",
            "HANDSHAKE",
            "TRUSTED_",
            "FORWARDED_",
        ],
    ),
    ("Calls", &["RING_", "RECONNECT_", "MAX_", "CALL_WAITING"]),
    ("Your application", &["CALL_HOOK_", "WEBHOOK_"]),
    ("STUN and TURN", &["STUN_", "TURN_", "TURNS_"]),
];
const OTHER: &str = "Other";

const HEAD: &str = "\
<!-- Made from the code by `npm run types`: do not edit. -->

# Configuration

Every setting of `ringback-server`, as `ringback-server config --reference` prints it. A flag comes \
first, then the environment variable, then the same variable in `.env.local` and in `.env` of the \
folder that the server starts in. An empty variable counts as none. A flag that is not known is \
refused; a variable that looks like a misspelt one is warned of. `ringback-server config` checks \
the settings and shows them, without secrets, and starts nothing.
";

/// Puts every setting under its heading, in the order of the headings.
#[must_use]
pub fn with_headings(command: Command) -> Command {
    command.mut_args(|arg| match variable(&arg) {
        Some(variable) => {
            let heading = heading(&variable);
            arg.help_heading(heading)
        }
        None => arg,
    })
}

/// Returns the page of all settings, in Markdown.
#[must_use]
pub fn reference(command: &Command) -> String {
    let mut page = HEAD.to_owned();
    let headings = HEADINGS.iter().map(|(heading, _)| *heading);
    for title in in_reading_order(headings.chain([OTHER])) {
        let rows = command.get_arguments().filter_map(|arg| {
            let variable = variable(arg)?;
            (heading(&variable) == title).then(|| row(arg, &variable))
        });
        let rows: String = rows.collect();
        if !rows.is_empty() {
            page += &format!(
                "\n## {title}\n\n| flag | variable | value | default | |\n|---|---|---|---|---|\n{rows}"
            );
        }
    }
    page
}

/// The server comes first and its logs last, whatever order the prefixes are looked at in.
fn in_reading_order<'a>(headings: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut headings: Vec<_> = headings.collect();
    let rank = |heading: &str| match heading {
        "Server" => 0,
        "Logs and traces" => 2,
        OTHER => 3,
        _ => 1,
    };
    headings.sort_by_key(|heading| rank(heading));
    headings
}

fn heading(variable: &str) -> &'static str {
    let fits = |prefixes: &[&str]| prefixes.iter().any(|prefix| variable.starts_with(prefix));
    let found = HEADINGS.iter().find(|(_, prefixes)| fits(prefixes));
    found.map_or(OTHER, |(heading, _)| heading)
}

fn variable(arg: &Arg) -> Option<String> {
    arg.get_env()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
}

fn row(arg: &Arg, variable: &str) -> String {
    let flag = arg.get_long().unwrap_or_default();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (meaning, said) = match help.split_once(" [default: ") {
        Some((meaning, said)) => (
            meaning.to_owned(),
            Some(said.trim_end_matches(']').to_owned()),
        ),
        None => (help, None),
    };
    let default = said.or_else(|| {
        let values = arg.get_default_values().first()?;
        // A switch is off unless it is given.
        (values != "false").then(|| values.to_string_lossy().into_owned())
    });
    let default = default.map(|default| match default.split_once(", ") {
        Some((value, when)) => format!("`{value}`, {when}"),
        None => format!("`{default}`"),
    });
    format!(
        "| `--{flag}` | `{variable}` | {} | {} | {} |\n",
        value(arg),
        default.unwrap_or_default(),
        meaning.replace('|', "\\|")
    )
}

fn value(arg: &Arg) -> String {
    if !arg.get_action().takes_values() {
        return "switch: `true` or `false` in the variable".to_owned();
    }
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.first().map(ToString::to_string).unwrap_or_default();
    let known = match name.as_str() {
        "MS" => "milliseconds",
        "COUNT" => "a whole number",
        "HOST:PORT" => "host and port",
        "URL" => "an address",
        "SECRET" | "PASSWORD" => "a secret",
        "FOLDER" => "a folder",
        _ => "",
    };
    if known.is_empty() {
        format!("`{}`", name.replace('|', "` or `"))
    } else {
        known.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::Flags;

    #[test]
    fn every_setting_has_a_heading_of_its_own() {
        for arg in Flags::command().get_arguments() {
            if let Some(variable) = variable(arg) {
                assert_ne!(heading(&variable), OTHER, "{variable}: give it a heading");
            }
        }
    }

    #[test]
    fn every_setting_has_a_variable_and_says_what_it_means() {
        for arg in Flags::command().get_arguments() {
            assert!(arg.get_help().is_some(), "{}", arg.get_id());
            assert!(variable(arg).is_some(), "{}", arg.get_id());
        }
    }
}
