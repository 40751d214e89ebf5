//! Variables that look like a setting and are none: a misspelt one would otherwise be silence.

use std::collections::BTreeSet;
use std::env;

use clap::Command;

use super::dotenv;

const PREFIX: &str = "RINGBACK_";
/// Read by the scripts of the repository and by the examples, not by the server.
const OF_OTHERS: &[&str] = &[
    "RINGBACK_CACHE",
    "RINGBACK_SERVER",
    "RINGBACK_TEST_LOG",
    "RINGBACK_URL",
];
/// As many letters may be wrong, left out or exchanged.
const MISSPELT: usize = 2;
/// A shorter name is too near to too much.
const SHORTEST: usize = 6;

/// Returns a warning for each variable that looks like a setting and is none.
#[must_use]
pub fn unknown_keys(command: &Command) -> Vec<String> {
    let known: Vec<String> = command
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned))
        .collect();
    let of_environment = env::vars_os().filter_map(|(key, _)| key.into_string().ok());
    let keys: BTreeSet<String> = of_environment.chain(dotenv::keys()).collect();
    keys.iter().filter_map(|key| warning(key, &known)).collect()
}

fn warning(key: &str, known: &[String]) -> Option<String> {
    if known.iter().any(|known| known == key) || OF_OTHERS.contains(&key) {
        return None;
    }
    let near = nearest(key, known);
    match near {
        Some(near) => Some(format!(
            "{key} is no setting and has no effect: did you mean {near}?"
        )),
        None if key.starts_with(PREFIX) => Some(format!(
            "{key} is no setting and has no effect: `ringback-server config --reference` lists them all"
        )),
        None => None,
    }
}

fn nearest<'a>(key: &str, known: &'a [String]) -> Option<&'a String> {
    if key.len() < SHORTEST {
        return None;
    }
    let distances = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(key, known), known));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= MISSPELT).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(key: &str) -> Option<String> {
        let known = ["TURN_SERVER", "RINGBACK_LISTEN", "STUN_SERVER"];
        warning(key, &known.map(str::to_owned))
    }

    #[test]
    fn a_misspelt_setting_is_warned_of_with_what_was_meant() {
        let said = warned("TURN_SERVRE").unwrap();
        assert!(said.contains("did you mean TURN_SERVER?"), "{said}");
        assert!(
            warned("RINGBACK_LISTN")
                .unwrap()
                .contains("RINGBACK_LISTEN")
        );
    }

    #[test]
    fn an_unknown_key_with_our_prefix_is_warned_of() {
        assert!(warned("RINGBACK_COLOUR_OF_THE_SHED").is_some());
    }

    #[test]
    fn settings_and_what_belongs_to_others_are_left_alone() {
        for key in [
            "TURN_SERVER",
            "PATH",
            "HOME",
            "RINGBACK_URL",
            "SERVER_PORT",
            "STUN",
        ] {
            assert_eq!(warned(key), None, "{key}");
        }
    }
}
