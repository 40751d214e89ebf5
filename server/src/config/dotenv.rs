//! The files `.env.local` and `.env` of the current folder.

use std::path::Path;

use super::ConfigError;

/// In order of precedence; the real environment comes before both.
const FILES: &[&str] = &[".env.local", ".env"];

/// Reads the files into the environment, where nothing else set a variable.
///
/// Has to run before any thread starts.
///
/// # Errors
/// When a file exists and does not parse, or cannot be read.
pub fn load() -> Result<(), ConfigError> {
    FILES.iter().try_for_each(|file| load_one(file))
}

fn load_one(file: &'static str) -> Result<(), ConfigError> {
    if !Path::new(file).exists() {
        return Ok(());
    }
    // Not `from_filename`: that one searches the parent folders as well.
    dotenvy::from_path(file).map_err(|error| {
        // The text of the error repeats the line, which may hold a secret.
        let problem = match error {
            dotenvy::Error::LineParse(_, at) => format!("a line does not parse, near column {at}"),
            dotenvy::Error::Io(error) => format!("it cannot be read: {error}"),
            dotenvy::Error::EnvVar(_) | _ => "it cannot be taken in".to_owned(),
        };
        let remedy = "Write one KEY=value on each line, values with spaces in quotes.";
        ConfigError::new(file, problem, remedy)
    })
}

/// Returns the keys that the files name; what does not parse was refused before.
pub(super) fn keys() -> Vec<String> {
    let files = FILES
        .iter()
        .filter_map(|file| dotenvy::from_path_iter(file).ok());
    let pairs = files.flatten().filter_map(Result::ok);
    pairs.map(|(key, _)| key).collect()
}
